"""Requests and answers, against the models of AWS."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from rlcore.testing import wire
from rlcore.testing.errors import Refusal

if TYPE_CHECKING:
    from rlcore.testing import FakeSageMaker

PATTERN = "[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}"
AT_NAME = "at 'trainingJobName' failed to satisfy constraint: Member must"
WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "pattern": (
        {"TrainingJobName": "a_b"},
        f"Value 'a_b' {AT_NAME} satisfy regular expression pattern: {PATTERN}",
    ),
    "length": (
        {"OutputDataConfig": {"S3OutputPath": "s3://" + 1020 * "a"}},
        (
            f"Value 's3://{95 * 'a'}' at 'outputDataConfig.s3OutputPath' failed to satisfy"
            " constraint: Member must have length less than or equal to 1024"
        ),
    ),
    "missing": (
        {"RoleArn": None},
        "Value null at 'roleArn' failed to satisfy constraint: Member must not be null",
    ),
    "unknown": ({"Reward": 1}, "Unknown member 'reward'"),
    "enum": (
        {"AlgorithmSpecification": {"TrainingImage": "x", "TrainingInputMode": "Fast"}},
        (
            "Value 'Fast' at 'algorithmSpecification.trainingInputMode' failed to satisfy"
            " constraint: Member must satisfy enum value set: [Pipe, File, FastFile]"
        ),
    ),
    "type": (
        {"StoppingCondition": {"MaxRuntimeInSeconds": "60"}},
        (
            "Value '60' at 'stoppingCondition.maxRuntimeInSeconds' failed to satisfy constraint:"
            " Member must be of type integer"
        ),
    ),
    "truth": (
        {"StoppingCondition": {"MaxRuntimeInSeconds": True}},
        (
            "Value 'True' at 'stoppingCondition.maxRuntimeInSeconds' failed to satisfy constraint:"
            " Member must be of type integer"
        ),
    ),
    "number": (
        {"StoppingCondition": {"MaxRuntimeInSeconds": 0}},
        (
            "Value '0' at 'stoppingCondition.maxRuntimeInSeconds' failed to satisfy constraint:"
            " Member must have value greater than or equal to 1"
        ),
    ),
    "value of a map": (
        {"HyperParameters": {"lr": "x" * 2501}},
        (
            f"Value '{'x' * 100}' at 'hyperParameters.lr.value' failed to satisfy constraint:"
            " Member must have length less than or equal to 2500"
        ),
    ),
    "member of a list": (
        {"Tags": [{"Key": "a", "Value": "b"}, {"Key": "", "Value": "b"}]},
        (
            "Value '' at 'tags.2.member.key' failed to satisfy constraint:"
            " Member must have length greater than or equal to 1"
        ),
    ),
    "instance type": (
        {"ResourceConfig": {"InstanceType": "ml.m99.large", "VolumeSizeInGB": 1}},
        (
            "Value 'ml.m99.large' at 'resourceConfig.instanceType' failed to satisfy constraint:"
            " Member must satisfy enum value set: ["
        ),
    ),
}


@pytest.mark.parametrize(("fields", "told"), WRONG.values(), ids=WRONG)
def test_requests_that_are_wrong(job: Any, fields: dict[str, Any], told: str) -> None:
    """Each violation is told in the service's words."""
    request = {name: value for name, value in {**job(), **fields}.items() if value is not None}

    with pytest.raises(Refusal) as raised:
        wire.check_request("sagemaker", "CreateTrainingJob", request)

    assert str(raised.value).startswith(f"1 validation error detected: {told}")


def test_all_that_is_wrong_is_told_at_once(aws: FakeSageMaker, job: Any) -> None:
    """A real client that checks nothing by itself hears of two violations in one answer."""
    client = aws.session().client("sagemaker", config=Config(parameter_validation=False))
    request = job("a_b")
    del request["RoleArn"]

    with pytest.raises(ClientError) as raised:
        client.create_training_job(**request)

    error: Any = raised.value.response
    assert "ValidationException" == error["Error"]["Code"]
    assert 400 == error["ResponseMetadata"]["HTTPStatusCode"]
    assert error["Error"]["Message"].startswith("2 validation errors detected: Value null at")
    assert {} == dict(aws.jobs)


@pytest.mark.parametrize("operation", ["ListModels", "CreateHyperParameterTuningJob", "Nonsense"])
def test_operations_that_the_fake_does_not_have(operation: str, sagemaker: Any) -> None:
    """They are refused as unknown, rather than answered by half."""
    with pytest.raises(Refusal) as raised:
        wire.check_request("sagemaker", "Nonsense", {})
    assert "UnknownOperationException" == raised.value.code
    if operation == "ListModels":
        with pytest.raises(ClientError, match="UnknownOperationException.*no ListModels"):
            sagemaker.list_models()


def test_answers_that_the_service_never_gives() -> None:
    """The fake does not invent a field, or forget one."""
    with pytest.raises(Refusal, match="Unknown member 'reward'") as raised:
        wire.check_answer("sagemaker", "CreateTrainingJob", {"TrainingJobArn": "a", "Reward": 1})

    assert "FakeBroken" == raised.value.code
    with pytest.raises(Refusal, match="Value null at 'trainingJobArn'"):
        wire.check_answer("sagemaker", "CreateTrainingJob", {})


def test_answers_to_operations_that_have_none() -> None:
    """Nothing is what they answer."""
    wire.check_answer("sagemaker", "StopTrainingJob", {})
    with pytest.raises(Refusal):
        wire.check_answer("sagemaker", "StopTrainingJob", {"Stopped": True})
