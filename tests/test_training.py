"""The handle of a training job, on a platform whose jobs end as the test says."""

from __future__ import annotations

import attrs
import pytest
from memory_platform import MemoryPlatform

from rlcore.errors import JobNotFound, PlatformError, TrainingFailed
from rlcore.spec import JobRequest, JobState, JobStatus, MetricDefinition
from rlcore.training import TrainingJob

REWARD = MetricDefinition(name="reward", regex=r"reward=(\S+)")
LINES = ("rlcore step=1 time=0.1 reward=3", "noise", "rlcore step=2 time=0.2 reward=5")


def ending(state: JobState, **facts: object):
    """Return an outcome: that state and those facts."""
    return lambda status: attrs.evolve(status, state=state, **facts)


def job_on(platform: MemoryPlatform) -> TrainingJob:
    """Start a job and return its handle."""
    request = JobRequest(name="job", entry_point="train.py", metric_definitions=(REWARD,))
    platform.start(platform.plan(request), None)
    return TrainingJob(platform, request)


def test_waiting_shows_the_log_and_returns_the_end(capsys) -> None:
    """Piped, the log's lines are printed as they are."""
    job = job_on(MemoryPlatform(LINES, ending(JobState.SUCCEEDED, model_data="file:///m")))

    status = job.wait()

    assert JobState.SUCCEEDED is status.state
    assert "file:///m" == job.model_data
    out = capsys.readouterr().out
    assert [line for line in out.splitlines() if line in LINES] == list(LINES)


def test_waiting_without_logs_prints_nothing(capsys) -> None:
    """The original's logs='None'."""
    job_on(MemoryPlatform(LINES)).wait(logs=False)

    assert "" == capsys.readouterr().out


def test_a_failed_job_raises_with_reason_exit_code_and_last_lines() -> None:
    """The message alone is enough to see what happened."""
    lines = [f"line {number}" for number in range(100)]
    job = job_on(MemoryPlatform(lines, ending(JobState.FAILED, failure_reason="boom", exit_code=7)))

    with pytest.raises(
        TrainingFailed, match="Error for Training job job: Failed. Reason: boom"
    ) as e:
        job.wait(logs=False)

    assert 7 == e.value.exit_code
    assert "line 99" in str(e.value)
    assert "line 80\n" in str(e.value)
    assert "line 79\n" not in str(e.value)


def test_a_reason_with_a_traceback_needs_no_lines_of_the_log() -> None:
    """Nobody reads one traceback twice."""
    reason = "ExecuteUserScriptError:\nExitCode 1\nTraceback ..."
    job = job_on(MemoryPlatform(["noise"], ending(JobState.FAILED, failure_reason=reason)))

    with pytest.raises(TrainingFailed) as failed:
        job.wait(logs=False)

    assert str(failed.value).endswith(reason)


def test_a_warning_points_to_the_line_that_waits() -> None:
    """It is the caller's line that may want to know."""
    job = job_on(MemoryPlatform(outcome=ending(JobState.STOPPED)))

    with pytest.warns(UserWarning, match="was stopped") as caught:
        job.wait()

    assert [__file__] == [warning.filename for warning in caught]


def test_a_stopped_job_warns_and_returns() -> None:
    """Stopped is an outcome of its own: neither success nor failure."""
    job = job_on(
        MemoryPlatform(outcome=ending(JobState.STOPPED, failure_reason="max_run of 5 s reached"))
    )

    with pytest.warns(UserWarning, match="job was stopped: max_run of 5 s reached"):
        status = job.wait()

    assert JobState.STOPPED is status.state


def test_a_log_that_ends_too_early_is_no_success() -> None:
    """A job that runs on is never taken for one that ended."""
    job = job_on(MemoryPlatform(outcome=ending(JobState.RUNNING)))

    with pytest.raises(PlatformError, match="ended while the job is Running"):
        job.wait()


def test_ctrl_c_ends_the_waiting_and_says_how_to_come_back(capsys) -> None:
    """The job goes on; the interrupt is raised again."""

    class Interrupted(MemoryPlatform):
        def logs(self, name, *, follow=False):
            yield from super().logs(name, follow=follow)
            raise KeyboardInterrupt

    platform = Interrupted(LINES)
    with pytest.raises(KeyboardInterrupt):
        job_on(platform).wait()

    words = capsys.readouterr().err
    assert "rlcore stop job" in words
    assert "rlcore logs -f job" in words
    assert 'RLEstimator.attach("job")' in words
    assert [] == platform.stopped


def test_the_curve_is_read_from_the_log() -> None:
    """Values stand against the steps of the report line."""
    series = job_on(MemoryPlatform(LINES)).curve().series("reward")

    assert [1, 2] == list(series.steps)
    assert [3, 5] == list(series.values)


def test_the_handle_only_asks_its_platform() -> None:
    """Status, logs and stop are the platform's; an unknown job is its error."""
    platform = MemoryPlatform(LINES)
    job = job_on(platform)
    job.stop()

    assert ["job"] == platform.stopped
    assert list(LINES) == [event.message for event in job.logs()]
    assert isinstance(job.status(), JobStatus)
    assert ("job", "job") == (job.name, job.job_name)
    assert "<TrainingJob job on memory>" == repr(job)
    with pytest.raises(JobNotFound):
        TrainingJob(platform, JobRequest(name="other", entry_point="x")).status()


def test_a_notebook_shows_state_and_curve() -> None:
    """The name is there, escaped, and the curve as a picture."""
    html = job_on(MemoryPlatform(LINES))._repr_html_()

    assert "job" in html
    assert "<svg" in html
