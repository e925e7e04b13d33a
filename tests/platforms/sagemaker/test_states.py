"""The service's states, and ours."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

import pytest
from botocore.loaders import Loader

from rlcore.platforms.sagemaker import states
from rlcore.spec import JobState

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=timezone.utc)
SHAPES = Loader().load_service_model("sagemaker", "service-2")["shapes"]


def described(**fields: Any) -> dict[str, Any]:
    """Return what DescribeTrainingJob answers."""
    return {
        "TrainingJobName": "job",
        "TrainingJobStatus": "InProgress",
        "SecondaryStatus": "Training",
        "CreationTime": NOW,
        "LastModifiedTime": NOW,
        "OutputDataConfig": {"S3OutputPath": "s3://b/out"},
        **fields,
    }


def test_every_state_of_the_service_is_known() -> None:
    """The table names all that the service's model has."""
    assert set(SHAPES["TrainingJobStatus"]["enum"]) == set(states.STATES)


@pytest.mark.parametrize("secondary", SHAPES["SecondaryStatus"]["enum"])
def test_what_a_job_in_progress_does(secondary: str) -> None:
    """Until its script can run it is pending."""
    waiting = {"Starting", "Pending", "LaunchingMLInstances", "PreparingTrainingStack"}
    expected = JobState.PENDING if secondary in waiting else JobState.RUNNING

    assert expected is states.job_state(described(SecondaryStatus=secondary))


def test_a_job_that_succeeded() -> None:
    """Addresses, times and what is paid for are there."""
    status = states.job_status(
        described(
            TrainingJobStatus="Completed",
            SecondaryStatus="Completed",
            SecondaryStatusTransitions=[
                {"Status": "Completed", "StatusMessage": "Training job completed"}
            ],
            TrainingStartTime=NOW,
            TrainingEndTime=NOW,
            TrainingTimeInSeconds=100,
            BillableTimeInSeconds=40,
            ModelArtifacts={"S3ModelArtifacts": "s3://b/out/job/output/model.tar.gz"},
        ),
        "ray 2.60.0",
    )

    moment = NOW.timestamp()
    assert (JobState.SUCCEEDED, "Completed: Training job completed", None) == (
        status.state,
        status.stage,
        status.failure_reason,
    )
    assert (moment, moment, moment) == (status.created_at, status.started_at, status.ended_at)
    assert "s3://b/out/job/output/model.tar.gz" == status.model_data
    assert "s3://b/out/job/output/output.tar.gz" == status.output_data
    assert (100, 40, "ray 2.60.0") == (
        status.training_seconds,
        status.billable_seconds,
        status.release,
    )


@pytest.mark.parametrize(
    ("secondary", "reason"),
    [
        ("Stopped", None),
        ("MaxRuntimeExceeded", "max_run was reached"),
        ("MaxWaitTimeExceeded", "max_wait was reached before spare capacity was enough"),
        ("Interrupted", "the spot instances were taken away"),
    ],
)
def test_why_a_job_stopped(secondary: str, reason: str | None) -> None:
    """Whoever did not stop it reads why it stopped."""
    status = states.job_status(
        described(TrainingJobStatus="Stopped", SecondaryStatus=secondary), ""
    )

    assert (JobState.STOPPED, reason) == (status.state, status.failure_reason)


def test_a_job_that_runs_has_no_artefacts() -> None:
    """What is not there yet has no address."""
    status = states.job_status(described(), "")

    assert (None, None, None) == (status.model_data, status.output_data, status.ended_at)
    assert "Training" == status.stage


def test_a_line_of_the_list() -> None:
    """It has less than a description, and that is told."""
    line = {
        "TrainingJobName": "job",
        "TrainingJobStatus": "Failed",
        "CreationTime": NOW,
        "TrainingEndTime": NOW,
    }
    status = states.listed_status(line)

    assert ("job", JobState.FAILED, NOW.timestamp()) == (status.name, status.state, status.ended_at)
