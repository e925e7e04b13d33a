"""Tests of the plugin `coach.mxnet`, loaded through its entry point."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from rlcore import Container, MetricDefinition, ModelRequest, ToolkitRegistry
from rlcore.errors import UnsupportedVersion
from rlcore.metrics import LearningCurve, MetricParser
from rlcore.spec import LogEvent
from rlscript_coach.running import LACKING

if TYPE_CHECKING:
    from rlcore.toolkit import Toolkit

LOG = Path(__file__).parent / "data/coach-0.11.0.txt"
G1 = "520713654638.dkr.ecr.us-west-2.amazonaws.com"
VERSIONS = ["0.11", "0.11.0"]


@pytest.fixture(scope="module")
def coach() -> Toolkit:
    """Return the plugin as the core sees it."""
    return ToolkitRegistry().toolkit("coach.mxnet")


def test_known_versions(coach: Toolkit) -> None:
    """Every version that ever had an image is known, oldest first."""
    assert tuple(VERSIONS) == coach.known_versions()


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize(
    ("instance_type", "processor"), [("ml.m5.large", "cpu"), ("ml.g4dn.xlarge", "gpu")]
)
def test_release(coach: Toolkit, version: str, instance_type: str, processor: str) -> None:
    """Each release has its framework and its images, which tell it again, as written."""
    release = coach.release(version)
    image = coach.image_uri(release, "us-west-2", instance_type)

    assert (version, "1.3") == (release.version, release.framework_version)
    assert f"{G1}/sagemaker-rl-mxnet:coach{version}-{processor}-py3" == image
    assert release == coach.release_from_image(image)


@pytest.mark.parametrize("version", VERSIONS)
def test_environments(coach: Toolkit, version: str) -> None:
    """Each trains and serves MXNet's format in Python 3.6; its exports need ONNX Runtime alone."""
    release = coach.release(version)
    training = [line.partition(" --hash")[0] for line in release.training.requirements]
    serving = [line.partition("=")[0] for line in release.serving.requirements]

    assert "==3.6.*" == release.training.python
    assert {"rl-coach-slim==0.11", "mxnet==1.3.1"} <= set(training)
    assert release.training == release.native_serving
    assert "onnxruntime" in serving
    assert "mxnet" not in serving
    assert ("rlscript_coach",) == release.script_packages
    assert () == release.image_requirements
    # What an image lacks is asked for as it is here.
    assert set(LACKING["mxnet"]) <= set(training)


def test_image_by_region(coach: Toolkit) -> None:
    """The host follows the region."""
    image = coach.image_uri(coach.release("0.11.0"), "us-iso-east-1", "ml.c5.large")

    assert "744548109606.dkr.ecr.us-iso-east-1.c2s.ic.gov" == image.partition("/")[0]


def test_unknown_version(coach: Toolkit) -> None:
    """A version that TensorFlow alone has is not MXNet's."""
    words = r"Provided `coach-0\.11\.1` and `mxnet` combination is not supported\."

    with pytest.raises(UnsupportedVersion, match=words):
        coach.release("0.11.1")


@pytest.mark.parametrize(
    "image",
    [
        f"{G1}/sagemaker-rl-tensorflow:coach0.11.0-cpu-py3",
        f"{G1}/sagemaker-mxnet:1.3-cpu-py3",
        "my-image:1",
    ],
)
def test_foreign_image(coach: Toolkit, image: str) -> None:
    """Images of others tell nothing, the hosting image neither."""
    assert coach.release_from_image(image) is None


@pytest.mark.parametrize("version", VERSIONS)
def test_default_metrics(coach: Toolkit, version: str) -> None:
    """Names and expressions are the original's, to the letter."""
    expected = (
        MetricDefinition(name="reward-training", regex="^Training>.*Total reward=(.*?),"),
        MetricDefinition(name="reward-testing", regex="^Testing>.*Total reward=(.*?),"),
    )

    assert expected == coach.default_metrics(coach.release(version))


def test_metrics_of_a_log(coach: Toolkit) -> None:
    """A captured log gives training and evaluation, each on the axis of steps."""
    release = coach.release("0.11.0")
    parser = MetricParser(coach.default_metrics(release), release.step_pattern)
    lines = LOG.read_text(encoding="utf-8").splitlines()
    events = (LogEvent(timestamp=0.0, host="algo-1", message=line) for line in lines)

    curve = LearningCurve.from_events(events, parser)

    training, testing = curve.series("reward-training"), curve.series("reward-testing")
    assert [22.0, 32.0, 22.0, 32.0, 29.0, 15.0, 18.0, 30.0] == list(training.values)
    assert [22, 54, 76, 108, 137, 152, 170, 200] == list(training.steps)
    assert [10.0, 9.0] == list(testing.values)
    assert [204, 204] == list(testing.steps)


def request(coach: Toolkit) -> ModelRequest:
    """Return a request for a model with a deployment script."""
    return ModelRequest(
        release=coach.release("0.11.0"),
        model_data="s3://b/job/output/model.tar.gz",
        entry_point="deploy.py",
        source_uri="s3://b/job/source/sourcedir.tar.gz",
    )


@pytest.mark.parametrize(
    ("instance_type", "tag"), [("ml.m4.xlarge", "1.3-cpu-py3"), ("ml.p3.2xlarge", "1.3-gpu-py3")]
)
def test_container(coach: Toolkit, instance_type: str, tag: str) -> None:
    """A model is served in the MXNet image by the user's script, as the original sent it."""
    asked = request(coach)
    model = coach.model_class(coach.release("0.11.0"))(asked)

    expected = Container(
        image_uri=f"{G1}/sagemaker-mxnet:{tag}",
        model_data="s3://b/job/output/model.tar.gz",
        environment={
            "SAGEMAKER_CONTAINER_LOG_LEVEL": "20",
            "SAGEMAKER_ENABLE_CLOUDWATCH_METRICS": "false",
            "SAGEMAKER_PROGRAM": "deploy.py",
            "SAGEMAKER_REGION": "us-west-2",
            "SAGEMAKER_SUBMIT_DIRECTORY": "s3://b/job/source/sourcedir.tar.gz",
        },
    )
    assert expected == model.container("us-west-2", instance_type)


def test_container_with_an_accelerator(coach: Toolkit) -> None:
    """Elastic Inference keeps its repository, and a warning that it is over."""
    model = coach.model_class(coach.release("0.11.0"))(request(coach))

    with pytest.warns(UserWarning, match="discontinued"):
        container = model.container("us-west-2", "ml.m4.xlarge", "ml.eia1.medium")

    assert f"{G1}/sagemaker-mxnet-eia:1.3-cpu-py3" == container.image_uri


def test_import_is_light() -> None:
    """The plugin brings no toolkit and no client of AWS."""
    program = (
        "import sys, rl_plugin_coach_mxnet.plugin;"
        "print({'boto3', 'packaging', 'rl_coach', 'mxnet'} & set(sys.modules))"
    )

    done = subprocess.run(
        [sys.executable, "-c", program], check=True, capture_output=True, text=True
    )

    assert "set()" == done.stdout.strip()
