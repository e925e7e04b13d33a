"""Runner and script side work on every Python that a release may bring, from 3.6 on.

Their tests are written for `unittest`, and run here on each interpreter that is on this machine,
with the package under test alone on the path.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from rlcore import Environment
from rlcore.platforms.local.environments import Environments
from rlcore.registry import default_registry

CHECKOUT = Path(__file__).parents[1]
VERSIONS = [f"3.{minor}" for minor in range(6, 15)]
ROOMS = {"rlscript": "rlscript", "runner": "rlcore/runner"}


def interpreter(version: str) -> str | None:
    """Return an interpreter of the version on PATH or among pyenv's that really starts."""
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
    on_path = shutil.which(f"python{version}")
    candidates = [*pyenv.glob(f"versions/{version}.*/bin/python"), *filter(None, [on_path])]
    return next((str(path) for path in candidates if _starts(str(path), version)), None)


def _starts(python: str, version: str) -> bool:
    done = subprocess.run(
        [python, "-c", "import sys; print('%d.%d' % sys.version_info[:2])"],
        check=False,
        capture_output=True,
        text=True,
    )
    return done.returncode == 0 and done.stdout.strip() == version


def run_unittests(
    python: str | Path, tests: Path, packages: list[Path], folder: Path, *, warnings: str = "error"
) -> None:
    """Run a folder's tests with copies of *packages*, and nothing else of ours, on the path."""
    for package in packages:
        shutil.copytree(package, folder / package.name)
    done = subprocess.run(
        [python, "-W", warnings, "-m", "unittest", "discover", "-s", str(tests)],
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(folder), "HOME": str(folder)},
        cwd=folder,
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert "\nRan 0 tests" not in done.stderr


@pytest.mark.parametrize("room", ROOMS)
@pytest.mark.parametrize("version", VERSIONS)
def test_on_this_python(version: str, room: str, tmp_path: Path) -> None:
    """The room's tests pass on this version of Python."""
    python = interpreter(version)
    if python is None:
        pytest.skip(f"no Python {version} on this machine")

    run_unittests(python, CHECKOUT / "tests" / room, [CHECKOUT / ROOMS[room]], tmp_path)


@pytest.mark.training
@pytest.mark.timeout(900)
def test_the_script_side_of_ray_in_the_environment_of_its_release(
    rlcore_home: Path, tmp_path: Path
) -> None:
    """Its tests, which need Ray itself, pass where the local platform would run it."""
    release = default_registry().toolkit("ray.pytorch").release("2.60.0")
    assert isinstance(release.training, Environment)
    environments = Environments(rlcore_home / "environments")
    built = environments.build(release.training, label=str(release), log=print)
    packages = [CHECKOUT / "rlscript", CHECKOUT / "rlserving"]
    packages.append(CHECKOUT / "plugins/ray/src/rlscript_ray")

    tests = CHECKOUT / "plugins/ray/tests/script"
    run_unittests(built.python, tests, packages, tmp_path, warnings="ignore")  # Ray has its own
