"""The log streams of a job's hosts, read page by page, whatever fails in between.

Every host writes a stream of its own to CloudWatch Logs. A stream is read on from the token where
the last page ended, so no line is lost or told twice; a page that could not be had is asked for
again at the next poll. A token lives for a day: a host that was silent for longer is read on from
its last line.
"""

from __future__ import annotations

import itertools
import re
from typing import TYPE_CHECKING, Any

from rlcore.errors import ServiceError
from rlcore.platforms.sagemaker.failures import service_errors
from rlcore.spec import LogEvent

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from types import TracebackType

_Line = tuple[int, str]  # milliseconds since the epoch, and the message
_HOST = re.compile(r".*/(algo-\d+)-\d+")
_HELD = 256_000  # lines in memory at once, from all hosts; more pages would pass the quota
_LEAST, _MOST = 1_000, 10_000  # lines of a page
_EMPTY = 50  # empty pages in a row; where a group's lines expired, there is no end of them
_PATIENCE = 60  # calls in a row that may fail
_ABSENT = "ResourceNotFoundException"
_TOO_OLD = "InvalidParameterException"  # of a token
# What passes, though botocore has given up on it.
_PASSING = {
    *("Throttling", "ThrottlingException", "TooManyRequestsException", "RequestTimeout"),
    *("ServiceUnavailable", "ServiceUnavailableException", "InternalFailure", "InternalError"),
    *("InternalServerError", "InternalServerException", "500", "502", "503", "504"),
}
_FACTS = ("operation", "code", "request_id", "retried", "unanswered")
_STARTED_AGAIN = {"Interrupted", "Restarting"}  # after these, every host has a stream more


class Patience:
    """Bears what passes, for a while, in a `with` block; raises any other error of AWS.

    Args:
        advice: What to do after an error that is raised.
        lasting: Whether anything is borne.

    Attributes:
        tried: Whether something was borne since this was set to False.
    """

    def __init__(self, advice: str, *, lasting: bool) -> None:
        """Begin with all of it."""
        self._advice = advice
        self._lasting = lasting
        self._failures = 0
        self.tried = False

    def __enter__(self) -> None:
        """Begin a call, or several that belong together."""

    def __exit__(
        self,
        _: type[BaseException] | None,
        error: BaseException | None,
        __: TracebackType | None,
    ) -> bool:
        """Bear the error, or add the advice to it."""
        if error is None:
            self._failures = 0
        if not isinstance(error, ServiceError):
            return False
        self._failures += 1
        self.tried = True
        if not self._lasting:
            return False
        if (error.unanswered or error.code in _PASSING) and self._failures <= _PATIENCE:
            return True
        msg = f"{error} {self._advice}".rstrip()
        told = ServiceError(msg, **{name: getattr(error, name) for name in _FACTS})
        raise told from error


class _Place:
    """How far a stream was read.

    Attributes:
        token: Where to read on; None at the beginning, and when the token is too old.
        ended: Whether there was nothing more when it was read last.
    """

    def __init__(self) -> None:
        self.token: str | None = None
        self.ended = False
        self._last = 0  # time of the last line
        self._alike = 0  # lines of that time
        self._again = 0  # of which so many will be read once more

    def since(self) -> dict[str, Any]:
        """Return where to read on, as GetLogEvents takes it."""
        if self.token:
            return {"nextToken": self.token}
        return {"startTime": self._last} if self._last else {}

    def forget(self) -> None:
        """Read on from the last line instead of the token."""
        self.token, self._again = None, self._alike

    def new(self, page: Mapping[str, Any]) -> list[_Line]:
        """Return the lines of a page that are new, and note how far it goes."""
        # As tuples, for a page of every host is held at once.
        lines = [(each["timestamp"], each["message"]) for each in page["events"]]
        self.ended = self.token == page["nextForwardToken"]
        self.token = page["nextForwardToken"]
        if self._again:
            known = _alike(lines[: self._again], self._last)
            self._again -= known
            lines = lines[known:]
        if lines:
            last = lines[-1][0]
            alike = _alike(reversed(lines), last)
            self._alike = alike + (self._alike if self._last == last and alike == len(lines) else 0)
            self._last = last
        return lines


class Streams:
    """The streams of a job's hosts, each with the place where it is read on.

    Args:
        client: boto3's of CloudWatch Logs.
        group: The log group.
        name: The job's name.
        patience: Bears what passes.
    """

    def __init__(self, client: Any, group: str, name: str, patience: Patience) -> None:
        """Begin at the beginning of the log."""
        self._client = client
        self._group = group
        self._name = name
        self._patience = patience
        self._places: dict[str, _Place] = {}
        self._looked_at: tuple[Any, ...] = ()

    def __len__(self) -> int:
        """Return how many are known."""
        return len(self._places)

    def look_for(self, description: Mapping[str, Any]) -> None:
        """Look for streams that are new, while hosts are missing and whenever the state changes.

        A job that is started again, after its spot hosts were taken away, has new ones.
        """
        state = (description.get("SecondaryStatus"), description["TrainingJobStatus"])
        missing = len(self._places) < hosts(description) * _starts(description)
        if not missing and state == self._looked_at:
            return
        with self._patience:
            for name in self._listed():
                self._places.setdefault(name, _Place())
            self._looked_at = state

    def new(self) -> list[Iterator[LogEvent]]:
        """Return what is new, for each host; ask for it while it is read."""
        limit = max(_LEAST, min(_MOST, _HELD // max(1, len(self._places))))
        return [self._lines(stream, limit) for stream in self._places]

    def _listed(self) -> Iterator[str]:
        prefix = {"logGroupName": self._group, "logStreamNamePrefix": f"{self._name}/"}
        pages = self._client.get_paginator("describe_log_streams").paginate(**prefix)
        try:
            with service_errors("DescribeLogStreams"):
                for page in pages:
                    yield from (each["logStreamName"] for each in page["logStreams"])
        except ServiceError as error:
            if error.code != _ABSENT:  # no job has written yet
                raise

    def _lines(self, stream: str, limit: int) -> Iterator[LogEvent]:
        found = _HOST.fullmatch(stream)
        host = found[1] if found else stream.rpartition("/")[2]
        for page in self._pages(self._places[stream], stream, limit):
            for time, message in page:
                yield LogEvent(timestamp=time / 1000, host=host, message=message)

    def _pages(self, place: _Place, stream: str, limit: int) -> Iterator[list[_Line]]:
        """Yield the pages that are new; what fails is asked for again at the next poll."""
        empty, place.ended = 0, False
        while empty < _EMPTY and not place.ended:
            lines = self._page(place, stream, limit)
            if lines is None:
                return
            empty = 0 if lines else empty + 1
            if lines:
                yield lines

    def _page(self, place: _Place, stream: str, limit: int) -> list[_Line] | None:
        where = {"logGroupName": self._group, "logStreamName": stream, "limit": limit}
        with self._patience:
            try:
                with service_errors("GetLogEvents"):
                    page = self._client.get_log_events(**where, **place.since(), startFromHead=True)
            except ServiceError as error:
                if place.token and error.code == _TOO_OLD:
                    place.forget()
                elif error.code != _ABSENT:
                    raise
            else:
                return place.new(page)
        return None


def hosts(description: Mapping[str, Any]) -> int:
    """Return how many hosts a training job has, of all its groups."""
    resources = description.get("ResourceConfig") or {}
    groups = resources.get("InstanceGroups") or [resources]
    return sum(each.get("InstanceCount", 1) for each in groups)


def _starts(description: Mapping[str, Any]) -> int:
    states = description.get("SecondaryStatusTransitions") or ()
    return 1 + sum(each["Status"] in _STARTED_AGAIN for each in states)


def _alike(lines: Iterable[_Line], time: int) -> int:
    """Return how many lines at the beginning are of a time."""
    return sum(1 for _ in itertools.takewhile(lambda line: line[0] == time, lines))
