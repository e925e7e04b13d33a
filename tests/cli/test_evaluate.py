"""Tests of `rlcore evaluate`, in the interpreter of the tests."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

import cartpole
import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Run

PYTHON = ("--python", sys.executable)


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Return the path of a model that plays CartPole."""
    return str(cartpole.archive(tmp_path_factory.mktemp("cartpole")))


def test_an_archive(rlcore: Run, archive: str) -> None:
    """A person gets a table, a program every figure."""
    shown = rlcore("evaluate", archive, "--episodes", "3", *PYTHON)
    read = rlcore("evaluate", archive, "--episodes", "3", "--json", *PYTHON)

    assert (0, 0) == (shown.returncode, read.returncode), shown.stderr + read.stderr
    assert shown.stdout.startswith("CartPole-v1, seeds from 1000000, greedy\n")
    (source,) = json.loads(read.stdout)["sources"]
    assert ("in process", 3) == (source["source"], len(source["returns"]))
    (row,) = (line for line in shown.stdout.splitlines() if line.startswith("in process"))
    assert f"{source['return_mean']:.2f}" == row.split()[2]


def test_modules_of_ones_own(rlcore: Run, archive: str, project: Path) -> None:
    """`module:factory` is found in the folder that is named; its failure is exit code 1."""
    (project / "game.py").write_text("def make(level):\n    raise ValueError(level)\n")
    arguments = ("--env", "game:make", "--env-kwargs", "{level: 7}", "--source-dir", ".")

    process = rlcore("evaluate", archive, *arguments, *PYTHON)

    assert 1 == process.returncode
    assert "error: The environment 'game:make' raised ValueError: 7" in process.stderr
    assert "game.py" in process.stderr


@pytest.mark.usefixtures("with_finished_job")
def test_a_job(rlcore: Run) -> None:
    """Its own archive is taken; one that is no policy says so."""
    for which in ("finished", "--last"):
        process = rlcore("evaluate", which)

        assert (2, True) == (process.returncode, "has no policy.json" in process.stderr)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((), "Give the NAME of a job"),
        (("one", "--last"), "Give the NAME of a job"),
        (("--endpoint", "nobody"), "nobody"),
        (("nobody",), "No job named 'nobody'"),
        (("./nothing.tar.gz",), "There is no model"),
        (("./nothing.tar.gz", "--episodes", "0"), "--episodes"),
    ],
)
def test_bad_input(rlcore: Run, arguments: tuple[str, ...], message: str) -> None:
    """Each is told in one line."""
    process = rlcore("evaluate", *arguments)

    assert (2, True) == (process.returncode, message in process.stderr)
    assert 1 == len(process.stderr.splitlines())
