"""What a platform has to do. Nothing but protocols lives here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from rlcore.source import Bundle
    from rlcore.spec import JobRequest, JobStatus, LogEvent, Plan


class Platform(Protocol):
    """A place where training jobs run.

    An entry point of the group `rlcore.platforms` names a class that is callable without arguments.
    Every method but `plan` raises `JobNotFound` for a name that the platform does not know.
    """

    name: str

    def plan(self, request: JobRequest) -> Plan:
        """Return what `start` would do. Pure and offline; raises for what cannot run here."""

    def start(self, plan: Plan, bundle: Bundle | None) -> str:
        """Start the job and return its name; raise `JobExists` rather than start it twice.

        *bundle* is the packed source; None when the request names an archive that is there already.
        """

    def describe(self, name: str) -> JobStatus:
        """Return the job as it is now."""

    def logs(self, name: str, *, follow: bool = False) -> Iterator[LogEvent]:
        """Yield the log from its beginning; with *follow*, until the job has ended."""

    def stop(self, name: str) -> None:
        """Ask the job to stop, and return at once. Stopping a job that has ended does nothing."""

    def recover(self, name: str) -> JobRequest:
        """Return the request of a job, for `attach`; its `source_uri` names the packed source."""

    def jobs(self) -> Iterable[JobStatus]:
        """Return all jobs of this platform, newest first."""
