"""Tests of the plugin `coach.tensorflow`, loaded through its entry point."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from rlcore import Container, MetricDefinition, ModelRequest, ToolkitRegistry
from rlcore.errors import InvalidArgument, UnsupportedVersion
from rlcore.metrics import LearningCurve, MetricParser
from rlcore.spec import LogEvent
from rlscript_coach.running import LACKING

if TYPE_CHECKING:
    from rlcore.toolkit import Toolkit

LOG = Path(__file__).parent / "data/coach-0.11.1.txt"
G1 = "520713654638.dkr.ecr.us-west-2.amazonaws.com"
G2 = "462105765813.dkr.ecr.us-west-2.amazonaws.com"

# Version, TensorFlow's version, image for cpu.
RELEASES = [
    ("0.10", "1.11", f"{G1}/sagemaker-rl-tensorflow:coach0.10-cpu-py3"),
    ("0.10.1", "1.11", f"{G1}/sagemaker-rl-tensorflow:coach0.10.1-cpu-py3"),
    ("0.11", "1.12", f"{G1}/sagemaker-rl-tensorflow:coach0.11-cpu-py3"),
    ("0.11.0", "1.11", f"{G1}/sagemaker-rl-tensorflow:coach0.11.0-cpu-py3"),
    ("0.11.1", "1.12", f"{G1}/sagemaker-rl-tensorflow:coach0.11.1-cpu-py3"),
    ("1.0.0", "1.12", f"{G2}/sagemaker-rl-coach-container:coach-1.0.0-tf-cpu-py3"),
]
VERSIONS = [version for version, _, _ in RELEASES]


@pytest.fixture(scope="module")
def coach() -> Toolkit:
    """Return the plugin as the core sees it."""
    return ToolkitRegistry().toolkit("coach.tensorflow")


def test_known_versions(coach: Toolkit) -> None:
    """Every version that ever had an image is known, oldest first."""
    assert tuple(VERSIONS) == coach.known_versions()


@pytest.mark.parametrize(("version", "framework_version", "image"), RELEASES)
def test_release(coach: Toolkit, version: str, framework_version: str, image: str) -> None:
    """Each release has its framework and its images, which tell it again, as written."""
    release = coach.release(version)
    on_cpu = coach.image_uri(release, "us-west-2", "ml.c5.2xlarge")
    on_gpu = coach.image_uri(release, "us-west-2", "ml.p6-b200.48xlarge")

    assert (version, framework_version) == (release.version, release.framework_version)
    assert image == on_cpu
    assert image.replace("-cpu-", "-gpu-") == on_gpu
    assert release == coach.release_from_image(on_cpu) == coach.release_from_image(on_gpu)


@pytest.mark.parametrize(
    ("version", "pins"),
    [
        ("0.10", {"rl-coach-slim==0.10.1", "tensorflow==1.11.0"}),
        ("0.10.1", {"rl-coach-slim==0.10.1", "tensorflow==1.11.0"}),
        ("0.11", {"rl-coach-slim==0.11.1", "tensorflow==1.12.0"}),
        ("0.11.0", {"rl-coach-slim==0.11", "tensorflow==1.11.0"}),
        ("0.11.1", {"rl-coach-slim==0.11.1", "tensorflow==1.12.0"}),
        ("1.0.0", {"rl-coach-slim==1.0.0", "tensorflow==1.12.0"}),
    ],
)
def test_environments(coach: Toolkit, version: str, pins: set[str]) -> None:
    """Each trains and serves SavedModels in Python 3.6; its exports need ONNX Runtime alone."""
    release = coach.release(version)
    training = [line.partition(" --hash")[0] for line in release.training.requirements]
    serving = [line.partition("=")[0] for line in release.serving.requirements]

    assert "==3.6.*" == release.training.python
    assert pins <= set(training)
    assert release.training == release.native_serving
    assert "onnxruntime" in serving
    assert "tensorflow" not in serving
    assert ("rlscript_coach",) == release.script_packages
    assert () == release.image_requirements
    # What an image lacks is asked for as it is here.
    assert set(LACKING["tensorflow"]) <= set(training)


@pytest.mark.parametrize(
    ("version", "region", "host"),
    [
        ("0.11.1", "cn-north-1", "422961961927.dkr.ecr.cn-north-1.amazonaws.com.cn"),
        ("0.11.1", "eu-north-1", "520713654638.dkr.ecr.eu-north-1.amazonaws.com"),
        ("1.0.0", "eu-west-1", "462105765813.dkr.ecr.eu-west-1.amazonaws.com"),
    ],
)
def test_image_by_region(coach: Toolkit, version: str, region: str, host: str) -> None:
    """The host follows the region and the release's account group."""
    image = coach.image_uri(coach.release(version), region, "ml.c5.large")

    assert host == image.partition("/")[0]


def test_region_without_the_image(coach: Toolkit) -> None:
    """The second generation's images are in fewer regions, which the error names."""
    with pytest.raises(InvalidArgument, match="'eu-north-1'.*eu-west-1"):
        coach.image_uri(coach.release("1.0.0"), "eu-north-1", "ml.c5.large")


def test_unknown_version(coach: Toolkit) -> None:
    """The error is the original's, with what is known and what is nearest."""
    words = (
        r"Provided `coach-9\.9` and `tensorflow` combination is not supported\."
        r" Did you mean '1\.0\.0'\? .*0\.10, 0\.10\.1, 0\.11"
    )

    with pytest.raises(UnsupportedVersion, match=words):
        coach.release("9.9")


@pytest.mark.parametrize(
    "image",
    [
        f"{G1}/sagemaker-rl-mxnet:coach0.11.0-cpu-py3",
        f"{G1}/sagemaker-rl-tensorflow:coach0.9-cpu-py3",
        f"{G1}/sagemaker-rl-tensorflow:ray0.6.5-cpu-py3",
        "my-image:1",
    ],
)
def test_foreign_image(coach: Toolkit, image: str) -> None:
    """Images of others tell nothing."""
    assert coach.release_from_image(image) is None


def test_default_metrics(coach: Toolkit) -> None:
    """Names and expressions are the original's, to the letter."""
    expected = (
        MetricDefinition(name="reward-training", regex="^Training>.*Total reward=(.*?),"),
        MetricDefinition(name="reward-testing", regex="^Testing>.*Total reward=(.*?),"),
    )

    assert [expected] * len(VERSIONS) == [
        coach.default_metrics(coach.release(version)) for version in VERSIONS
    ]


def test_metrics_of_a_log(coach: Toolkit) -> None:
    """A captured log gives training and evaluation, each on the axis of steps."""
    release = coach.release("0.11.1")
    parser = MetricParser(coach.default_metrics(release), release.step_pattern)
    lines = LOG.read_text(encoding="utf-8").splitlines()
    events = (LogEvent(timestamp=0.0, host="algo-1", message=line) for line in lines)

    curve = LearningCurve.from_events(events, parser)

    training, testing = curve.series("reward-training"), curve.series("reward-testing")
    assert [62.0, 15.0, 24.0, 48.0, 14.0, 9.0, 15.0] == list(training.values)
    assert [62, 77, 101, 149, 163, 172, 219] == list(training.steps)
    assert [8.0, 10.0] == list(testing.values)
    assert [204, 204] == list(testing.steps)


@pytest.mark.parametrize(
    ("version", "instance_type", "tag"),
    [
        ("0.10", "ml.m4.xlarge", "1.11-cpu"),
        ("0.11.0", "ml.m4.xlarge", "1.11-cpu"),
        ("0.11.1", "ml.m4.xlarge", "1.12-cpu"),
        ("0.11.1", "ml.p2.xlarge", "1.12-gpu"),
        ("1.0.0", "ml.m4.xlarge", "1.12-cpu"),
    ],
)
def test_container(coach: Toolkit, version: str, instance_type: str, tag: str) -> None:
    """A model is served by TensorFlow Serving."""
    release = coach.release(version)
    request = ModelRequest(release=release, model_data="s3://b/model.tar.gz")

    container = coach.model_class(release)(request).container("us-west-2", instance_type)

    expected = Container(
        image_uri=f"{G1}/sagemaker-tensorflow-serving:{tag}",
        model_data="s3://b/model.tar.gz",
        environment={"SAGEMAKER_TFS_NGINX_LOGLEVEL": "info"},
    )
    assert expected == container


def test_container_with_an_accelerator(coach: Toolkit) -> None:
    """Elastic Inference keeps its repository, and a warning that it is over."""
    release = coach.release("0.11.1")
    model = coach.model_class(release)(ModelRequest(release=release, model_data="s3://b/m.tar.gz"))

    with pytest.warns(UserWarning, match="discontinued"):
        container = model.container("us-west-2", "ml.m4.xlarge", "ml.eia1.medium")

    assert f"{G1}/sagemaker-tensorflow-serving-eia:1.12-cpu" == container.image_uri


@pytest.mark.parametrize(
    ("level", "word"), [(10, "debug"), (20, "info"), (30, "warn"), (40, "error"), (50, "crit")]
)
def test_log_level(coach: Toolkit, level: int, word: str) -> None:
    """Levels of `logging` become the server's words."""
    release = coach.release("0.11.1")
    request = ModelRequest(release=release, model_data="s3://b/m", container_log_level=level)

    container = coach.model_class(release)(request).container("us-west-2", "ml.m4.xlarge")

    assert {"SAGEMAKER_TFS_NGINX_LOGLEVEL": word} == container.environment


def test_log_level_that_the_server_lacks(coach: Toolkit) -> None:
    """A level in between is left out, with a warning."""
    release = coach.release("0.11.1")
    request = ModelRequest(release=release, model_data="s3://b/m", container_log_level=15)
    model = coach.model_class(release)(request)

    with pytest.warns(UserWarning, match="container_log_level=15 is left out"):
        container = model.container("us-west-2", "ml.m4.xlarge")

    assert {} == container.environment


def test_a_script_that_the_server_would_not_run(coach: Toolkit) -> None:
    """The original dropped it without a word."""
    release = coach.release("0.11.1")
    request = ModelRequest(release=release, model_data="s3://b/m", entry_point="serve.py")
    model = coach.model_class(release)(request)

    with pytest.warns(UserWarning, match="runs no script: serve.py is left out"):
        container = model.container("us-west-2", "ml.m4.xlarge")

    assert {"SAGEMAKER_TFS_NGINX_LOGLEVEL": "info"} == container.environment


def test_import_is_light() -> None:
    """The plugin brings no toolkit and no client of AWS."""
    program = (
        "import sys, rl_plugin_coach_tf.plugin;"
        "print({'boto3', 'packaging', 'rl_coach', 'tensorflow'} & set(sys.modules))"
    )

    done = subprocess.run(
        [sys.executable, "-c", program], check=True, capture_output=True, text=True
    )

    assert "set()" == done.stdout.strip()
