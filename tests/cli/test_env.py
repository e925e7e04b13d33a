"""Tests of `rlcore env` with an environment that needs nothing from a registry."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.cli.conftest import Run

# Builds a wheel of one module of 100,000 characters, with nothing from a registry.
BACKEND = """
import zipfile
def build_wheel(folder, *_):
    name = "added-1-py3-none-any.whl"
    with zipfile.ZipFile(folder + "/" + name, "w") as wheel:
        wheel.writestr("added.py", "#" * 100000)
        for file, text in (
            ("METADATA", "Metadata-Version: 2.1\\nName: added\\nVersion: 1\\n"),
            ("WHEEL", "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n"),
            ("RECORD", ""),
        ):
            wheel.writestr("added-1.dist-info/" + file, text)
    return name
"""


def test_empty(rlcore: Run) -> None:
    """Nothing is built before the first job."""
    assert [] == json.loads(rlcore("env", "list", "--json").stdout)
    assert "No environments are built.\n" == rlcore("env", "list").stderr
    assert "Nothing to remove.\n" == rlcore("env", "prune").stderr


def test_build_list_prune(rlcore: Run) -> None:
    """What is built is listed, is built once, and is removed when it is old enough."""
    first, second = rlcore("env", "build", "vw", "8.7.0"), rlcore("env", "build", "vw", "8.7.0")

    folder = Path(first.stdout.rstrip("\n"))
    assert (folder / "bin/python").exists()
    assert (first.stdout, "") == (second.stdout, second.stderr)

    [built] = json.loads(rlcore("env", "list", "--json").stdout)
    names = ["release", "python", "size", "created_at", "used_at", "path", "own_size"]
    assert names == list(built)
    assert ("vw 8.7.0", str(folder)) == (built["release"], built["path"])
    assert built["size"] == built["own_size"] > 0

    assert "" == rlcore("env", "prune", "--older-than", "1").stdout
    assert rlcore("env", "prune", "--all").stdout.startswith("removed vw 8.7.0 (")
    assert not folder.exists()


def test_a_layer_is_as_large_as_what_it_adds(rlcore: Run, project: Path) -> None:
    """It shares the files of the release's environment."""
    (project / "added").mkdir()
    (project / "added/pyproject.toml").write_text(
        '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n'
    )
    (project / "added/backend.py").write_text(BACKEND)
    (project / "requirements.txt").write_text(f"{project}/added\n")
    assert 0 == rlcore("train", "-f", "job.yaml", "--source-dir", ".").returncode

    layer, base = json.loads(rlcore("env", "list", "--json").stdout)

    assert ("vw 8.7.0 with requirements.txt", "vw 8.7.0") == (layer["release"], base["release"])
    assert 100_000 <= layer["own_size"] < layer["size"]
    assert base["size"] + layer["own_size"] == pytest.approx(layer["size"], abs=20_000)


def test_an_environment_that_does_not_exist(rlcore: Run) -> None:
    """The release's own reason is told."""
    process = rlcore("env", "build", "vw", "8.7.0", "--serving")

    assert 2 == process.returncode
    assert "error: vw 8.7.0 cannot serve policies on this machine: Vowpal" in process.stderr


def test_unknown_version(rlcore: Run) -> None:
    """The plugin says which versions there are."""
    process = rlcore("env", "build", "vw", "9")

    assert (2, True) == (process.returncode, "there is 8.7.0" in process.stderr)
