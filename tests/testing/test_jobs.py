"""Training jobs of the fake, seen by a real client."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from rlcore.testing import JobScript

if TYPE_CHECKING:
    from collections.abc import Callable

    from rlcore.testing import FakeSageMaker

SHORT = JobScript(starting=10, downloading=10, training=100, uploading=10, stopping=10)
ARN = "arn:aws:sagemaker:us-west-2:111122223333:training-job/job"
EVERYTHING: dict[str, Any] = {
    "HyperParameters": {"lr": "0.1"},
    "InputDataConfig": [
        {
            "ChannelName": "training",
            "DataSource": {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": "s3://b/data"}},
        }
    ],
    "VpcConfig": {"SecurityGroupIds": ["sg-1"], "Subnets": ["subnet-1"]},
    "EnableNetworkIsolation": True,
    "EnableInterContainerTrafficEncryption": True,
    "EnableManagedSpotTraining": True,
    "CheckpointConfig": {"S3Uri": "s3://b/checkpoints", "LocalPath": "/opt/ml/checkpoints"},
    "Environment": {"DEBUG": "1"},
    "RetryStrategy": {"MaximumRetryAttempts": 2},
    "StoppingCondition": {"MaxRuntimeInSeconds": 3600, "MaxWaitTimeInSeconds": 7200},
    "DebugHookConfig": {"S3OutputPath": "s3://b/debug"},
    "TensorBoardOutputConfig": {"S3OutputPath": "s3://b/board"},
    "ExperimentConfig": {"ExperimentName": "trial"},
    "ProfilerConfig": {"S3OutputPath": "s3://b/profile"},
}


@pytest.fixture
def status(sagemaker: Any) -> Callable[[], tuple[str, str]]:
    """Return what tells both states of the job."""

    def tell() -> tuple[str, str]:
        found = sagemaker.describe_training_job(TrainingJobName="job")
        return found["TrainingJobStatus"], found["SecondaryStatus"]

    return tell


def refusal(raised: pytest.ExceptionInfo[ClientError]) -> tuple[str, str, int]:
    """Return code, message and HTTP status of an error."""
    found: Any = raised.value.response
    status = found["ResponseMetadata"]["HTTPStatusCode"]
    return found["Error"]["Code"], found["Error"]["Message"], status


def test_a_job_moves_by_the_clock_alone(
    aws: FakeSageMaker, sagemaker: Any, job: Any, status: Callable[[], tuple[str, str]]
) -> None:
    """Each stage takes what the scenario says, and nothing happens meanwhile."""
    aws.script("job", SHORT)
    sagemaker.create_training_job(**job())
    seen = [status(), status()]

    for seconds in (9, 1, 10, 100, 10):
        aws.clock.advance(seconds)
        seen.append(status())

    assert [
        ("InProgress", "Starting"),
        ("InProgress", "Starting"),
        ("InProgress", "Starting"),
        ("InProgress", "Downloading"),
        ("InProgress", "Training"),
        ("InProgress", "Uploading"),
        ("Completed", "Completed"),
    ] == seen


def test_what_was_sent_comes_back(sagemaker: Any, job: Any) -> None:
    """DescribeTrainingJob has every field of the request but the tags, which ListTags has."""
    request = job(**EVERYTHING)
    sagemaker.create_training_job(**request, Tags=[{"Key": "a", "Value": "b"}])

    found = sagemaker.describe_training_job(TrainingJobName="job")

    assert request == {name: found[name] for name in request}
    added = set(found) - set(request) - {"ResponseMetadata"}
    assert {
        *("TrainingJobArn", "TrainingJobStatus", "SecondaryStatus", "CreationTime"),
        *("SecondaryStatusTransitions", "LastModifiedTime"),
    } == added
    assert [{"Key": "a", "Value": "b"}] == sagemaker.list_tags(ResourceArn=ARN)["Tags"]


def test_what_a_completed_job_tells(aws: FakeSageMaker, sagemaker: Any, job: Any) -> None:
    """Times, seconds, transitions and the model are there, as the service has them."""
    aws.script(None, JobScript(**{**_fields(SHORT), "billable": 0.25}))
    sagemaker.create_training_job(**job())
    aws.clock.advance(1000)

    found = sagemaker.describe_training_job(TrainingJobName="job")

    created = found["CreationTime"].timestamp()
    assert ARN == found["TrainingJobArn"]
    assert created + 10 == found["TrainingStartTime"].timestamp()
    assert created + 130 == found["TrainingEndTime"].timestamp()
    assert (120, 30) == (found["TrainingTimeInSeconds"], found["BillableTimeInSeconds"])
    assert {"S3ModelArtifacts": "s3://bucket/out/job/output/model.tar.gz"} == (
        found["ModelArtifacts"]
    )
    assert "FailureReason" not in found
    transitions = [
        (
            each["Status"],
            each["StartTime"].timestamp() - created,
            each["EndTime"].timestamp() - created,
        )
        for each in found["SecondaryStatusTransitions"]
    ]
    assert [
        ("Starting", 0, 10),
        ("Downloading", 10, 20),
        ("Training", 20, 120),
        ("Uploading", 120, 130),
        ("Completed", 130, 130),
    ] == transitions


def _fields(scenario: JobScript) -> dict[str, Any]:
    return {
        name: getattr(scenario, name)
        for name in ("starting", "downloading", "training", "uploading")
    }


def test_there_is_no_model_before_the_upload(aws: FakeSageMaker, sagemaker: Any, job: Any) -> None:
    """The field is left out until there is one."""
    sagemaker.create_training_job(**job())
    aws.clock.advance(100)

    assert "ModelArtifacts" not in sagemaker.describe_training_job(TrainingJobName="job")


def test_a_job_that_fails(aws: FakeSageMaker, sagemaker: Any, job: Any) -> None:
    """It has a reason, and no model."""
    aws.script(None, JobScript(outcome="Failed", failure_reason="AlgorithmError: no reward"))
    sagemaker.create_training_job(**job())
    aws.clock.advance(1000)

    found = sagemaker.describe_training_job(TrainingJobName="job")

    assert ("Failed", "Failed") == (found["TrainingJobStatus"], found["SecondaryStatus"])
    assert "AlgorithmError: no reward" == found["FailureReason"]
    assert "ModelArtifacts" not in found


def test_a_job_that_is_stopped(
    aws: FakeSageMaker, sagemaker: Any, job: Any, status: Callable[[], tuple[str, str]]
) -> None:
    """It is stopping for a while, and leaves a model."""
    aws.script(None, SHORT)
    sagemaker.create_training_job(**job())
    aws.clock.advance(50)

    sagemaker.stop_training_job(TrainingJobName="job")

    assert ("Stopping", "Stopping") == status()
    sagemaker.stop_training_job(TrainingJobName="job")
    aws.clock.advance(10)
    assert ("Stopped", "Stopped") == status()
    found = sagemaker.describe_training_job(TrainingJobName="job")
    assert "ModelArtifacts" in found


def test_a_job_that_is_stopped_before_it_trains(
    aws: FakeSageMaker, sagemaker: Any, job: Any
) -> None:
    """It never ran: no model, and no seconds to pay for."""
    sagemaker.create_training_job(**job())
    sagemaker.stop_training_job(TrainingJobName="job")
    aws.clock.advance(100)

    found = sagemaker.describe_training_job(TrainingJobName="job")

    assert "Stopped" == found["TrainingJobStatus"]
    assert not {"ModelArtifacts", "BillableTimeInSeconds", "TrainingStartTime"} & set(found)


def test_stopping_a_job_that_has_ended(aws: FakeSageMaker, sagemaker: Any, job: Any) -> None:
    """The service refuses it, and says in which state the job is."""
    sagemaker.create_training_job(**job())
    aws.clock.advance(1000)

    with pytest.raises(ClientError) as raised:
        sagemaker.stop_training_job(TrainingJobName="job")

    msg = "The request was rejected because the training job is in status Completed."
    assert ("ValidationException", msg, 400) == refusal(raised)


def test_a_name_that_is_taken(aws: FakeSageMaker, sagemaker: Any, job: Any) -> None:
    """A second job of a name is refused, and the first goes on as it was."""
    sagemaker.create_training_job(**job())
    with pytest.raises(ClientError) as raised:
        sagemaker.create_training_job(**job(Environment={"OTHER": "1"}))

    assert "ResourceInUse" == refusal(raised)[0]
    assert "Environment" not in aws.jobs["job"].request


@pytest.mark.parametrize("operation", ["describe_training_job", "stop_training_job"])
def test_a_job_that_nobody_made(sagemaker: Any, operation: str) -> None:
    """It is not found, in the service's words."""
    with pytest.raises(ClientError) as raised:
        getattr(sagemaker, operation)(TrainingJobName="ghost")

    assert ("ValidationException", "Requested resource not found.", 400) == refusal(raised)


def test_lists_in_pages(aws: FakeSageMaker, sagemaker: Any, job: Any) -> None:
    """Every job comes once, newest first."""
    for number in range(23):
        sagemaker.create_training_job(**job(f"job-{number:02}"))
        aws.clock.advance(1)

    pages = list(sagemaker.get_paginator("list_training_jobs").paginate(MaxResults=5))

    names = [each["TrainingJobName"] for page in pages for each in page["TrainingJobSummaries"]]
    assert [f"job-{number:02}" for number in reversed(range(23))] == names
    assert [5, 5, 5, 5, 3] == [len(page["TrainingJobSummaries"]) for page in pages]


def test_lists_of_some(aws: FakeSageMaker, sagemaker: Any, job: Any) -> None:
    """Jobs are found by a part of their names, by state and by time, in the order asked for."""
    aws.script("b-one", JobScript(outcome="Failed"))
    for name in ("b-one", "c-one", "a-one", "other"):
        sagemaker.create_training_job(**job(name))
    aws.clock.advance(1000)
    sagemaker.create_training_job(**job("d-one"))

    def listed(**asked: Any) -> list[str]:
        found = sagemaker.list_training_jobs(SortBy="Name", SortOrder="Ascending", **asked)
        return [each["TrainingJobName"] for each in found["TrainingJobSummaries"]]

    assert ["a-one", "b-one", "c-one", "d-one"] == listed(NameContains="one")
    assert ["b-one"] == listed(StatusEquals="Failed")
    now = datetime.fromtimestamp(aws.clock() - 1, timezone.utc)
    assert ["d-one"] == listed(CreationTimeAfter=now)


def test_a_token_that_nobody_gave(sagemaker: Any) -> None:
    """It is refused."""
    with pytest.raises(ClientError, match="token in the request is not valid"):
        sagemaker.list_training_jobs(NextToken="x")


def test_the_last_values_of_metrics(aws: FakeSageMaker, sagemaker: Any, job: Any) -> None:
    """FinalMetricDataList has the last value of each metric that came."""
    aws.script(None, JobScript(lines=((1, 1, "reward=1.5"), (70, 1, "reward=2.5"))))
    definitions = [
        {"Name": "reward", "Regex": "reward=([0-9.]+)"},
        {"Name": "loss", "Regex": "loss=([0-9.]+)"},
    ]
    algorithm = {**job()["AlgorithmSpecification"], "MetricDefinitions": definitions}
    sagemaker.create_training_job(**job(AlgorithmSpecification=algorithm))
    created = aws.clock()
    aws.clock.advance(1000)

    (found,) = sagemaker.describe_training_job(TrainingJobName="job")["FinalMetricDataList"]

    assert ("reward", 2.5) == (found["MetricName"], found["Value"])
    assert created + 150 == found["Timestamp"].timestamp()


def test_tags(sagemaker: Any, job: Any) -> None:
    """Tags are added, replaced and listed in pages; a resource without any has none."""
    sagemaker.create_training_job(**job())
    assert [] == sagemaker.list_tags(ResourceArn=ARN)["Tags"]
    tags = [{"Key": f"k{number}", "Value": "x"} for number in range(12)]

    sagemaker.add_tags(ResourceArn=ARN, Tags=tags)
    sagemaker.add_tags(ResourceArn=ARN, Tags=[{"Key": "k0", "Value": "y"}])

    pages = list(sagemaker.get_paginator("list_tags").paginate(ResourceArn=ARN))
    found = {each["Key"]: each["Value"] for page in pages for each in page["Tags"]}
    assert 2 == len(pages)
    assert {**{tag["Key"]: "x" for tag in tags}, "k0": "y"} == found
