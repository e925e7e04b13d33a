"""Fixtures that every room of tests shares."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).parents[1]


@pytest.fixture(scope="session")
def checkout() -> Path:
    """Return the folder that holds the four distributions."""
    return CHECKOUT


@pytest.fixture(autouse=True)
def rlcore_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Keep jobs, artefacts and environments of a test away from the user's own."""
    home = tmp_path / "rlcore-home"
    monkeypatch.setenv("RLCORE_HOME", str(home))
    return home


@pytest.fixture(scope="session")
def vw_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Install the toy distribution `rl-plugin-vw` and return the folder to put on `sys.path`."""
    target = tmp_path_factory.mktemp("vw")
    subprocess.run(
        [
            *(sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"),
            *("--no-deps", "--no-build-isolation", "--target", str(target)),
            str(CHECKOUT / "tests/distributions/rl-plugin-vw"),
        ],
        check=True,
    )
    return target
