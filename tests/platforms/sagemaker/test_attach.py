"""Jobs that the original started are attached as the original attached them.

`original.json` has what its release 1.72.1 made of each; what is different on purpose stands in
`OTHERWISE`, each with its reason.
"""

from __future__ import annotations

import ast
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from rlcore import RLEstimator
from rlcore.errors import InvalidArgument, RLCoreError, TrainingFailed
from rlcore.testing import FakeSageMaker, JobScript, ManualClock

if TYPE_CHECKING:
    from conftest import Session

ORIGINAL = json.loads(
    Path(__file__)
    .with_name("original.json")
    .read_text("utf-8")
    .replace("111122223333", "123456789012")
)
ECR = "520713654638.dkr.ecr.us-west-2.amazonaws.com"
COACH_MXNET = f"{ECR}/sagemaker-rl-mxnet:coach0.11.0-cpu-py3"
# Name of the scenario -> image of the job.
ATTACHED = {
    "attach_coach_mxnet": COACH_MXNET,
    "attach_custom": "rl:latest",
    "attach_ray": f"{ECR}/sagemaker-rl-tensorflow:ray0.6.5-cpu-py3",
}
# Name of the scenario -> image of the job, and our error.
REFUSED: dict[str, tuple[str, type[RLCoreError]]] = {
    "attach_failed_job": (COACH_MXNET, TrainingFailed),
    "attach_legacy_mxnet": (f"{ECR}/sagemaker-mxnet-py2-cpu:1.0.4", InvalidArgument),
    "attach_plain_mxnet": (f"{ECR}/sagemaker-mxnet:1.3-cpu-py3", InvalidArgument),
    "attach_unsupported_version": (
        f"{ECR}/sagemaker-rl-tensorflow:coach0.9-cpu-py3",
        InvalidArgument,
    ),
}
# Attribute -> the reason why it is not the original's.
OTHERWISE = {
    "_hyperparameters": "the user's alone: what is written for the image is made for each job",
    "output_kms_key": "what was not given is None, not an empty text",
}
# What only jobs of a toolkit have.
OF_A_TOOLKIT = ("toolkit", "toolkit_version", "framework", "framework_version")
FAILED = JobScript(outcome="Failed", failure_reason="AlgorithmError: boom")


def attached(session: Session, clock: ManualClock, name: str, image: str) -> RLEstimator:
    """Let a job of the original come to its end, and attach it."""
    result = ORIGINAL[name]["result"]
    face = result if isinstance(result, dict) else ORIGINAL["attach_coach_mxnet"]["result"]
    given = ast.literal_eval(face["_hyperparameters"])
    session.sagemaker_client.create_training_job(
        TrainingJobName="neo",
        RoleArn=face["role"],
        AlgorithmSpecification={"TrainingImage": image, "TrainingInputMode": "File"},
        HyperParameters={each: json.dumps(value) for each, value in given.items()},
        OutputDataConfig={"S3OutputPath": face["output_path"]},
        ResourceConfig={"InstanceType": "ml.m4.xlarge", "InstanceCount": 1, "VolumeSizeInGB": 30},
        StoppingCondition={"MaxRuntimeInSeconds": 86400},
        Tags=[{"Key": "k", "Value": "v"}],
    )
    clock.advance(1000)
    return RLEstimator.attach("neo", platform="sagemaker", sagemaker_session=session)


def as_there(estimator: RLEstimator, attribute: str) -> str:
    """Return an attribute as the original spelt it."""
    value: Any = getattr(estimator, attribute)
    if attribute == "tags":
        value = [{"Key": key, "Value": each} for key, each in value.items()]
    if attribute == "metric_definitions" and value:
        value = [{"Name": each.name, "Regex": each.regex} for each in value]
    return str(value)


@pytest.mark.parametrize("name", ATTACHED)
def test_the_originals_attributes(
    aws: FakeSageMaker, session: Session, clock: ManualClock, name: str
) -> None:
    """Each has the same value, or is absent as there, but for those with a reason."""
    del aws
    expected = ORIGINAL[name]["result"]
    estimator = attached(session, clock, name, ATTACHED[name])

    compared = [attribute for attribute in expected if attribute not in OTHERWISE]
    assert {each: expected[each] for each in compared} == {
        each: as_there(estimator, each) for each in compared
    }
    assert [each in expected for each in OF_A_TOOLKIT] == [
        hasattr(estimator, each) for each in OF_A_TOOLKIT
    ]


def test_what_is_different(aws: FakeSageMaker, session: Session, clock: ManualClock) -> None:
    """What has a reason to differ does, so that no reason outlives its difference."""
    del aws
    estimator = attached(session, clock, "attach_ray", ATTACHED["attach_ray"])
    job = estimator.jobs[-1]

    assert {} == dict(job.request.hyperparameters)
    assert estimator.output_kms_key is None


@pytest.mark.parametrize("name", REFUSED)
def test_what_the_original_refused(
    aws: FakeSageMaker, session: Session, clock: ManualClock, name: str
) -> None:
    """The same builtin error in the same words; a job that failed has its reason in the error."""
    image, error = REFUSED[name]
    aws.script(None, FAILED if error is TrainingFailed else JobScript())
    message = ORIGINAL[name]["result"].partition(": ")[2]
    with pytest.raises(error) as raised:
        attached(session, clock, name, image)

    assert isinstance(raised.value, ValueError)  # `UnexpectedStatusException` was one, too
    assert message in str(raised.value)


def test_every_scenario_has_its_place() -> None:
    """All that the original attached is here, but for the one that `test_original` overrules."""
    there = {name for name in ORIGINAL if name.startswith("attach_")}
    assert there - {"attach_new_ray_container"} == {*ATTACHED, *REFUSED}
