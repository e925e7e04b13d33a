"""The platforms and hostings that there are keep the contracts of theirs."""

from __future__ import annotations

import io
import sys
import tarfile
from typing import TYPE_CHECKING

import attrs
import pytest
from memory_hosting import MemoryHosting
from memory_platform import MemoryPlatform

from rlcore import Environment, FrameworkModel, RLEstimator, ToolkitRelease, source
from rlcore.endpoints import Deployment, ModelRequest
from rlcore.platforms.local.platform import LocalPlatform
from rlcore.platforms.sagemaker import watching
from rlcore.platforms.sagemaker.platform import SageMakerPlatform
from rlcore.spec import JobRequest, Resources
from rlcore.testing import (
    EndpointScript,
    FakeSageMaker,
    HostingContract,
    JobScript,
    ManualClock,
    PlatformContract,
    TrialJob,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from rlcore import Hosting
    from rlcore.platforms.base import Platform

IMAGE = "123456789012.dkr.ecr.us-west-2.amazonaws.com/mine:1.0"
LINES = ("first", "rlcore step=1 time=0.1 reward=1", "last")
SERVING = """
def model_fn(model_dir):
    return None
def transform_fn(model, body, content_type, accept):
    return body
"""
PYTHON = f"=={sys.version_info.major}.{sys.version_info.minor}.*"
HERE = Environment(python=PYTHON, requirements=())
RELEASE = ToolkitRelease(toolkit="toy", version="1.0", training=HERE, serving=HERE)


@pytest.fixture
def script(tmp_path: Path) -> Path:
    """Return a script that prints the lines."""
    path = tmp_path / "source/train.py"
    path.parent.mkdir()
    path.write_text("".join(f"print({line!r})\n" for line in LINES))
    return path


def trial_of(script: Path) -> TrialJob:
    """Return a job of the script, with whatever a request may hold."""
    request = JobRequest(
        name="trial",
        release=RELEASE,
        entry_point="train.py",
        hyperparameters={"lr": 0.5},
        environment={"MINE": "yes"},
        tags={"team": "blue"},
        resources=Resources(max_run=600),
        metric_definitions=(),
    )
    return TrialJob(request=request, bundle=source.bundle("train.py", script.parent), lines=LINES)


def model_of(folder: Path) -> str:
    """Return an archive whose inference code sends back what it is sent."""
    path = folder / "model.tar.gz"
    with tarfile.open(path, "w:gz") as archive:
        member = tarfile.TarInfo("code/inference.py")
        member.size = len(SERVING)
        archive.addfile(member, io.BytesIO(SERVING.encode()))
    return str(path)


class TestLocalPlatform(PlatformContract):
    """Jobs of this machine."""

    @pytest.fixture
    def platform(self, rlcore_home: Path) -> Platform:
        """Return the platform, with a home of its own."""
        return LocalPlatform(home=rlcore_home, grace=1.0)

    @pytest.fixture
    def trial(self, script: Path) -> TrialJob:
        """Return a job that needs no packages."""
        return trial_of(script)


class TestLocalHosting(HostingContract):
    """Endpoints of this machine."""

    @pytest.fixture
    def hosting(self, rlcore_home: Path) -> Hosting:
        """Return the hosting, with a home of its own."""
        return LocalPlatform(home=rlcore_home).hosting

    @pytest.fixture
    def trial(self, tmp_path: Path) -> Deployment:
        """Return a model that is served by its own code."""
        model = ModelRequest(release=RELEASE, model_data=model_of(tmp_path))
        return Deployment(name="trial", model=model)


class TestMemoryPlatform(PlatformContract):
    """The platform of our tests."""

    @pytest.fixture
    def platform(self) -> Platform:
        """Return the platform."""
        return MemoryPlatform(LINES)

    @pytest.fixture
    def trial(self, script: Path) -> TrialJob:
        """Return any job."""
        return trial_of(script)


class TestMemoryHosting(HostingContract):
    """The hosting of our tests."""

    @pytest.fixture
    def hosting(self) -> Hosting:
        """Return the hosting."""
        return MemoryHosting()

    @pytest.fixture
    def trial(self) -> Deployment:
        """Return any model."""
        return Deployment(
            name="trial", model=ModelRequest(release=RELEASE, model_data="s3://b/model.tar.gz")
        )


@pytest.fixture
def aws() -> Iterator[FakeSageMaker]:
    """Run a fake SageMaker; waiting moves its clock."""
    clock = ManualClock()
    with FakeSageMaker(clock=clock) as fake, pytest.MonkeyPatch.context() as patch:
        for name, value in fake.environ.items():
            patch.setenv(name, value)
        waiting = {**(watching.events.__kwdefaults__ or {}), "clock": clock, "sleep": clock.advance}
        patch.setattr(watching.events, "__kwdefaults__", waiting)
        fake.script(None, JobScript(lines=tuple((n, 1, line) for n, line in enumerate(LINES))))
        fake.script_endpoint(None, EndpointScript(creating=0.0))
        yield fake


@pytest.mark.usefixtures("aws")
class TestSageMakerPlatform(PlatformContract):
    """Jobs of the service, as its fake runs them."""

    @pytest.fixture
    def platform(self) -> Platform:
        """Return the platform."""
        return SageMakerPlatform()

    @pytest.fixture
    def trial(self, script: Path) -> TrialJob:
        """Return a job as the estimator asks for it."""
        estimator = RLEstimator(
            "train.py",
            source_dir=script.parent,
            toolkit="ray",
            toolkit_version="2.60.0",
            framework="pytorch",
            role="MyRole",
            instance_type="ml.m5.large",
            instance_count=1,
            hyperparameters={"lr": 0.5},
        )
        packed = source.bundle("train.py", script.parent)
        request = estimator.plan(job_name="trial").request
        return TrialJob(
            request=attrs.evolve(request, source_digest=packed.digest), bundle=packed, lines=LINES
        )


class TestSageMakerHosting(HostingContract):
    """Endpoints of the service, as its fake runs them; it takes its time to delete one."""

    @pytest.fixture(autouse=True)
    def moved(self, aws: FakeSageMaker) -> None:
        """Know the clock of the fake."""
        self.clock = aws.clock

    def pause(self, seconds: float) -> None:
        """Move the fake's clock."""
        del seconds
        self.clock.advance(1.0)

    @pytest.fixture
    def hosting(self, aws: FakeSageMaker) -> Hosting:
        """Return the hosting."""
        aws.answer("trial", self.body)
        return SageMakerPlatform().hosting

    @pytest.fixture
    def trial(self) -> Deployment:
        """Return a model in an image of one's own."""
        model = ModelRequest(
            release=None, model_data="s3://bucket/model.tar.gz", role="MyRole", image_uri=IMAGE
        )
        return Deployment(
            name="trial",
            model=model,
            instance_type="ml.m5.large",
            container=lambda request, *where: FrameworkModel(request).container(*where),
        )
