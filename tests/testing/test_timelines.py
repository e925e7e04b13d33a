"""What becomes of a training job, by its scenario, its limits and who stops it."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rlcore.testing import JobScript
from rlcore.testing.timelines import FINAL, Step, steps

SECONDS = st.floats(min_value=0.0, max_value=1e6)
SCENARIOS = st.builds(
    JobScript,
    pending=SECONDS,
    starting=SECONDS,
    downloading=SECONDS,
    training=SECONDS,
    stopping=SECONDS,
    uploading=SECONDS,
    outcome=st.sampled_from(
        ("Completed", "Failed", "Stopped", "MaxRuntimeExceeded", "Interrupted")
    ),
)
SHORT = JobScript(starting=1, downloading=2, training=4, uploading=8, stopping=16)


def names(found: list[Step]) -> list[str]:
    """Return the secondary states of steps."""
    return [step.secondary for step in found]


def test_a_job_that_completes() -> None:
    """It goes through all stages, each as long as the scenario says."""
    expected = [
        Step(100, "InProgress", "Starting"),
        Step(101, "InProgress", "Downloading"),
        Step(103, "InProgress", "Training"),
        Step(107, "InProgress", "Uploading"),
        Step(115, "Completed", "Completed"),
    ]

    assert expected == steps(SHORT, 100, 60)


def test_a_job_that_queues() -> None:
    """It is pending first."""
    found = steps(JobScript(pending=5), 0, 60)

    assert [Step(0, "InProgress", "Pending"), Step(5, "InProgress", "Starting")] == found[:2]


@pytest.mark.parametrize(
    ("outcome", "status", "uploads"),
    [
        ("Failed", "Failed", True),
        ("Stopped", "Stopped", True),
        ("MaxRuntimeExceeded", "Stopped", True),
        ("Interrupted", "Stopped", False),
    ],
)
def test_outcomes(outcome: str, status: str, uploads: bool) -> None:
    """The last step has the outcome; hosts that are taken away send nothing."""
    found = steps(JobScript(outcome=outcome), 0, 3600)

    assert (status, outcome) == found[-1][1:]
    assert uploads == ("Uploading" in names(found))


def test_hosts_that_never_come() -> None:
    """A job that waits for them in vain never downloads anything."""
    found = steps(JobScript(outcome="MaxWaitTimeExceeded"), 0, 3600)

    assert ["Starting", "MaxWaitTimeExceeded"] == names(found)


def test_outcomes_that_nobody_knows() -> None:
    """A word that the service does not have is refused."""
    with pytest.raises(ValueError, match="'outcome' must be in"):
        JobScript(outcome="Succeeded")


def test_max_run() -> None:
    """A script that runs too long is ended, and its artefacts are sent."""
    found = steps(SHORT, 0, max_run=3)

    assert Step(6, "InProgress", "Uploading") == found[-2]
    assert Step(14, "Stopped", "MaxRuntimeExceeded") == found[-1]


def test_max_wait() -> None:
    """A spot job ends when all its time is over."""
    found = steps(JobScript(starting=50), 100, max_run=60, max_wait=40)

    assert [
        Step(100, "InProgress", "Starting"),
        Step(140, "Stopped", "MaxWaitTimeExceeded"),
    ] == found


def test_stop() -> None:
    """A job that is stopped is stopping for a while."""
    found = steps(SHORT, 100, 60, stopped=104)

    assert ["Starting", "Downloading", "Training", "Stopping", "Stopped"] == names(found)
    assert (Step(104, "Stopping", "Stopping"), Step(120, "Stopped", "Stopped")) == tuple(found[-2:])


def test_stop_after_the_end() -> None:
    """A job that has ended stays as it is."""
    assert steps(SHORT, 100, 60) == steps(SHORT, 100, 60, stopped=200)


@given(SCENARIOS, SECONDS, st.floats(1, 1e6), st.none() | SECONDS, st.none() | SECONDS)
def test_every_timeline(
    scenario: JobScript, created: float, run: float, wait: float | None, stopped: float | None
) -> None:
    """Time never goes back, and a job ends once."""
    moment = None if stopped is None else created + stopped
    found = steps(scenario, created, run, wait, moment)

    assert created == found[0].time
    assert all(before.time <= after.time for before, after in itertools.pairwise(found))
    assert [False] * (len(found) - 1) + [True] == [step.status in FINAL for step in found]
    assert all(step.message for step in found)
