"""Watching a training job: the lines of all its hosts merged by time, and each change of its state.

Every host writes a stream of its own to CloudWatch Logs. A stream is read page by page from the
token where the last page ended, so no line is lost or told twice, whatever fails in between; a page
that could not be had is asked for again at the next poll. Lines of one poll are merged by time; one
that CloudWatch takes in later than its neighbours is told when it comes.
"""

from __future__ import annotations

import heapq
import re
import time
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from rlcore.errors import ServiceError
from rlcore.platforms.sagemaker.failures import service_errors
from rlcore.platforms.sagemaker.states import job_state
from rlcore.spec import LogEvent

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from rlcore.platforms.sagemaker.session import AwsSession

GROUP = "/aws/sagemaker/TrainingJobs"
PLATFORM_HOST = "rlcore"  # of lines that are the platform's own
_HOST = re.compile(r".*/(algo-\d+)-\d+")
_SHORTEST, _LONGEST = 1.0, 10.0  # seconds between two polls
_GROWTH = 1.5  # of the pause while nothing comes
_CALLS = 10.0  # a second, so that many hosts stay within CloudWatch's quota
_DESCRIPTION = 30.0  # seconds between two looks at the job
_LATE = 2  # polls without a line after the end, since CloudWatch takes lines in late
_HELD = 50_000  # lines in memory at once, from all hosts
_LEAST, _MOST = 1_000, 10_000  # lines of a page
_PATIENCE = 60  # polls in a row that may stay without an answer
_BY_TIME = attrgetter("timestamp")


def events(  # noqa: PLR0913 - a clock and a pause for tests
    session: AwsSession,
    name: str,
    describe: Callable[[str], Mapping[str, Any]],
    *,
    follow: bool,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> Iterator[LogEvent]:
    """Yield the log of a job from its beginning.

    Args:
        session: AWS.
        name: The job's name.
        describe: Returns what DescribeTrainingJob answers.
        follow: Whether to go on until the job has ended.
        clock: Seconds from any moment on.
        sleep: Waits so many seconds.

    Raises:
        JobNotFound: There is no such job.
        ServiceError: AWS refused, or could not be reached for a long time.
    """
    description = describe(name)
    streams = _Streams(session.client("logs", polling=True), name)
    states = _States()
    described, pause, quiet = clock(), _SHORTEST, 0
    while True:
        streams.look_for(description)
        count = 0
        for event in heapq.merge(states.new(description), *streams.new(), key=_BY_TIME):
            count += 1
            yield event
        final = job_state(description).final
        quiet = quiet + 1 if final and not count else 0
        if not follow or quiet >= _LATE:
            break
        pause = _SHORTEST if count or final else min(_LONGEST, _GROWTH * pause)
        sleep(max(pause, len(streams) / _CALLS))
        if not final and (count == 0 or clock() - described >= _DESCRIPTION):
            description, described = describe(name), clock()
    if job_state(description).final:
        yield from _bill(description)


class _States:
    """The changes of a job's state that were told."""

    def __init__(self) -> None:
        self._told: set[tuple[str, str]] = set()

    def new(self, description: Mapping[str, Any]) -> Iterator[LogEvent]:
        """Yield those that were not."""
        for each in description.get("SecondaryStatusTransitions") or ():
            known = (each["Status"], each.get("StatusMessage", ""))
            if known not in self._told:
                self._told.add(known)
                yield _own(each["StartTime"].timestamp(), " - ".join(filter(None, known)))


class _Streams:
    """The streams of a job's hosts, each with the token at which it is read on."""

    def __init__(self, client: Any, name: str) -> None:
        self._client = client
        self._name = name
        self._tokens: dict[str, str | None] = {}
        self._looked_at: tuple[Any, ...] = ()
        self._unanswered = 0

    def __len__(self) -> int:
        return len(self._tokens)

    def look_for(self, description: Mapping[str, Any]) -> None:
        """Look for streams that are new, while hosts are missing and whenever the state changes.

        A job that is started again, after its spot hosts were taken away, has new ones.
        """
        state = (description.get("SecondaryStatus"), description["TrainingJobStatus"])
        missing = len(self._tokens) < _hosts(description)
        if not missing and state == self._looked_at:
            return
        self._looked_at = state
        try:
            for name in self._listed():
                self._tokens.setdefault(name, None)
        except ServiceError as error:
            self._excuse(error)

    def new(self) -> list[Iterator[LogEvent]]:
        """Return what is new, for each host; ask for it while it is read."""
        limit = max(_LEAST, min(_MOST, _HELD // max(1, len(self._tokens))))
        return [self._lines(stream, limit) for stream in self._tokens]

    def _listed(self) -> Iterator[str]:
        pages = self._client.get_paginator("describe_log_streams")
        with service_errors("DescribeLogStreams"):
            for page in pages.paginate(logGroupName=GROUP, logStreamNamePrefix=f"{self._name}/"):
                yield from (each["logStreamName"] for each in page["logStreams"])

    def _lines(self, stream: str, limit: int) -> Iterator[LogEvent]:
        found = _HOST.fullmatch(stream)
        host = found[1] if found else stream.rpartition("/")[2]
        for page in self._pages(stream, limit):
            for each in page:
                yield LogEvent(
                    timestamp=each["timestamp"] / 1000, host=host, message=each["message"]
                )

    def _pages(self, stream: str, limit: int) -> Iterator[list[dict[str, Any]]]:
        """Yield the pages that are new; what fails is asked for again at the next poll."""
        where = {"logGroupName": GROUP, "logStreamName": stream}
        while True:
            token = self._tokens[stream]
            since = {"nextToken": token} if token else {}
            try:
                with service_errors("GetLogEvents"):
                    page = self._client.get_log_events(
                        **where, **since, startFromHead=True, limit=limit
                    )
            except ServiceError as error:
                self._excuse(error)
                return
            self._unanswered = 0
            self._tokens[stream] = page["nextForwardToken"]
            if page["events"]:
                yield page["events"]
            if page["nextForwardToken"] == token:
                return

    def _excuse(self, error: ServiceError) -> None:
        """Take note of an error that does not end the watching; raise any other."""
        if error.code == "ResourceNotFoundException":  # no host has written yet
            return
        self._unanswered += 1
        if not error.unanswered or self._unanswered > _PATIENCE:
            raise error


def _hosts(description: Mapping[str, Any]) -> int:
    resources = description["ResourceConfig"]
    groups = resources.get("InstanceGroups") or [resources]
    return sum(each.get("InstanceCount", 1) for each in groups)


def _bill(description: Mapping[str, Any]) -> Iterator[LogEvent]:
    """Yield what the job took and what is paid for, in the original's words."""
    ended = description.get("TrainingEndTime") or description["LastModifiedTime"]
    hosts = _hosts(description)
    took = description.get("TrainingTimeInSeconds")
    paid = description.get("BillableTimeInSeconds")
    if took is not None:
        yield _own(ended.timestamp(), f"Training seconds: {took * hosts}")
    if paid is not None:
        yield _own(ended.timestamp(), f"Billable seconds: {paid * hosts}")
    if took and paid is not None and description.get("EnableManagedSpotTraining"):
        saved = 100 * (1 - paid / took)
        yield _own(ended.timestamp(), f"Managed Spot Training savings: {saved:.1f}%")


def _own(timestamp: float, message: str) -> LogEvent:
    return LogEvent(timestamp=timestamp, host=PLATFORM_HOST, message=message)
