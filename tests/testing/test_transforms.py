"""Transform jobs of the fake, used by a real client."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from rlcore.testing import TransformScript

if TYPE_CHECKING:
    from rlcore.testing import FakeSageMaker

ROLE = "arn:aws:iam::111122223333:role/MyRole"
REQUEST: dict[str, Any] = {
    "TransformJobName": "job",
    "ModelName": "policy",
    "TransformInput": {
        "DataSource": {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": "s3://b/in"}}
    },
    "TransformOutput": {"S3OutputPath": "s3://b/out"},
    "TransformResources": {"InstanceType": "ml.m5.large", "InstanceCount": 1},
}


@pytest.fixture
def started(aws: FakeSageMaker, sagemaker: Any) -> Any:
    """Return a client of SageMaker, where a transform job was started."""
    aws.script_transform(None, TransformScript(starting=10, transforming=10, stopping=5))
    sagemaker.create_model(
        ModelName="policy", ExecutionRoleArn=ROLE, PrimaryContainer={"Image": "image:1"}
    )
    sagemaker.create_transform_job(**REQUEST)
    return sagemaker


def describe(client: Any) -> dict[str, Any]:
    """Return the job without what every answer has."""
    found: dict[str, Any] = client.describe_transform_job(TransformJobName="job")
    del found["ResponseMetadata"]
    return found


def test_a_job_that_completes(aws: FakeSageMaker, started: Any) -> None:
    """It has what was sent, and its times as they come."""
    created = aws.clock()
    found = describe(started)
    assert created == found.pop("CreationTime").timestamp()
    arn = "arn:aws:sagemaker:us-west-2:111122223333:transform-job/job"
    assert {**REQUEST, "TransformJobArn": arn, "TransformJobStatus": "InProgress"} == found

    aws.clock.advance(20)

    found = describe(started)
    assert "Completed" == found["TransformJobStatus"]
    assert created + 10 == found["TransformStartTime"].timestamp()
    assert created + 20 == found["TransformEndTime"].timestamp()


def test_a_job_that_is_stopped(aws: FakeSageMaker, started: Any) -> None:
    """It is stopping for a while; once it has ended there is nothing to stop."""
    started.stop_transform_job(TransformJobName="job")
    assert "Stopping" == describe(started)["TransformJobStatus"]
    aws.clock.advance(5)

    assert "Stopped" == describe(started)["TransformJobStatus"]
    with pytest.raises(ClientError, match="transform job is in status Stopped"):
        started.stop_transform_job(TransformJobName="job")


def test_a_job_that_fails(aws: FakeSageMaker, started: Any) -> None:
    """It has its reason."""
    aws.script_transform("job", TransformScript(failure_reason="Bad input."))
    aws.clock.advance(120)

    found = describe(started)

    assert ("Failed", "Bad input.") == (found["TransformJobStatus"], found["FailureReason"])


def test_a_name_that_is_taken(started: Any) -> None:
    """A second job of a name is refused."""
    with pytest.raises(started.exceptions.ResourceInUse, match="must be unique"):
        started.create_transform_job(**REQUEST)


def test_what_is_not_there(sagemaker: Any) -> None:
    """A job needs its model, and one that nobody made is not found."""
    with pytest.raises(ClientError, match="Could not find model"):
        sagemaker.create_transform_job(**REQUEST)
    with pytest.raises(ClientError, match="Requested resource not found."):
        describe(sagemaker)
