"""Coach for real: its script side in the environments of its releases, jobs, endpoints."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tarfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from rlcore import Environment, RLEstimator
from rlcore.platforms.local.environments import Environments
from rlcore.registry import default_registry

if TYPE_CHECKING:
    from rlcore import ToolkitRelease

CHECKOUT = Path(__file__).parents[3]
SCRIPT = Path(__file__).parent / "script"
PACKAGES = ["rlscript", "rlserving", "plugins/coach_tf/src/rlscript_coach"]
SYSTEMS = {"tensorflow": "0.11.1", "mxnet": "0.11.0"}
PYENV = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
EPISODES = 10

pytestmark = [
    pytest.mark.training,
    pytest.mark.timeout(600),
    pytest.mark.skipif(
        not (list(PYENV.glob("versions/3.6.*/bin/python")) or shutil.which("python3.6")),
        reason="no Python 3.6 on this machine, which Coach needs",
    ),
]


@pytest.fixture(scope="module")
def shared_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a home that keeps the environments from one test to the next."""
    return tmp_path_factory.mktemp("coach")


@pytest.fixture
def home(shared_home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Let jobs and environments live in the shared home."""
    monkeypatch.setenv("RLCORE_HOME", str(shared_home))
    return shared_home


def release_of(framework: str, version: str | None = None) -> ToolkitRelease:
    """Return a release of Coach."""
    toolkit = default_registry().toolkit(f"coach.{framework}")
    return toolkit.release(version or SYSTEMS[framework])


def python_of(environment: Any, home: Path) -> Path:
    """Return the interpreter of an environment, which is built where it is not there."""
    assert isinstance(environment, Environment)
    return Environments(home / "environments").build(environment, label="Coach", log=print).python


def run_unittests(python: Path, folder: Path, *arguments: str) -> None:
    """Run script-side tests with copies of the packages alone on the path."""
    for package in map(Path, PACKAGES):
        shutil.copytree(CHECKOUT / package, folder / package.name, dirs_exist_ok=True)
    done = subprocess.run(
        [python, "-W", "ignore", "-m", "unittest", *arguments],
        env={
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(folder),
            "HOME": str(folder),
            "COACH_EXPORTS": str(folder / "exports"),
        },
        cwd=SCRIPT,
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert "\nRan 0 tests" not in done.stderr


@pytest.mark.parametrize("framework", SYSTEMS)
def test_script_side(framework: str, home: Path, tmp_path: Path) -> None:
    """Its tests pass where Coach is, and what they export is right where it is served."""
    release = release_of(framework)

    run_unittests(python_of(release.training, home), tmp_path, "discover", "-s", ".")
    run_unittests(python_of(release.serving, home), tmp_path, "test_rlscript_coach_served")


@pytest.mark.parametrize(
    ("framework", "example", "steps", "observation", "actions"),
    [
        ("tensorflow", "coach_custom_environment", 2048, [3.0, 1.0, 10.0], {0, 1, 2}),
        ("mxnet", "coach_mxnet", 1000, [0.01, -0.02, 0.03, 0.04], {0, 1}),
    ],
)
@pytest.mark.usefixtures("home")
def test_job(
    framework: str, example: str, steps: int, observation: list[float], actions: set[int]
) -> None:
    """A short job leaves a curve, output and a policy that plays through an endpoint as it did.

    The plain example on TensorFlow is trained by the test of the contract.
    """
    estimator = RLEstimator(
        "train.py",
        source_dir=CHECKOUT / "examples" / example,
        toolkit="coach",
        toolkit_version=SYSTEMS[framework],
        framework=framework,
        hyperparameters={
            "improve_steps": steps,
            "evaluation_episodes": EPISODES,
            "rl.agent_params.algorithm.discount": 0.98,
            "rl.steps_between_evaluation_periods:EnvironmentSteps": 500,
        },
    )
    estimator.fit(logs=False)

    curve = estimator.jobs[-1].curve()
    assert len(curve.series("reward-training").values) >= steps // 200
    assert len(curve.series("reward-testing").values) >= 2
    manifest, names = opened(estimator.model_data)
    assert (f"coach.{framework}", SYSTEMS[framework]) == (manifest["toolkit"], manifest["release"])
    native = {"tensorflow": "export/Servo/1/saved_model.pb", "mxnet": "model.onnx"}
    assert native[framework] in names
    predictor = estimator.deploy(1, "local")
    try:
        assert predictor.act(observation) in actions
        report = estimator.evaluate(episodes=EPISODES, predictor=predictor)
    finally:
        predictor.delete_endpoint()
    for source in ("endpoint", "in process"):
        assert manifest["evaluation"]["returns"] == list(report[source].returns)


def opened(address: str) -> tuple[dict[str, Any], set[str]]:
    """Return the manifest and the names of the members of a model's archive."""
    with tarfile.open(address.removeprefix("file://")) as archive:
        names = {name.removeprefix("./") for name in archive.getnames()}
        member = next(name for name in archive.getnames() if name.endswith("policy.json"))
        file = archive.extractfile(member)
        assert file is not None
        return json.loads(file.read()), names


@pytest.mark.parametrize("version", ["0.11.0", "1.0.0"])
def test_other_releases(version: str, home: Path, tmp_path: Path) -> None:
    """Each trains for a moment and leaves a policy that was compared with its own network."""
    python = python_of(release_of("tensorflow", version).training, home)

    run_unittests(python, tmp_path, "test_rlscript_coach_training.Whole.test_run")
