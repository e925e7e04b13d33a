"""The fake's models, endpoint configurations and endpoints."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import attrs

from rlcore.testing.errors import invalid, model_failed, not_in_service
from rlcore.testing.pages import page

_DELETING = 5.0  # seconds
_OK = 200
_SORTED_BY = {
    "Name": "EndpointName",
    "Status": "EndpointStatus",
    "CreationTime": "CreationTime",
}

Answering = Callable[[bytes, Mapping[str, str]], "bytes | tuple[int, bytes]"]
"""Takes the body of a request and its headers; returns the body of the answer, or a status too."""


@attrs.define(kw_only=True)
class EndpointScript:
    """What an endpoint of the fake does.

    Attributes:
        creating: Seconds until it is in service.
        failure_reason: Why it fails instead.
    """

    creating: float = 120.0
    failure_reason: str | None = None


@attrs.define(kw_only=True)
class Made:
    """Something that was created."""

    request: dict[str, Any]
    arn: str
    created: float
    deleted: float | None = None


class Things:
    """What is made once, described and deleted, e.g. models.

    Args:
        kind: What they are, as the service words it.
        prefix: What the fields of their descriptions begin with.
        arn: Returns the ARN of a resource, for its kind and name.
        clock: The time.
        arn_kind: What their ARNs call them; their kind by default.
    """

    def __init__(
        self,
        kind: str,
        prefix: str,
        arn: Callable[[str, str], str],
        clock: Callable[[], float],
        arn_kind: str = "",
    ) -> None:
        """There is none yet."""
        self.made: dict[str, Made] = {}
        self._kind, self._prefix, self._arn_kind = kind, prefix, arn_kind or kind
        self._arn, self._clock = arn, clock

    def create(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """Answer the Create operation."""
        name = self._named(request)
        arn = self._arn(self._arn_kind, name)
        if name in self.made:
            msg = f'Cannot create already existing {self._kind} "{arn}".'
            raise invalid(msg)
        self.made[name] = Made(request=dict(request), arn=arn, created=self._clock())
        return {f"{self._prefix}Arn": arn}

    def describe(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """Answer the Describe operation."""
        made = self.find(self._named(request))
        fields = {name: value for name, value in made.request.items() if name != "Tags"}
        return {**fields, f"{self._prefix}Arn": made.arn, "CreationTime": made.created}

    def delete(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """Answer the Delete operation."""
        name = self._named(request)
        self.find(name)
        del self.made[name]
        return {}

    def find(self, name: str) -> Made:
        """Return what has a name; refuse one that nothing has."""
        if name not in self.made:
            msg = f'Could not find {self._kind} "{self._arn(self._arn_kind, name)}".'
            raise invalid(msg)
        return self.made[name]

    def _named(self, request: Mapping[str, Any]) -> str:
        return str(request[f"{self._prefix}Name"])


class Configurations(Things):
    """Endpoint configurations, whose models must be there.

    Args:
        models: The models.
        arn: Returns the ARN of a resource, for its kind and name.
        clock: The time.
    """

    def __init__(
        self, models: Things, arn: Callable[[str, str], str], clock: Callable[[], float]
    ) -> None:
        """There is none yet."""
        super().__init__("endpoint configuration", "EndpointConfig", arn, clock, "endpoint-config")
        self.models = models

    def create(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """Answer CreateEndpointConfig."""
        for variant in request["ProductionVariants"]:
            self.models.find(variant["ModelName"])
        return super().create(request)


class Endpoints(Things):
    """Endpoints: Creating, then InService or Failed, then Deleting for a while.

    Args:
        configurations: What they are made from.
        arn: Returns the ARN of a resource, for its kind and name.
        clock: The time.
        account: Number of the account.
    """

    def __init__(
        self,
        configurations: Configurations,
        arn: Callable[[str, str], str],
        clock: Callable[[], float],
        account: str,
    ) -> None:
        """There is none yet."""
        super().__init__("endpoint", "Endpoint", arn, clock)
        self.scripts: dict[str | None, EndpointScript] = {None: EndpointScript()}
        self.answers: dict[str, Answering] = {}
        self._configurations = configurations
        self._account = account

    def create(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """Answer CreateEndpoint."""
        self._configurations.find(request["EndpointConfigName"])
        self._forget_deleted()
        return super().create(request)

    def describe(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """Answer DescribeEndpoint."""
        made = self.find(request["EndpointName"])
        status, reason = self.status(request["EndpointName"])
        fields = super().describe(request)
        fields.pop("DeploymentConfig", None)
        return {
            **fields,
            "EndpointStatus": status,
            "LastModifiedTime": self._changed(made, request["EndpointName"], status),
            **({"FailureReason": reason} if status == "Failed" else {}),
        }

    def delete(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """Answer DeleteEndpoint; refuse one that is being created, as the service does."""
        made = self.find(request["EndpointName"])
        if self.status(request["EndpointName"])[0] == "Creating":
            msg = f'Cannot update in-progress endpoint "{made.arn}".'
            raise invalid(msg)
        if made.deleted is None:
            made.deleted = self._clock()
        return {}

    def find(self, name: str) -> Made:
        """Return the endpoint that has a name."""
        self._forget_deleted()
        return super().find(name)

    def list(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """Answer ListEndpoints, newest first unless it is asked for otherwise."""
        self._forget_deleted()
        names = ("EndpointName", "EndpointArn", "CreationTime", "LastModifiedTime")
        described = [self.describe({"EndpointName": name}) for name in self.made]
        found = [{name: each[name] for name in (*names, "EndpointStatus")} for each in described]
        contained, status = request.get("NameContains", ""), request.get("StatusEquals")
        found = [
            each
            for each in found
            if contained in each["EndpointName"] and status in {None, each["EndpointStatus"]}
        ]
        descending = request.get("SortOrder", "Descending") == "Descending"
        key = _SORTED_BY[request.get("SortBy", "CreationTime")]
        found.sort(key=lambda each: each[key], reverse=descending)
        return page("Endpoints", found, request)

    def invoke(self, name: str, body: bytes, headers: Mapping[str, str]) -> tuple[str, bytes]:
        """Answer InvokeEndpoint: content type and body."""
        if name not in self.made or self.status(name)[0] != "InService":
            raise not_in_service(name, self._account)
        found = self.answers.get(name, self.unanswered)(body, headers)
        status, content = found if isinstance(found, tuple) else (_OK, found)
        if status != _OK:
            raise model_failed(status, content, self._account)
        return headers.get("Accept") or "application/json", content

    def unanswered(self, body: bytes, headers: Mapping[str, str]) -> tuple[int, bytes]:
        """Answer for an endpoint that nothing was said about."""
        del body, headers
        return 503, b"Nothing serves this endpoint of the fake. Say what it answers: answer(...)."

    def close(self) -> None:
        """End what serves them; here nothing does."""

    def status(self, name: str) -> tuple[str, str]:
        """Return the status of an endpoint, and why it failed."""
        made = self.find(name)
        if made.deleted is not None:
            return "Deleting", ""
        return self.progress(name, made)

    def progress(self, name: str, made: Made) -> tuple[str, str]:
        """Return the status of an endpoint that nobody has deleted, and why it failed."""
        script = self._script(name)
        if self._clock() < made.created + script.creating:
            return "Creating", ""
        reason = script.failure_reason
        return ("Failed", reason) if reason else ("InService", "")

    def _changed(self, made: Made, name: str, status: str) -> float:
        if made.deleted is not None:
            return made.deleted
        creating = self._script(name).creating if status != "Creating" else 0.0
        return min(self._clock(), made.created + creating)

    def _script(self, name: str) -> EndpointScript:
        return self.scripts.get(name, self.scripts[None])

    def _forget_deleted(self) -> None:
        now = self._clock()
        for name, made in list(self.made.items()):
            if made.deleted is not None and now >= made.deleted + _DELETING:
                del self.made[name]
