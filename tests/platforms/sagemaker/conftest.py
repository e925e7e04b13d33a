"""AWS on loopback, for the tests of this platform."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any
from urllib.request import Request, urlopen

import boto3
import pytest
from moto.server import ThreadedMotoServer

from rlcore import RLEstimator
from rlcore.platforms.sagemaker import watching
from rlcore.testing import FakeSageMaker, ManualClock

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from rlcore.training import TrainingJob


@pytest.fixture
def moto() -> Iterator[str]:
    """Run S3, STS and IAM on loopback, empty but for the role `MyRole`; return the address."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ENDPOINT_URL", f"http://{host}:{port}")
        patch.setenv("AWS_ACCESS_KEY_ID", "test")
        patch.setenv("AWS_SECRET_ACCESS_KEY", "test")
        patch.setenv("AWS_REGION", "us-west-2")
        urlopen(Request(f"http://{host}:{port}/moto-api/reset", method="POST")).close()
        boto3.client("iam", region_name="us-west-2").create_role(
            RoleName="MyRole", AssumeRolePolicyDocument="{}"
        )
        yield os.environ["AWS_ENDPOINT_URL"]
    server.stop()


class Session:
    """A session whose large clients are made once for all tests, as the SDK's brings its own."""

    def __init__(self) -> None:
        """Make them; the environment says where the fake is."""
        self.boto_session = boto3.Session("fake", "fake", region_name="us-west-2")
        self.sagemaker_client = self.boto_session.client("sagemaker")
        self.s3_client = self.boto_session.client("s3")


@pytest.fixture(scope="module")
def clock() -> ManualClock:
    """Return the clock of the fake, and of whoever waits."""
    return ManualClock()


@pytest.fixture(scope="module")
def service(clock: ManualClock) -> Iterator[FakeSageMaker]:
    """Run a fake SageMaker; waiting moves its clock."""
    with FakeSageMaker(clock=clock) as fake, pytest.MonkeyPatch.context() as patch:
        for name, value in fake.environ.items():
            patch.setenv(name, value)
        waiting = {**(watching.events.__kwdefaults__ or {}), "clock": clock, "sleep": clock.advance}
        patch.setattr(watching.events, "__kwdefaults__", waiting)
        yield fake


@pytest.fixture(scope="module")
def session(service: FakeSageMaker) -> Session:
    """Return a session that every estimator may use."""
    del service
    return Session()


@pytest.fixture
def aws(service: FakeSageMaker) -> FakeSageMaker:
    """Return the fake as new."""
    service.reset()
    return service


@pytest.fixture
def estimator(session: Session, source: Path) -> Callable[..., RLEstimator]:
    """Return what makes an estimator for two hosts of SageMaker."""

    def make(**given: Any) -> RLEstimator:
        arguments = {
            "toolkit": "ray",
            "toolkit_version": "2.60.0",
            "framework": "pytorch",
            "role": "MyRole",
            "instance_type": "ml.m5.large",
            "instance_count": 2,
            "sagemaker_session": session,
            **given,
        }
        return RLEstimator("train.py", source_dir=source, **arguments)

    return make


@pytest.fixture
def started(estimator: Callable[..., RLEstimator]) -> Callable[..., TrainingJob]:
    """Return what starts a job without waiting for it."""

    def start(**given: Any) -> TrainingJob:
        training = estimator(**given)
        training.fit(wait=False)
        return training.jobs[-1]

    return start


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """Return a folder with a training script."""
    folder = tmp_path / "src"
    folder.mkdir()
    (folder / "train.py").write_text("print(1)")
    return folder
