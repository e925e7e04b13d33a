"""The service's words for the states of training jobs, and ours."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rlcore import storage
from rlcore.spec import JobState, JobStatus

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

STATES = {
    "InProgress": JobState.RUNNING,
    "Completed": JobState.SUCCEEDED,
    "Failed": JobState.FAILED,
    "Stopping": JobState.STOPPING,
    "Stopped": JobState.STOPPED,
    "Deleting": JobState.STOPPED,
}
"""By the service's `TrainingJobStatus`."""

# Secondary states of a job in progress whose script does not run yet.
_WAITING = {"Starting", "Pending", "LaunchingMLInstances", "PreparingTrainingStack"}
_REASONS = {
    "MaxRuntimeExceeded": "max_run was reached",
    "MaxWaitTimeExceeded": "max_wait was reached before spare capacity was enough",
    "Interrupted": "the spot instances were taken away",
}
"""Why a job stopped, by its secondary state."""


def job_status(description: Mapping[str, Any], release: str) -> JobStatus:
    """Return the status of a job, from what DescribeTrainingJob answers.

    Args:
        description: The answer.
        release: What trains, for lists.
    """
    state = job_state(description)
    name = description["TrainingJobName"]
    output = description.get("OutputDataConfig", {}).get("S3OutputPath", "")
    return JobStatus(
        name=name,
        state=state,
        stage=_stage(description),
        failure_reason=description.get("FailureReason") or _REASONS.get(_secondary(description)),
        created_at=_seconds(description["CreationTime"]) or 0.0,
        started_at=_seconds(description.get("TrainingStartTime")),
        ended_at=_ended(description) if state.final else None,
        model_data=description.get("ModelArtifacts", {}).get("S3ModelArtifacts") or None,
        output_data=storage.join(output, name, "output/output.tar.gz") if state.final else None,
        release=release,
        training_seconds=description.get("TrainingTimeInSeconds"),
        billable_seconds=description.get("BillableTimeInSeconds"),
    )


def job_state(description: Mapping[str, Any]) -> JobState:
    """Return the state of a job, from what DescribeTrainingJob or ListTrainingJobs answers."""
    status = description["TrainingJobStatus"]
    if status == "InProgress" and _secondary(description) in _WAITING:
        return JobState.PENDING
    return STATES[status]


def listed_status(summary: Mapping[str, Any]) -> JobStatus:
    """Return the status of a job, from its line of what ListTrainingJobs answers."""
    state = job_state(summary)
    return JobStatus(
        name=summary["TrainingJobName"],
        state=state,
        stage="" if state.final else _secondary(summary),
        created_at=_seconds(summary["CreationTime"]) or 0.0,
        ended_at=_ended(summary) if state.final else None,
    )


def _secondary(description: Mapping[str, Any]) -> str:
    return str(description.get("SecondaryStatus") or "")


def _stage(description: Mapping[str, Any]) -> str:
    """Return the secondary state, with the service's own words on it."""
    transitions = description.get("SecondaryStatusTransitions") or [{}]
    message = transitions[-1].get("StatusMessage")
    return f"{_secondary(description)}: {message}" if message else _secondary(description)


def _ended(description: Mapping[str, Any]) -> float | None:
    return _seconds(description.get("TrainingEndTime") or description.get("LastModifiedTime"))


def _seconds(moment: datetime | None) -> float | None:
    return moment.timestamp() if moment else None
