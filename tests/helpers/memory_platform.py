"""A platform that keeps its jobs in memory and lets the test decide how they end."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING

import attrs

from rlcore.errors import JobExists, JobNotFound
from rlcore.spec import JobRequest, JobState, JobStatus, LogEvent, Plan

if TYPE_CHECKING:
    from rlcore.source import Bundle

Outcome = Callable[[JobStatus], JobStatus]


class MemoryPlatform:
    """Every job prints *lines* and then ends as *outcome* says."""

    name = "memory"

    def __init__(self, lines: Iterable[str] = (), outcome: Outcome | None = None) -> None:
        """Decide what every job prints and how it ends; by success if nothing is said."""
        self.lines = tuple(lines)
        self.outcome = outcome or (lambda status: attrs.evolve(status, state=JobState.SUCCEEDED))
        self.started: dict[str, JobRequest] = {}
        self.bundles: list[Bundle | None] = []
        self.stopped: list[str] = []

    def plan(self, request: JobRequest) -> Plan:
        """Plan any job."""
        return Plan(platform=self.name, request=request, document={}, text=f"run {request.name}")

    def start(self, plan: Plan, bundle: Bundle | None) -> str:
        """Remember the job."""
        if plan.request.name in self.started:
            msg = f"There is a job {plan.request.name!r}."
            raise JobExists(msg)
        self.started[plan.request.name] = plan.request
        self.bundles.append(bundle)
        return plan.request.name

    def describe(self, name: str) -> JobStatus:
        """Return the job as it ended."""
        self.recover(name)
        return self.outcome(JobStatus(name=name, state=JobState.RUNNING, created_at=0.0))

    def logs(self, name: str, *, follow: bool = False) -> Iterator[LogEvent]:
        """Yield the lines, a second apart."""
        del follow
        self.recover(name)
        for number, line in enumerate(self.lines):
            yield LogEvent(timestamp=float(number), host="algo-1", message=line)

    def stop(self, name: str) -> None:
        """Remember that it was asked for; raises as `recover` does."""
        self.recover(name)
        self.stopped.append(name)

    def recover(self, name: str) -> JobRequest:
        """Return what was started, with the address of its source."""
        if name not in self.started:
            msg = f"There is no job {name!r}."
            raise JobNotFound(msg)
        return attrs.evolve(self.started[name], source_uri=f"s3://memory/{name}.tar.gz")

    def jobs(self) -> list[JobStatus]:
        """Return all of them, newest first."""
        return [self.describe(name) for name in reversed(self.started)]
