"""Watching a training job: the lines of all its hosts merged by time, and each change of its state.

Lines of one poll are merged by time; one that CloudWatch takes in later than its neighbours is told
when it comes. A poll holds a page of each host, never a whole log.
"""

from __future__ import annotations

import heapq
import time
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from rlcore.platforms.sagemaker.states import job_state
from rlcore.platforms.sagemaker.streams import Patience, Streams, hosts
from rlcore.spec import LogEvent

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from rlcore.platforms.sagemaker.session import AwsSession

GROUP = "/aws/sagemaker/TrainingJobs"
PLATFORM_HOST = "rlcore"  # of lines that are the platform's own
_SHORTEST, _LONGEST = 1.0, 10.0  # seconds between two polls
_GROWTH = 1.5  # of the pause while nothing comes
_CALLS = 10.0  # a second, so that many hosts stay within CloudWatch's quota
_DESCRIPTION = 30.0  # seconds between two looks at the job
_LATE = 2  # polls without a line after the end, since CloudWatch takes lines in late
_BY_TIME = attrgetter("timestamp")


def events(  # noqa: PLR0913 - a clock and a pause for tests
    session: AwsSession,
    name: str,
    describe: Callable[[str], Mapping[str, Any]],
    *,
    follow: bool,
    group: str = GROUP,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> Iterator[LogEvent]:
    """Yield the log of a job from its beginning.

    Args:
        session: AWS.
        name: The job's name.
        describe: Returns what DescribeTrainingJob answers.
        follow: Whether to go on until the job has ended.
        group: The log group that its hosts write to.
        clock: Seconds from any moment on.
        sleep: Waits so many seconds.

    Raises:
        JobNotFound: There is no such job.
        ServiceError: AWS refused, or could not be reached for a long time.
    """
    description = describe(name)
    advice = f"Come back to the job: rlcore logs -f {name}" if group == GROUP else ""
    looking, reading = (Patience(advice, lasting=follow) for _ in range(2))
    streams = Streams(session.client("logs", polling=True), group, name, reading)
    states = _States()
    described, pause, quiet = clock(), _SHORTEST, 0
    while True:
        reading.tried = False
        streams.look_for(description)
        count = 0
        for event in heapq.merge(states.new(description), *streams.new(), key=_BY_TIME):
            count += 1
            yield event
        final = job_state(description).final
        quiet = quiet + 1 if final and not count and not reading.tried else 0
        if not follow or quiet >= _LATE:
            break
        pause = _SHORTEST if count or final else min(_LONGEST, _GROWTH * pause)
        sleep(max(pause, len(streams) / _CALLS))
        if not final and (count == 0 or clock() - described >= _DESCRIPTION):
            described = clock()
            with looking:
                description = describe(name)
    if job_state(description).final:
        yield from _bill(description)


class _States:
    """The changes of a job's state that were told."""

    def __init__(self) -> None:
        self._told: set[tuple[float, str]] = set()

    def new(self, description: Mapping[str, Any]) -> Iterator[LogEvent]:
        """Yield those that were not."""
        for each in description.get("SecondaryStatusTransitions") or ():
            words = (each["Status"], each.get("StatusMessage", ""))
            known = (each["StartTime"].timestamp(), " - ".join(filter(None, words)))
            if known not in self._told:
                self._told.add(known)
                yield _own(*known)


def _bill(description: Mapping[str, Any]) -> Iterator[LogEvent]:
    """Yield what the job took and what is paid for, in the original's words."""
    ended = description.get("TrainingEndTime") or description["LastModifiedTime"]
    count = hosts(description)
    took = description.get("TrainingTimeInSeconds")
    paid = description.get("BillableTimeInSeconds")
    if took is not None:
        yield _own(ended.timestamp(), f"Training seconds: {took * count}")
    if paid is not None:
        yield _own(ended.timestamp(), f"Billable seconds: {paid * count}")
    if took and paid is not None and description.get("EnableManagedSpotTraining"):
        saved = 100 * (1 - paid / took)
        yield _own(ended.timestamp(), f"Managed Spot Training savings: {saved:.1f}%")


def _own(timestamp: float, message: str) -> LogEvent:
    return LogEvent(timestamp=timestamp, host=PLATFORM_HOST, message=message)
