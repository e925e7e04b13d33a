"""Fixtures that every room of tests shares."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

CHECKOUT = Path(__file__).parents[1]


@pytest.fixture(scope="session")
def checkout() -> Path:
    """Return the folder that holds the four distributions."""
    return CHECKOUT


@pytest.fixture(scope="session", autouse=True)
def interruptible() -> Iterator[None]:
    """Let Ctrl-C reach the processes of tests, also where a background shell has it ignored."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture(autouse=True)
def rlcore_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Keep jobs, artefacts and environments of a test away from the user's own."""
    home = tmp_path / "rlcore-home"
    monkeypatch.setenv("RLCORE_HOME", str(home))
    return home


@pytest.fixture(scope="session", autouse=True)
def no_aws() -> Iterator[None]:
    """Keep tests away from the user's AWS account."""
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith("AWS_")]:
            patch.delenv(name)
        for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
            patch.setenv(name, "/no/such/file")
        patch.setenv("AWS_EC2_METADATA_DISABLED", "true")
        yield


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
