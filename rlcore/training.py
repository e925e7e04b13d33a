"""A training job, as a handle that any process may hold."""

from __future__ import annotations

import sys
import time
from collections import deque
from contextlib import suppress
from typing import TYPE_CHECKING

from rlcore.errors import PlatformError, TrainingFailed
from rlcore.spec import JobState
from rlcore.warning import warn

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rlcore.metrics import LearningCurve, MetricParser
    from rlcore.platforms.base import Platform
    from rlcore.spec import JobRequest, JobStatus, LogEvent

_LAST_LINES = 20
_SHORTEST, _LONGEST, _SHARE = 0.02, 10.0, 0.05  # seconds between two looks, the last of those past


class TrainingJob:
    """One training job on its platform.

    Attributes:
        name: The job's name, unique on its platform.
        platform: Where it runs.
        request: What it was started with.
    """

    def __init__(self, platform: Platform, request: JobRequest) -> None:
        """Hold a job that the platform knows; nothing is asked of it."""
        self.name = request.name
        self.platform = platform
        self.request = request

    def __repr__(self) -> str:
        """Return the name and the platform."""
        return f"<TrainingJob {self.name} on {self.platform.name}>"

    def _repr_html_(self) -> str:
        from rlcore import display  # noqa: PLC0415 - only what is shown is drawn

        return display.job_html(self.status(), self.curve())

    @property
    def job_name(self) -> str:
        """The job's name, as the SageMaker SDK calls it."""
        return self.name

    @property
    def model_data(self) -> str | None:
        """Address of `model.tar.gz`, None until the job has packed it."""
        return self.status().model_data

    def status(self) -> JobStatus:
        """Return the job as it is now."""
        return self.platform.describe(self.name)

    def logs(self, *, follow: bool = False) -> Iterator[LogEvent]:
        """Yield the log from its beginning; with *follow*, until the job has ended."""
        return self.platform.logs(self.name, follow=follow)

    def stop(self) -> None:
        """Ask the job to stop, and return at once; a job that has ended stays as it is."""
        self.platform.stop(self.name)

    def curve(self) -> LearningCurve:
        """Return the metrics of the log so far, or what its platform kept where the log is gone."""
        from rlcore.metrics import LearningCurve  # noqa: PLC0415 - a handle alone reads no log
        from rlcore.platforms.base import MetricsPlatform  # noqa: PLC0415 - likewise

        found = LearningCurve.from_events(self.logs(), self._parser())
        if not len(found) and isinstance(self.platform, MetricsPlatform):
            return self.platform.curve(self.name)
        return found

    def wait(self, *, logs: bool = True, brief: bool = False) -> JobStatus:
        """Wait for the job to end, showing its log and its learning curve unless *logs* is False.

        With *brief* only the lines with metrics, warnings and errors are shown of the log.
        Ctrl-C ends the waiting, not the job, and says how to stop it and how to come back.

        Raises:
            TrainingFailed: The job failed.
        """
        last: deque[str] = deque(maxlen=_LAST_LINES)
        try:
            self._follow(last, shown=logs, brief=brief)
        except KeyboardInterrupt:
            sys.stderr.write(self._farewell())
            raise
        return self._outcome(self.status(), last)

    def _follow(self, last: deque[str], *, shown: bool, brief: bool) -> None:
        if not shown:
            self._wait_in_silence()
            return
        from rlcore import display  # noqa: PLC0415 - likewise

        sieve = self._parser(has_steps=False) if brief else None
        watching = display.watch(self.name, self._parser(), status=self.status, sieve=sieve)
        with watching as view:
            for event in self.logs(follow=True):
                last.append(event.message)
                view.show(event)

    def _wait_in_silence(self) -> None:
        """Look at the status alone; one that takes long is looked at less often."""
        begun = time.monotonic()
        while not self.status().state.final:
            time.sleep(min(_LONGEST, _SHORTEST + _SHARE * (time.monotonic() - begun)))

    def _parser(self, *, has_steps: bool = True) -> MetricParser:
        from rlcore.metrics import MetricParser  # noqa: PLC0415 - likewise

        release = self.request.release
        return MetricParser(
            self.request.metric_definitions or (),
            release.step_pattern if release and has_steps else None,
        )

    def _farewell(self) -> str:
        return (
            f"\nNo longer waiting; {self.name} goes on.\n"
            f"  stop it:    rlcore stop {self.name}\n"
            f"  come back:  rlcore logs -f {self.name}\n"
            f'              RLEstimator.attach("{self.name}")\n'
        )

    def _outcome(self, status: JobStatus, last: deque[str]) -> JobStatus:
        if status.state is JobState.SUCCEEDED:
            return status
        if status.state is JobState.STOPPED:
            reason = f": {status.failure_reason}" if status.failure_reason else ""
            msg = f"The training job {self.name} was stopped{reason}. What it saved is kept."
            warn(msg)
            return status
        if status.state is JobState.FAILED:
            with suppress(PlatformError):  # the log may be forbidden, or gone
                last.extend(event.message for event in (() if last else self.logs()))
            raise self._failed(status, last)
        msg = f"The log of {self.name} ended while the job is {status.state.value}. Attach again."
        raise PlatformError(msg)

    def _failed(self, status: JobStatus, last: deque[str]) -> TrainingFailed:
        reason = status.failure_reason or "(No reason provided)"
        msg = f"Error for Training job {self.name}: Failed. Reason: {reason}"
        if last and "\n" not in reason:  # A reason of many lines has the traceback in it.
            lines = "\n".join(f"    {line}" for line in last)
            msg = f"{msg}\nThe last lines of its log (rlcore logs {self.name} shows all):\n{lines}"
        return TrainingFailed(
            msg, job_name=self.name, exit_code=status.exit_code, actual_status="Failed"
        )
