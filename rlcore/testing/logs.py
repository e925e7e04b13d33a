"""The fake's CloudWatch Logs: what its training jobs have written by now, in pages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rlcore.testing.errors import Refusal, wrong_parameter
from rlcore.testing.pages import index, token

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rlcore.testing.jobs import Job, Jobs

GROUP = "/aws/sagemaker/TrainingJobs"
_STREAMS, _EVENTS = 50, 10_000  # of a page, at most
_BYTES = 1 << 20  # of a page of events, each of which counts 26 more
_OVERHEAD = 26
_STREAM, _GROUP = "stream", "group"

Line = tuple[float, str]


class Logs:
    """The log of every training job.

    Args:
        jobs: Whose log it is.
        arn: Beginning of the ARNs of streams.
    """

    def __init__(self, jobs: Jobs, arn: str) -> None:
        """Hold the jobs; they hold the lines."""
        self._jobs = jobs
        self._arn = f"{arn}:log-group:{GROUP}:log-stream"

    def describe_log_streams(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """Answer DescribeLogStreams, by name unless it is asked for by the last event."""
        self._check_group(request)
        prefix = request.get("logStreamNamePrefix", "")
        by_time = request.get("orderBy") == "LastEventTime"
        if prefix and by_time:
            msg = "Cannot order by LastEventTime with a logStreamNamePrefix."
            raise wrong_parameter(msg)
        found = [
            self._described(name, *place)
            for name, place in sorted(self._streams().items())
            if name.startswith(prefix)
        ]
        if by_time:
            found.sort(key=lambda each: each.get("lastEventTimestamp", 0))
        if request.get("descending"):
            found.reverse()
        start = index(request.get("nextToken"))
        end = start + int(request.get("limit") or _STREAMS)
        more = {"nextToken": token(end)} if end < len(found) else {}
        return {"logStreams": found[start:end], **more}

    def get_log_events(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """Answer GetLogEvents; at either end the token is the one that was given."""
        self._check_group(request)
        streams = self._streams()
        if request["logStreamName"] not in streams:
            raise _no_such(_STREAM)
        job, host = streams[request["logStreamName"]]
        lines = _between(job.lines(host), request)
        start, end = _span(lines, request)
        return {
            "events": [_event(*line) for line in lines[start:end]],
            "nextForwardToken": f"f/{end:056d}",
            "nextBackwardToken": f"b/{start:056d}",
        }

    def _described(self, name: str, job: Job, host: int) -> dict[str, Any]:
        times = [_milliseconds(time) for time, _ in job.lines(host)]
        seen = {"firstEventTimestamp": times[0], "lastEventTimestamp": times[-1]} if times else {}
        created = int(name.rpartition("-")[2]) * 1000
        return {
            "logStreamName": name,
            "arn": f"{self._arn}:{name}",
            "creationTime": created,
            **seen,
        }

    def _streams(self) -> dict[str, tuple[Job, int]]:
        return {
            name: (job, host)
            for job in self._jobs.by_name.values()
            for host, name in job.streams().items()
        }

    def _check_group(self, request: Mapping[str, Any]) -> None:
        if request.get("logGroupName") != GROUP or not self._streams():
            raise _no_such(_GROUP)


def _between(lines: list[Line], request: Mapping[str, Any]) -> list[Line]:
    start, end = request.get("startTime", 0), request.get("endTime", float("inf"))
    return [line for line in lines if start <= _milliseconds(line[0]) < end]


def _span(lines: list[Line], request: Mapping[str, Any]) -> tuple[int, int]:
    """Return where the page that a request asks for begins and ends."""
    most = int(request.get("limit") or _EVENTS)
    forward, place = _place(request.get("nextToken"))
    if place is None:
        forward = bool(request.get("startFromHead"))
        place = 0 if forward else len(lines)
    place = min(place, len(lines))
    if forward:
        return place, place + _fitting(lines[place : place + most])
    return place - _fitting(lines[max(0, place - most) : place][::-1]), place


def _fitting(lines: list[Line]) -> int:
    """Return how many lines make a page."""
    size = 0
    for count, (_, text) in enumerate(lines):
        size += len(text.encode()) + _OVERHEAD
        if size > _BYTES and count:
            return count
    return len(lines)


def _place(given: str | None) -> tuple[bool, int | None]:
    """Return the direction and the line that a token stands for."""
    if given is None:
        return True, None
    direction, _, number = given.partition("/")
    if direction not in {"f", "b"} or not number.isdecimal():
        msg = "The specified nextToken is invalid."
        raise wrong_parameter(msg)
    return direction == "f", int(number)


def _event(time: float, text: str) -> dict[str, Any]:
    moment = _milliseconds(time)
    return {"timestamp": moment, "message": text, "ingestionTime": moment}


def _milliseconds(time: float) -> int:
    return round(time * 1000)


def _no_such(what: str) -> Refusal:
    return Refusal("ResourceNotFoundException", f"The specified log {what} does not exist.")
