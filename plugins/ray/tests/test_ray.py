"""Tests of the plugins `ray.tensorflow` and `ray.pytorch`, loaded through their entry points."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

from rlcore import (
    Container,
    Environment,
    MetricDefinition,
    ModelRequest,
    ToolkitRegistry,
)
from rlcore.errors import InvalidArgument, UnsupportedVersion
from rlcore.metrics import LearningCurve, MetricParser
from rlcore.spec import LogEvent
from rlscript_ray.classic import releases

if TYPE_CHECKING:
    from rlcore.toolkit import Toolkit

DATA = Path(__file__).parent / "data"
G1 = "520713654638.dkr.ecr.us-west-2.amazonaws.com"
G2 = "462105765813.dkr.ecr.us-west-2.amazonaws.com"
D = "763104351884.dkr.ecr.us-west-2.amazonaws.com"

# Key, version, the framework's version, image for cpu.
CLASSIC = [
    ("ray.tensorflow", "0.5", "1.11", f"{G1}/sagemaker-rl-tensorflow:ray0.5-cpu-py3"),
    ("ray.tensorflow", "0.5.3", "1.11", f"{G1}/sagemaker-rl-tensorflow:ray0.5.3-cpu-py3"),
    ("ray.tensorflow", "0.6", "1.12", f"{G1}/sagemaker-rl-tensorflow:ray0.6-cpu-py3"),
    ("ray.tensorflow", "0.6.5", "1.12", f"{G1}/sagemaker-rl-tensorflow:ray0.6.5-cpu-py3"),
    ("ray.tensorflow", "0.8.2", "2.1", f"{G2}/sagemaker-rl-ray-container:ray-0.8.2-tf-cpu-py36"),
    ("ray.tensorflow", "0.8.5", "2.1", f"{G2}/sagemaker-rl-ray-container:ray-0.8.5-tf-cpu-py36"),
    ("ray.tensorflow", "1.6.0", "2.5.0", f"{G2}/sagemaker-rl-ray-container:ray-1.6.0-tf-cpu-py37"),
    ("ray.pytorch", "0.8.5", "1.5", f"{G2}/sagemaker-rl-ray-container:ray-0.8.5-torch-cpu-py36"),
    ("ray.pytorch", "1.6.0", "1.8.1", f"{G2}/sagemaker-rl-ray-container:ray-1.6.0-torch-cpu-py36"),
]
CLASSIC_KEYS = [(key, version) for key, version, _, _ in CLASSIC]
REGISTRY = ToolkitRegistry()


@pytest.fixture
def toolkit(request: pytest.FixtureRequest) -> Toolkit:
    """Return the plugin of the test's `key`, as the core sees it."""
    return REGISTRY.toolkit(request.node.callspec.params["key"])


@pytest.fixture
def ray() -> Toolkit:
    """Return the plugin for PyTorch, as the core sees it."""
    return REGISTRY.toolkit("ray.pytorch")


def pinned(environment: Environment) -> list[Requirement]:
    """Return an environment's requirements without their hashes."""
    return [Requirement(line.partition(" --hash")[0]) for line in environment.requirements]


def curve(toolkit: Toolkit, version: str, log: str) -> LearningCurve:
    """Read a captured log with the release's own metrics."""
    release = toolkit.release(version)
    parser = MetricParser(toolkit.default_metrics(release), release.step_pattern)
    lines = (DATA / log).read_text(encoding="utf-8").splitlines()
    events = (LogEvent(timestamp=0.0, host="algo-1", message=line) for line in lines)
    return LearningCurve.from_events(events, parser)


@pytest.mark.parametrize(
    ("key", "versions"),
    [
        ("ray.tensorflow", ("0.5", "0.5.3", "0.6", "0.6.5", "0.8.2", "0.8.5", "1.6.0")),
        ("ray.pytorch", ("0.8.5", "1.6.0", "2.60.0")),
    ],
)
def test_known_versions(toolkit: Toolkit, key: str, versions: tuple[str, ...]) -> None:
    """Both keys live side by side, each with its own versions, oldest first."""
    assert versions == toolkit.known_versions(), key


@pytest.mark.parametrize(("key", "version", "framework_version", "image"), CLASSIC)
def test_classic_release(
    toolkit: Toolkit, key: str, version: str, framework_version: str, image: str
) -> None:
    """Each release has its framework and its images, which tell it again, as written."""
    release = toolkit.release(version)
    on_cpu = toolkit.image_uri(release, "us-west-2", "ml.c5.2xlarge")
    on_gpu = toolkit.image_uri(release, "us-west-2", "ml.p3.2xlarge")

    assert key == f"{release.toolkit}.{release.framework}"
    assert (version, framework_version) == (release.version, release.framework_version)
    assert image == on_cpu
    assert image.replace("-cpu-", "-gpu-") == on_gpu
    assert release == toolkit.release_from_image(on_cpu) == toolkit.release_from_image(on_gpu)


@pytest.mark.parametrize(("key", "version"), CLASSIC_KEYS)
def test_classic_environments(toolkit: Toolkit, key: str, version: str) -> None:
    """Each trains in its own Python with its framework; its exports need ONNX Runtime alone."""
    release = toolkit.release(version)
    pins = {each.name: str(each.specifier) for each in pinned(release.training)}
    served = {each.name for each in pinned(release.serving)}
    framework = {"ray.tensorflow": "tensorflow", "ray.pytorch": "torch"}[key]

    assert pins["ray"].startswith(f"=={version}")
    assert pins[framework].startswith(f"=={release.framework_version}")
    assert release.training == release.native_serving
    assert "onnxruntime" in served
    assert not {"ray", framework} & served
    assert ("rlscript_ray",) == release.script_packages
    inspections = {"ray.tensorflow": "rlscript_ray.inspection", "ray.pytorch": None}
    assert inspections[key] == release.inspection


@pytest.mark.parametrize(
    ("key", "version"),
    [each for each in CLASSIC_KEYS if not each[1].startswith(("0.5", "0.8.2"))],
)
def test_what_classic_images_lack(toolkit: Toolkit, key: str, version: str) -> None:
    """What the script's side asks for there is what exports policies in the locked environment."""
    framework = {"ray.tensorflow": "tensorflow", "ray.pytorch": "torch"}[key]
    asked = " ".join(releases.exporting(version, framework).values()).split()

    assert set(asked) <= set(map(str, pinned(toolkit.release(version).training)))
    assert () == toolkit.release(version).image_requirements


@pytest.mark.parametrize(("key", "version"), CLASSIC_KEYS)
def test_classic_metrics(toolkit: Toolkit, key: str, version: str) -> None:
    """Names and expressions are the original's, to the letter."""
    number = "([-+]?[0-9]*[.]?[0-9]+([eE][-+]?[0-9]+)?)"
    expected = (
        MetricDefinition(name="episode_reward_mean", regex=f"episode_reward_mean: {number}"),
        MetricDefinition(name="episode_reward_max", regex=f"episode_reward_max: {number}"),
    )

    assert expected == toolkit.default_metrics(toolkit.release(version)), key


def test_metrics_of_a_classic_log() -> None:
    """A captured log of Tune gives the rewards on the axis of its time steps."""
    read = curve(REGISTRY.toolkit("ray.tensorflow"), "0.6.5", "ray-0.6.5.txt")

    mean, highest = read.series("episode_reward_mean"), read.series("episode_reward_max")
    assert (22.662857142857142, 37.91428571428571) == mean.values
    assert (87.0, 132.0) == highest.values
    assert (4000, 8000) == mean.steps == highest.steps


@pytest.mark.parametrize(
    ("version", "image"),
    [
        ("0.5.3", f"{G1}/sagemaker-tensorflow-serving:1.11-cpu"),
        ("0.6.5", f"{G1}/sagemaker-tensorflow-serving:1.12-cpu"),
        ("0.8.2", f"{D}/tensorflow-inference:2.1-cpu"),
        ("0.8.5", f"{D}/tensorflow-inference:2.1-cpu"),
        ("1.6.0", f"{D}/tensorflow-inference:2.5.1-cpu"),
    ],
)
def test_classic_container(version: str, image: str) -> None:
    """What the original refused: a SavedModel in the TensorFlow Serving of its framework."""
    toolkit = REGISTRY.toolkit("ray.tensorflow")
    release = toolkit.release(version)
    request = ModelRequest(release=release, model_data="s3://b/model.tar.gz")

    container = toolkit.model_class(release)(request).container("us-west-2", "ml.m4.xlarge")

    expected = Container(
        image_uri=image,
        model_data="s3://b/model.tar.gz",
        environment={"SAGEMAKER_TFS_NGINX_LOGLEVEL": "info"},
    )
    assert expected == container


@pytest.mark.parametrize(
    ("key", "version", "nearest"),
    [
        ("ray.tensorflow", "2.60.0", "1.6.0"),
        ("ray.tensorflow", "0.8.3", "0.8.2"),
        ("ray.pytorch", "2.59.0", "2.60.0"),
        ("ray.pytorch", "0.6.5", "0.8.5"),
    ],
)
def test_unknown_version(toolkit: Toolkit, key: str, version: str, nearest: str) -> None:
    """The error is the original's, with what is known and what is nearest."""
    framework = key.partition(".")[2]
    asked = f"`ray-{version}` and `{framework}`"
    words = f"Provided {asked} combination is not supported. Did you mean '{nearest}'? Known"

    with pytest.raises(UnsupportedVersion, match=re.escape(words)):
        toolkit.release(version)


@pytest.mark.parametrize(
    ("region", "instance_type", "image"),
    [
        ("us-west-2", "ml.c5.2xlarge", f"{D}/pytorch-training:2.8.0-cpu-py312"),
        ("us-west-2", "ml.g5.2xlarge", f"{D}/pytorch-training:2.8.0-gpu-py312"),
        (
            "eu-central-2",
            "ml.c5.2xlarge",
            "380420809688.dkr.ecr.eu-central-2.amazonaws.com/pytorch-training:2.8.0-cpu-py312",
        ),
    ],
)
def test_current_image(ray: Toolkit, region: str, instance_type: str, image: str) -> None:
    """The current release runs on a deep-learning image, which tells no toolkit by itself."""
    release = ray.release("2.60.0")

    assert image == ray.image_uri(release, region, instance_type)
    assert ray.release_from_image(image) is None


def test_region_without_the_image(ray: Toolkit) -> None:
    """The classic images are in fewer regions, which the error names."""
    with pytest.raises(InvalidArgument, match="'eu-central-2'.*eu-central-1"):
        ray.image_uri(ray.release("1.6.0"), "eu-central-2", "ml.c5.large")


def test_current_release(ray: Toolkit) -> None:
    """The current release trains here, in an environment of hashed pins that no machine marks."""
    release = ray.release("2.60.0")
    training, serving = release.training, release.serving

    assert "ray 2.60.0 (pytorch 2.13.0)" == str(release)
    assert ("rlscript_ray",) == release.script_packages
    assert isinstance(training, Environment)
    assert isinstance(serving, Environment)
    assert "ray==2.60.0" in map(str, pinned(training))
    assert not {"ray", "torch"} & {each.name for each in pinned(serving)}
    assert "torch==2.13.0" in training.requirements  # its build is chosen, so it has no hash
    for line in {*training.requirements, *serving.requirements} - {"torch==2.13.0"}:
        assert re.fullmatch(r"[a-z0-9-]+==[0-9a-z.]+( ; .+)?( --hash=sha256:[0-9a-f]{64})+", line)


@pytest.mark.parametrize("python", ["3.10", "3.11", "3.12", "3.13", "3.14"])
def test_locks_name_each_package_once(ray: Toolkit, python: str) -> None:
    """On every Python that the specifier admits, one pin of each package applies."""
    release = ray.release("2.60.0")
    marked = {"python_version": python, "python_full_version": f"{python}.0"}
    for environment in (release.training, release.serving):
        assert isinstance(environment, Environment)
        requirements = pinned(environment)
        chosen = [each.name for each in requirements if _applies(each, marked)]

        assert python in SpecifierSet(environment.python)
        assert "numpy" in chosen
        assert len(set(chosen)) == len(chosen)


def _applies(requirement: Requirement, marked: dict[str, str]) -> bool:
    return requirement.marker is None or requirement.marker.evaluate(marked)


def test_image_requirements_follow_the_lock(ray: Toolkit) -> None:
    """A deep-learning image gets the lock's versions, and keeps its own framework."""
    release = ray.release("2.60.0")
    assert isinstance(release.training, Environment)
    wanted = [Requirement(line) for line in release.image_requirements]
    locked = pinned(release.training)

    pins = {(each.name, str(each.specifier)) for each in locked}
    assert {(each.name, str(each.specifier)) for each in wanted} <= pins
    assert {"ray", "gymnasium", "onnx", "onnxscript"} <= {each.name for each in wanted}
    assert "torch" not in {each.name for each in wanted}


def test_current_metrics_are_within_bounds(ray: Toolkit) -> None:
    """At most ten definitions, each with one group and within the service's limit."""
    metrics = ray.default_metrics(ray.release("2.60.0"))

    assert len(metrics) <= 10
    assert {1} == {re.compile(metric.regex).groups for metric in metrics}
    assert all(metric.name in metric.regex or "evaluation_" in metric.regex for metric in metrics)
    assert max(len(metric.regex) for metric in metrics) <= 500


def test_metrics_of_reported_lines(ray: Toolkit) -> None:
    """What a script reports is read with its step; other names and `nan` are not."""
    read = curve(ray, "2.60.0", "ray-2.60.0-report.txt")

    assert (23.26582278, 31.5, -1.5e-05) == read.series("episode_return_mean").values
    assert (2000, 4000, 8000) == read.series("episode_return_mean").steps
    assert (71.0, 1000.0) == read.series("episode_return_max").values
    assert (9.0,) == read.series("episode_return_min").values
    assert (23.26582278,) == read.series("episode_len_mean").values
    assert (48.25,) == read.series("evaluation_return_mean").values
    assert (4000,) == read.series("evaluation_return_mean").steps
    assert "env_steps_per_second" not in read.names


def test_metrics_of_tune(ray: Toolkit) -> None:
    """Tune's table of results is read; its configuration and its cut-off columns are not."""
    read = curve(ray, "2.60.0", "ray-2.60.0-tune.txt")

    assert (237.222,) == read.series("episode_return_mean").values
    assert (237.222,) == read.series("episode_len_mean").values
    assert (44072.0,) == read.series("num_env_steps_sampled_lifetime").values
    assert {44072.0} == {point.step for point in read}
    assert 3 == len(read)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("│ evaluation/env_runners/episode_return_mean  200. │", {"evaluation_return_mean": 200.0}),
        ("| env_runners/episode_return_max   1e+06 |", {"episode_return_max": 1e6}),
        ("│ env_runners/agent_episode_return_mean/red   -3 │", {}),
        ("│ env_runners/episode_return_mean   nan │", {}),
        ("rlcore step=1 time=0.1 my_episode_return_mean=5", {}),
        ("episode_return_mean=5", {}),
    ],
)
def test_metrics_of_a_line(ray: Toolkit, line: str, expected: dict[str, float]) -> None:
    """Evaluation, other outlines of the table, and names that only look alike."""
    release = ray.release("2.60.0")
    parser = MetricParser(ray.default_metrics(release), release.step_pattern)

    points = [*parser.feed(line, 0.0), *parser.close()]

    assert expected == {point.name: point.value for point in points}


@pytest.mark.parametrize(
    "line", ["rlcore " + " " * 50_000, "rlcore " + "episode_return_mean " * 5000]
)
def test_metrics_take_linear_time(ray: Toolkit, line: str) -> None:
    """A long line that almost matches is read in no time worth telling."""
    release = ray.release("2.60.0")
    parser = MetricParser(ray.default_metrics(release), release.step_pattern)

    assert [] == parser.feed(line, 0.0)


@pytest.mark.parametrize("version", ["0.8.5", "1.6.0", "2.60.0"])
@pytest.mark.parametrize(
    ("instance_type", "tag"),
    [("ml.c5.large", "2.6.0-cpu-py312"), ("ml.g5.xlarge", "2.6.0-gpu-py312")],
)
def test_container(ray: Toolkit, version: str, instance_type: str, tag: str) -> None:
    """A policy is served on a PyTorch image by the script in its own archive."""
    release = ray.release(version)
    request = ModelRequest(
        release=release, model_data="s3://b/model.tar.gz", entry_point="train.py"
    )

    container = ray.model_class(release)(request).container("us-west-2", instance_type)

    expected = Container(
        image_uri=f"{D}/pytorch-inference:{tag}",
        model_data="s3://b/model.tar.gz",
        environment={
            "SAGEMAKER_CONTAINER_LOG_LEVEL": "20",
            "SAGEMAKER_ENABLE_CLOUDWATCH_METRICS": "false",
            "SAGEMAKER_PROGRAM": "inference.py",
            "SAGEMAKER_REGION": "us-west-2",
            "SAGEMAKER_SUBMIT_DIRECTORY": "/opt/ml/model/code",
        },
    )
    assert expected == container


def test_import_is_light() -> None:
    """The plugin brings no toolkit and no client of AWS."""
    program = (
        "import sys, rl_plugin_ray.plugin;"
        "print({'boto3', 'packaging', 'ray', 'torch', 'numpy'} & set(sys.modules))"
    )

    done = subprocess.run(
        [sys.executable, "-c", program], check=True, capture_output=True, text=True
    )

    assert "set()" == done.stdout.strip()
