"""Tests of the plugin `sb3.pytorch`, loaded through its entry point."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement

from rlcore import Container, Environment, ModelRequest, RLEstimator, ToolkitRegistry
from rlcore.metrics import MetricParser
from rlcore.platforms.local.environments import Environments

CHECKOUT = Path(__file__).parents[3]
D = "763104351884.dkr.ecr.us-west-2.amazonaws.com"
SB3 = ToolkitRegistry().toolkit("sb3.pytorch")
RELEASE = SB3.release("2.9.2")


def pinned(environment: Environment) -> dict[str, str]:
    """Return an environment's pins by name."""
    found = (Requirement(line.partition(" --hash")[0]) for line in environment.requirements)
    return {each.name: str(each.specifier) for each in found}


def test_release() -> None:
    """It trains with both distributions, and serves without them and without PyTorch."""
    assert ("2.9.2",) == SB3.known_versions()
    assert "sb3 2.9.2 (pytorch 2.13.0)" == str(RELEASE)
    assert ("rlscript_sb3",) == RELEASE.script_packages
    assert isinstance(RELEASE.training, Environment)
    assert isinstance(RELEASE.serving, Environment)
    pins = pinned(RELEASE.training)
    assert ("==2.9.2", "==2.9.2") == (pins["stable-baselines3"], pins["sb3-contrib"])
    assert "==2.13.0" == pins["torch"]
    assert not {"stable-baselines3", "sb3-contrib", "torch"} & set(pinned(RELEASE.serving))


def test_image_requirements_follow_the_lock() -> None:
    """A deep-learning image gets the lock's versions, and keeps its own framework."""
    assert isinstance(RELEASE.training, Environment)
    lines = [line.partition(" --hash")[0] for line in RELEASE.training.requirements]
    locked = {str(Requirement(line.partition(" ;")[0])) for line in lines}
    wanted = set(RELEASE.image_requirements)

    assert wanted <= locked
    assert "torch" not in {Requirement(line).name for line in wanted}


@pytest.mark.parametrize("processor", ["cpu", "gpu"])
def test_images(processor: str) -> None:
    """It trains and serves on deep-learning images, where the archive brings the code."""
    instance_type = {"cpu": "ml.c5.large", "gpu": "ml.g5.xlarge"}[processor]
    request = ModelRequest(release=RELEASE, model_data="s3://b/model.tar.gz")

    image = SB3.image_uri(RELEASE, "us-west-2", instance_type)
    container = SB3.model_class(RELEASE)(request).container("us-west-2", instance_type)

    assert f"{D}/pytorch-training:2.8.0-{processor}-py312" == image
    assert isinstance(container, Container)
    assert f"{D}/pytorch-inference:2.6.0-{processor}-py312" == container.image_uri
    assert "inference.py" == container.environment["SAGEMAKER_PROGRAM"]
    assert "/opt/ml/model/code" == container.environment["SAGEMAKER_SUBMIT_DIRECTORY"]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("|    ep_rew_mean          | 21.5         |", {"episode_return_mean": 21.5}),
        ("|    ep_rew_mean     | -1.35e+03 |", {"episode_return_mean": -1350.0}),
        ("|    mean_reward          | 106          |", {"evaluation_return_mean": 106.0}),
        ("|    my_ep_rew_mean       | 21.5         |", {}),
        ("|    ep_rew_mean          | nan          |", {}),
        ("rlcore step=1 time=0.1 my_episode_return_mean=5", {}),
        ("rlcore step=1 time=0.1 episode_return_mean=5", {"episode_return_mean": 5.0}),
    ],
)
def test_metrics_of_a_line(line: str, expected: dict[str, float]) -> None:
    """SB3's table, what a script reports, and what only looks alike."""
    parser = MetricParser(SB3.default_metrics(RELEASE), RELEASE.step_pattern)

    points = [*parser.feed(line, 0.0), *parser.close()]

    assert expected == {point.name: point.value for point in points}


@pytest.mark.parametrize(
    "line",
    [
        "rlcore " + " " * 50_000,
        "rlcore " + "episode_return_mean " * 5000,
        "| " + " " * 50_000 + "ep_rew_mean",
        "|    ep_rew_mean" + " " * 50_000,
    ],
)
def test_metrics_take_linear_time(line: str) -> None:
    """A long line that almost matches is read in no time worth telling."""
    parser = MetricParser(SB3.default_metrics(RELEASE), RELEASE.step_pattern)

    assert [] == parser.feed(line, 0.0)


def test_metrics_have_one_group() -> None:
    """Each definition is within the service's limits."""
    metrics = SB3.default_metrics(RELEASE)

    assert {1} == {re.compile(metric.regex).groups for metric in metrics}
    assert max(len(metric.regex) for metric in metrics) <= 500


@pytest.mark.training
@pytest.mark.timeout(600)
@pytest.mark.parametrize(
    ("folder", "settings"),
    [
        ("sb3_pendulum", {"algorithm": "PPO", "stop_steps": 2048}),
        ("sb3_recurrent", {"stop_steps": 2048, "lstm": 16}),
        ("sb3_masked", {"stop_steps": 2048}),
    ],
)
def test_equal_returns(
    folder: str, settings: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is deployed plays as SB3 itself did, seed by seed: normalised, with a memory, masked.

    SB3's continuous actions are rounded otherwise than ONNX Runtime's, in their last digits.
    """
    monkeypatch.setenv("RLCORE_HOME", str(tmp_path))
    estimator = RLEstimator(
        "train.py",
        source_dir=str(CHECKOUT / "examples" / folder),
        toolkit="sb3",
        toolkit_version="2.9.2",
        framework="pytorch",
        hyperparameters={"evaluation_episodes": 10, **settings},
    )
    estimator.fit(logs=False)
    predictor = estimator.deploy(1, "local")
    try:
        report = estimator.evaluate(episodes=10, predictor=predictor)
    finally:
        predictor.delete_endpoint()

    endpoint, trained = report["endpoint"], report["training"]
    assert report["in process"].returns == endpoint.returns
    assert trained.lengths == endpoint.lengths
    assert pytest.approx(trained.returns, rel=1e-5) == endpoint.returns


@pytest.mark.training
@pytest.mark.timeout(900)
def test_script_side(tmp_path: Path) -> None:
    """Its tests, which need SB3 itself, pass where the local platform would run it."""
    assert isinstance(RELEASE.training, Environment)
    environments = Environments(tmp_path / "environments")
    python = environments.build(RELEASE.training, label=str(RELEASE), log=print).python
    for package in ("rlscript", "rlserving", "plugins/stable_baselines3/src/rlscript_sb3"):
        shutil.copytree(CHECKOUT / package, tmp_path / "path" / Path(package).name)

    done = subprocess.run(
        [
            python,
            "-W",
            "ignore",
            "-m",
            "unittest",
            "discover",
            "-s",
            Path(__file__).parent / "script",
        ],
        env={
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(tmp_path / "path"),
            "HOME": str(tmp_path),
            "OMP_NUM_THREADS": "1",
        },
        cwd=tmp_path,
        check=False,
        capture_output=True,
        text=True,
    )

    assert done.returncode == 0, done.stderr
    assert "\nRan 0 tests" not in done.stderr
