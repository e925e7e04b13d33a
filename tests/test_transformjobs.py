"""Jobs that run models over stored data, as a platform shows them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import attrs
import pytest
from memory_hosting import MemoryHosting

from rlcore.errors import PlatformError, TransformFailed
from rlcore.spec import JobState, JobStatus, LogEvent
from rlcore.transformjobs import TransformJob, transforms_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from rlcore.endpoints import Deployment
    from rlcore.source import Bundle


@attrs.define
class MemoryTransforms:
    """Goes through states, one a look, and has a log.

    Attributes:
        states: The states; the last one stays.
        lines: The log's lines.
        reason: Why a job fails.
        interrupted: Whether Ctrl-C is pressed while the log is read.
        stopped: The jobs that were asked to stop.
    """

    states: list[JobState]
    lines: tuple[str, ...] = ()
    reason: str | None = None
    interrupted: bool = False
    stopped: list[str] = attrs.field(factory=list)

    def create_model(self, deployment: Deployment, bundle: Bundle | None) -> str:
        """Return the name."""
        del bundle
        return deployment.name

    def image_repository(self, deployment: Deployment) -> str:
        """Return a name."""
        return deployment.name

    def repository_of(self, model_name: str) -> str | None:
        """Return the model's own."""
        return model_name

    def default_output(self, job_name: str) -> str:
        """Return a place."""
        return f"s3://bucket/{job_name}"

    def check(self, given: Mapping[str, Any]) -> None:
        """Take everything."""

    def start(self, given: Mapping[str, Any]) -> None:
        """Start nothing."""

    def describe(self, name: str) -> JobStatus:
        """Return the next state."""
        state = self.states.pop(0) if len(self.states) > 1 else self.states[0]
        return JobStatus(name=name, state=state, created_at=0.0, failure_reason=self.reason)

    def settings(self, name: str) -> dict[str, Any]:
        """Return nothing."""
        del name
        return {}

    def logs(self, name: str, *, follow: bool) -> Iterator[LogEvent]:
        """Yield the lines."""
        del name, follow
        for line in self.lines:
            yield LogEvent(timestamp=0.0, host="algo-1", message=line)
        if self.interrupted:
            raise KeyboardInterrupt

    def stop(self, name: str) -> None:
        """Take note."""
        self.stopped.append(name)

    def delete_model(self, model_name: str) -> None:
        """Delete nothing."""


def test_waiting_shows_the_log(capsys: pytest.CaptureFixture[str]) -> None:
    """Each line with its host, on standard output."""
    there = MemoryTransforms([JobState.SUCCEEDED], lines=("one", "two"))
    status = TransformJob(there, "j").wait()

    assert JobState.SUCCEEDED is status.state
    assert "algo-1 | one\nalgo-1 | two\n" == capsys.readouterr().out


def test_waiting_in_silence(capsys: pytest.CaptureFixture[str]) -> None:
    """The job is looked at until it has ended, less often the longer it takes."""
    states = [*[JobState.RUNNING] * 20, JobState.STOPPING, JobState.STOPPED]
    there, now, pauses = MemoryTransforms(states, lines=("one",)), [0.0], [0.0]

    def sleep(seconds: float) -> None:
        now[0] += 10 * seconds
        pauses.append(seconds)

    job = TransformJob(there, "j")
    assert JobState.STOPPED is job.wait(logs=False, clock=lambda: now[0], sleep=sleep).state
    assert (sorted(pauses), 5.0) == (pauses, max(pauses))
    assert "" == capsys.readouterr().out


def test_failures() -> None:
    """The error has the reason, the name and the state, and is what the original's was."""
    for reason, told in (("no data", "Reason: no data"), (None, "Reason: (No reason provided)")):
        there = MemoryTransforms([JobState.FAILED], reason=reason)
        with pytest.raises(TransformFailed) as raised:
            TransformJob(there, "j").wait()
        assert f"Error for Transform job j: Failed. {told}" == str(raised.value)
        assert isinstance(raised.value, ValueError)
        assert ("j", "Failed", ("Completed", "Stopped")) == (
            raised.value.job_name,
            raised.value.actual_status,
            raised.value.allowed_statuses,
        )


def test_ctrl_c(capsys: pytest.CaptureFixture[str]) -> None:
    """It ends the waiting, not the job, and says how to come back."""
    there = MemoryTransforms([JobState.RUNNING], interrupted=True)
    with pytest.raises(KeyboardInterrupt):
        TransformJob(there, "j").wait()

    assert 'Transformer.attach("j").wait()' in capsys.readouterr().err
    assert [] == there.stopped


def test_a_handle() -> None:
    """It has the SDK's name of the job, stops it, and shows what it is."""
    there = MemoryTransforms([JobState.RUNNING])
    job = TransformJob(there, "j")
    job.stop()

    assert (["j"], "j", "<TransformJob j>") == (there.stopped, job.job_name, repr(job))


def test_hosting_without_transforms() -> None:
    """It is told by its name, with what to do instead."""
    with pytest.raises(PlatformError, match=r"'memory' runs no batch transforms.* endpoint, or"):
        transforms_of(MemoryHosting())
