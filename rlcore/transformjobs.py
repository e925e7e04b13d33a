"""Jobs that run a trained model over stored data, and what a platform does for them."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, Any, Protocol

from rlcore.errors import PlatformError, TransformFailed
from rlcore.spec import JobState

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from rlcore.endpoints import Deployment
    from rlcore.platforms.base import Hosting
    from rlcore.source import Bundle
    from rlcore.spec import JobStatus, LogEvent

_SHORTEST, _LONGEST = 0.02, 5.0  # seconds between two looks at a job that is waited for in silence
_SHARE = 0.05


class Transforms(Protocol):
    """What a platform's hosting has under `transforms` where it runs models over stored data.

    Settings and data travel by the names of `Transformer`'s arguments. Each method that takes a
    job's name raises `JobNotFound` for one that the platform does not know.
    """

    def create_model(self, deployment: Deployment, bundle: Bundle | None) -> str:
        """Make a model without an endpoint, unless the same is there, and return its name."""

    def image_repository(self, deployment: Deployment) -> str:
        """Return the name of the repository whose image serves a model."""

    def repository_of(self, model_name: str) -> str | None:
        """Return the same for a model that is made already; None where that is not known."""

    def default_output(self, job_name: str) -> str:
        """Return where a job's output goes that was given no other place."""

    def check(self, given: Mapping[str, Any]) -> None:
        """See that a job would be taken; raise `InvalidArgument` for one that would not."""

    def start(self, given: Mapping[str, Any]) -> None:
        """Start a job; raise `JobExists` rather than start it twice."""

    def describe(self, name: str) -> JobStatus:
        """Return a job as it is now."""

    def settings(self, name: str) -> dict[str, Any]:
        """Return the arguments of the `Transformer` that started a job."""

    def logs(self, name: str, *, follow: bool) -> Iterator[LogEvent]:
        """Yield the log of a job; with *follow*, until it has ended."""

    def stop(self, name: str) -> None:
        """Ask a job to stop; one that has ended stays as it is."""

    def delete_model(self, model_name: str) -> None:
        """Delete a model, unless it is gone."""


class TransformJob:
    """One job of a transformer.

    Attributes:
        name: The job's name.
    """

    def __init__(self, transforms: Transforms, name: str) -> None:
        """Hold a job that the platform knows; nothing is asked of it."""
        self.name = name
        self._transforms = transforms

    def __repr__(self) -> str:
        """Return the name."""
        return f"<TransformJob {self.name}>"

    @property
    def job_name(self) -> str:
        """The job's name, as the SageMaker SDK calls it."""
        return self.name

    def status(self) -> JobStatus:
        """Return the job as it is now."""
        return self._transforms.describe(self.name)

    def logs(self, *, follow: bool = False) -> Iterator[LogEvent]:
        """Yield the log from its beginning; with *follow*, until the job has ended."""
        return self._transforms.logs(self.name, follow=follow)

    def stop(self) -> None:
        """Ask the job to stop, and return at once; a job that has ended stays as it is."""
        self._transforms.stop(self.name)

    def wait(
        self,
        *,
        logs: bool = True,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> JobStatus:
        """Wait for the job to end, showing its log on standard output unless *logs* is False.

        Ctrl-C ends the waiting, not the job, and says how to come back.

        Args:
            logs: Whether to show the log.
            clock: Seconds from any moment on.
            sleep: Waits so many seconds.

        Raises:
            TransformFailed: The job failed.
        """
        try:
            if logs:
                for event in self.logs(follow=True):
                    sys.stdout.write(f"{event.host} | {event.message}\n")
            begun = clock()
            while not (status := self.status()).state.final:
                sleep(min(_LONGEST, _SHORTEST + _SHARE * (clock() - begun)))
        except KeyboardInterrupt:
            sys.stderr.write(
                f"\nNo longer waiting; {self.name} goes on.\n"
                f'  come back:  Transformer.attach("{self.name}").wait()\n'
            )
            raise
        if status.state is JobState.FAILED:
            reason = status.failure_reason or "(No reason provided)"
            msg = f"Error for Transform job {self.name}: Failed. Reason: {reason}"
            raise TransformFailed(msg, job_name=self.name, actual_status=status.state.value)
        return status


def transforms_of(hosting: Hosting) -> Transforms:
    """Return what runs models over stored data; raise `PlatformError` where nothing does."""
    found: Transforms | None = getattr(hosting, "transforms", None)
    if found is None:
        msg = (
            f"The platform {hosting.name!r} runs no batch transforms. Deploy the model and ask its"
            " endpoint, or name an instance_type of SageMaker, such as 'ml.m5.large'."
        )
        raise PlatformError(msg)
    return found
