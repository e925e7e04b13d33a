"""Tests of `rlcore env` with an environment that needs nothing from a registry."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.cli.conftest import Run


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
    assert ["release", "python", "size", "created_at", "used_at", "path"] == list(built)
    assert ("vw 8.7.0", str(folder)) == (built["release"], built["path"])

    assert "" == rlcore("env", "prune", "--older-than", "1").stdout
    assert rlcore("env", "prune", "--all").stdout.startswith("removed vw 8.7.0 (")
    assert not folder.exists()


def test_an_environment_that_does_not_exist(rlcore: Run) -> None:
    """The release's own reason is told."""
    process = rlcore("env", "build", "vw", "8.7.0", "--serving")

    assert 2 == process.returncode
    assert "error: vw 8.7.0 cannot serve policies on this machine: Vowpal" in process.stderr


def test_unknown_version(rlcore: Run) -> None:
    """The plugin says which versions there are."""
    process = rlcore("env", "build", "vw", "9")

    assert (2, True) == (process.returncode, "there is 8.7.0" in process.stderr)
