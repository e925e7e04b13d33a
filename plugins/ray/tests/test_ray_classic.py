"""Classic Ray for real: its script side in the environment of its release, jobs, an endpoint."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from rlcore import Environment, RLEstimator, storage
from rlcore.platforms.local.environments import Environments
from rlcore.platforms.local.platform import LocalPlatform
from rlcore.registry import default_registry

if TYPE_CHECKING:
    from rlcore import ToolkitRelease

CHECKOUT = Path(__file__).parents[3]
EXAMPLE = CHECKOUT / "examples/ray_classic"
TESTS = Path(__file__).parent / "script/classic"
PACKAGES = ["rlscript", "rlserving", "plugins/ray/src/rlscript_ray"]
PYENV = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
SOLVED = 195


def needs_python(version: str) -> pytest.MarkDecorator:
    """Skip where the interpreter of a release is missing, and say so."""
    found = list(PYENV.glob(f"versions/{version}.*/bin/python")) or shutil.which(f"python{version}")
    return pytest.mark.skipif(not found, reason=f"no Python {version} on this machine")


pytestmark = [pytest.mark.training, pytest.mark.timeout(900)]


@pytest.fixture(scope="module")
def shared_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a home that keeps the environments from one test to the next."""
    return tmp_path_factory.mktemp("ray")


@pytest.fixture
def home(shared_home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Let jobs and environments live in the shared home."""
    monkeypatch.setenv("RLCORE_HOME", str(shared_home))
    return shared_home


def python_of(environment: Any, home: Path) -> Path:
    """Return the interpreter of an environment, which is built where it is not there."""
    assert isinstance(environment, Environment)
    return Environments(home / "environments").build(environment, label="Ray", log=print).python


def release_of(key: str, version: str) -> ToolkitRelease:
    """Return a release of one of the plugin's keys."""
    return default_registry().toolkit(key).release(version)


@needs_python("3.6")
@pytest.mark.parametrize(
    ("key", "version", "tests"),
    [
        ("ray.tensorflow", "0.6.5", "discover"),
        ("ray.pytorch", "0.8.5", "test_classic_export"),
        ("ray.pytorch", "1.6.0", "test_classic_export"),
    ],
)
def test_script_side(home: Path, tmp_path: Path, key: str, version: str, tests: str) -> None:
    """Its tests pass where classic Ray is, and what they export is right where it is served."""
    release = release_of(key, version)
    for package in map(Path, PACKAGES):
        shutil.copytree(CHECKOUT / package, tmp_path / package.name)
    done = subprocess.run(
        [python_of(release.training, home), "-W", "ignore", "-m", "unittest", tests],
        env={
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(tmp_path),
            "HOME": str(tmp_path),
            "RLCORE_TEST_SERVING_PYTHON": str(python_of(release.serving, home)),
        },
        cwd=TESTS,
        check=False,
        capture_output=True,
        text=True,
    )

    assert done.returncode == 0, done.stderr
    assert "skipped" not in done.stderr
    assert "\nRan 0 tests" not in done.stderr


@needs_python("3.6")
def test_the_example_solves_cartpole(home: Path, tmp_path: Path) -> None:
    """Trained with Ray 0.6.5, deployed and played without it: the returns are the training's."""
    run = subprocess.run(
        [sys.executable, EXAMPLE / "run.py"],
        cwd=tmp_path,
        env={**os.environ, "RLCORE_HOME": str(home)},
        capture_output=True,
        text=True,
        check=False,
    )

    assert 0 == run.returncode, run.stdout + run.stderr
    (status,) = LocalPlatform().jobs()
    manifest, names = opened(status.model_data)
    assert ("ray.tensorflow", "0.6.5") == (manifest["toolkit"], manifest["release"])
    assert manifest["evaluation"]["return_mean"] >= SOLVED
    assert "export/Servo/1/saved_model.pb" in names
    assert "action " in run.stdout
    for pair in ("endpoint and in process", "endpoint and training", "in process and training"):
        assert f"{pair}: equal in 100 of 100 episodes" in run.stdout
    curve = RLEstimator.attach(status.name).jobs[-1].curve()
    steps = curve.series("episode_reward_mean").steps
    assert list(steps) == [2000 * number for number in range(1, len(steps) + 1)]


@needs_python("3.7")
@pytest.mark.usefixtures("home")
def test_the_same_script_on_a_later_release() -> None:
    """Ray 1.6.0 runs it too: one iteration leaves a curve and a policy."""
    estimator = RLEstimator(
        "train.py",
        source_dir=EXAMPLE,
        toolkit="ray",
        toolkit_version="1.6.0",
        framework="tensorflow",
        hyperparameters={"rl.training.stop.timesteps_total": 2000, "evaluation_episodes": 5},
    )
    estimator.fit(logs=False)

    assert (2000,) == estimator.jobs[-1].curve().series("episode_reward_mean").steps
    manifest, _ = opened(estimator.model_data)
    assert ("1.6.0", 5) == (manifest["release"], manifest["evaluation"]["episodes"])


def opened(address: str | None) -> tuple[dict[str, Any], set[str]]:
    """Return the manifest and the names of the members of a model's archive."""
    assert address is not None
    with tarfile.open(storage.to_path(address)) as archive:
        member = archive.extractfile("policy.json")
        assert member is not None
        return json.loads(member.read()), set(archive.getnames())
