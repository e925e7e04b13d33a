"""A hosting that keeps its endpoints in memory and lets the test decide what they answer."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

import attrs
from memory_platform import MemoryPlatform

from rlcore.endpoints import Answer, EndpointState, EndpointStatus
from rlcore.errors import EndpointExists, EndpointNotFound

if TYPE_CHECKING:
    from rlcore.endpoints import Deployment
    from rlcore.source import Bundle

Reply = Callable[["Request"], Answer]


@attrs.frozen(kw_only=True)
class Request:
    """What an endpoint was sent."""

    body: bytes
    content_type: str
    accept: str
    attributes: str

    def json(self) -> Any:
        """Return the body's value."""
        return json.loads(self.body)


def as_json(value: Any) -> Answer:
    """Return an answer in JSON."""
    return Answer(body=json.dumps(value).encode(), content_type="application/json")


class MemoryHosting:
    """Every endpoint goes through *stages* and then answers as *reply* says.

    Without *reply* it sends back the body that it was sent.
    """

    name = "memory"

    def __init__(
        self,
        reply: Reply | None = None,
        stages: Iterable[str] = (),
        policies: tuple[str, ...] = ("default",),
        failure: str | None = None,
    ) -> None:
        """Decide what every endpoint does before it is in service, and what it answers."""
        self.reply = reply or (lambda sent: Answer(body=sent.body, content_type=sent.content_type))
        self.policies = policies
        self.failure = failure
        self.deployed: dict[str, Deployment] = {}
        self.bundles: dict[str, Bundle | None] = {}
        self.requests: list[Request] = []
        self.deleted_models: list[str] = []
        self._stages = tuple(stages)
        self._looks: dict[str, int] = {}

    def deploy(self, deployment: Deployment, bundle: Bundle | None) -> str:
        """Remember the endpoint."""
        if deployment.name in self.deployed:
            msg = f"There is an endpoint {deployment.name!r}."
            raise EndpointExists(msg)
        self.deployed[deployment.name] = deployment
        self.bundles[deployment.name] = bundle
        self._looks[deployment.name] = 0
        return deployment.name

    def describe(self, name: str) -> EndpointStatus:
        """Return the endpoint, one stage further than the last time."""
        deployment = self._find(name)
        look = self._looks[name]
        self._looks[name] += 1
        creating = look < len(self._stages)
        ended = EndpointState.FAILED if self.failure else EndpointState.IN_SERVICE
        return EndpointStatus(
            name=name,
            state=EndpointState.CREATING if creating else ended,
            stage=self._stages[look] if creating else "",
            failure_reason=None if creating else self.failure,
            created_at=0.0,
            model_data=deployment.model.model_data,
            release=str(deployment.model.release),
            policies=() if creating else self.policies,
            requests=len(self.requests),
        )

    def endpoints(self) -> list[EndpointStatus]:
        """Return all of them, newest first."""
        return [self.describe(name) for name in reversed(self.deployed)]

    def invoke(
        self, name: str, body: bytes, *, content_type: str, accept: str, attributes: str = ""
    ) -> Answer:
        """Answer a request."""
        self._find(name)
        sent = Request(body=body, content_type=content_type, accept=accept, attributes=attributes)
        self.requests.append(sent)
        return self.reply(sent)

    def delete(self, name: str) -> None:
        """Forget the endpoint."""
        self._find(name)
        del self.deployed[name]

    def delete_model(self, name: str) -> None:
        """Remember that it was asked for."""
        self.deleted_models.append(name)

    def _find(self, name: str) -> Deployment:
        if name not in self.deployed:
            msg = f"There is no endpoint {name!r}."
            raise EndpointNotFound(msg)
        return self.deployed[name]


class HostingMemoryPlatform(MemoryPlatform):
    """A platform in memory that serves models, too."""

    def __init__(self, hosting: MemoryHosting | None = None, **kwargs: Any) -> None:
        """Serve by *hosting*."""
        super().__init__(**kwargs)
        self.hosting = hosting or MemoryHosting()
