"""A fake SageMaker whose clock stands still, and real clients of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from botocore.config import Config

from rlcore.testing import FakeSageMaker, ManualClock

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

START = 1_580_000_000.0
ACCOUNT = "111122223333"
IMAGE = f"{ACCOUNT}.dkr.ecr.us-west-2.amazonaws.com/my-image:1"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/MyRole"


@pytest.fixture(scope="module")
def fake() -> Iterator[FakeSageMaker]:
    """Run a fake for all tests of a module."""
    with FakeSageMaker(clock=ManualClock(START), account=ACCOUNT) as running:
        yield running


@pytest.fixture(scope="module")
def client(fake: FakeSageMaker) -> Callable[[str], Any]:
    """Return what makes a client of a service that tries once, for all tests of a module."""
    session, made = fake.session(), {}
    config = Config(retries={"total_max_attempts": 1}, read_timeout=10)

    def make(service: str) -> Any:
        if service not in made:
            made[service] = session.client(service, config=config)
        return made[service]

    return make


@pytest.fixture
def aws(fake: FakeSageMaker) -> FakeSageMaker:
    """Return the fake as new."""
    fake.reset()
    return fake


@pytest.fixture
def sagemaker(aws: FakeSageMaker, client: Callable[[str], Any]) -> Any:
    """Return a client of SageMaker."""
    del aws
    return client("sagemaker")


@pytest.fixture
def job() -> Callable[..., dict[str, Any]]:
    """Return what makes a request of CreateTrainingJob."""

    def make(name: str = "job", **fields: Any) -> dict[str, Any]:
        return {
            "TrainingJobName": name,
            "RoleArn": ROLE,
            "AlgorithmSpecification": {"TrainingImage": IMAGE, "TrainingInputMode": "File"},
            "OutputDataConfig": {"S3OutputPath": "s3://bucket/out"},
            "ResourceConfig": {
                "InstanceCount": 1,
                "InstanceType": "ml.m5.large",
                "VolumeSizeInGB": 30,
            },
            "StoppingCondition": {"MaxRuntimeInSeconds": 3600},
            **fields,
        }

    return make


@pytest.fixture
def served(sagemaker: Any) -> Callable[..., dict[str, Any]]:
    """Return what makes a model, its configuration and its endpoint, all of one name."""

    def make(name: str = "policy") -> dict[str, Any]:
        container = {"Image": IMAGE, "ModelDataUrl": "s3://bucket/model.tar.gz"}
        sagemaker.create_model(ModelName=name, ExecutionRoleArn=ROLE, PrimaryContainer=container)
        variant = {
            "VariantName": "AllTraffic",
            "ModelName": name,
            "InitialInstanceCount": 1,
            "InstanceType": "ml.m5.large",
        }
        sagemaker.create_endpoint_config(EndpointConfigName=name, ProductionVariants=[variant])
        made: dict[str, Any] = sagemaker.create_endpoint(EndpointName=name, EndpointConfigName=name)
        return made

    return make
