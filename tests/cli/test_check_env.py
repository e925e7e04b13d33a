"""Tests of `rlcore check-env`."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

import attrs
import pytest

from rlcore import ToolkitRegistry, registry
from rlcore.cli import check_env
from rlcore.errors import MissingArgument

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Run

GAME = """
class Discrete:
    n = 2

    def seed(self, seed):
        self.state = seed

    def sample(self):
        self.state = self.state * 5 + 1
        return self.state // 8 % 2

    def contains(self, value):
        return value in (0, 1)


class Walk:
    observation_space = action_space = Discrete()

    def __init__(self, reward=1.0):
        self.paid = reward

    def reset(self, seed=0):
        self.left = 5
        return 0, {}

    def step(self, action):
        self.left -= 1
        return action, self.paid, self.left == 0, False, {}

    def close(self):
        pass
"""
PYTHON = ("--python", sys.executable)


def test_in_the_environment_of_a_release(rlcore: Run, project: Path) -> None:
    """Of the toolkit that is named, the newest release is taken, and built now."""
    (project / "game.py").write_text(GAME)

    process = rlcore("check-env", "game:Walk", "--source-dir", ".", "--toolkit", "vw")

    assert 0 == process.returncode, process.stderr
    assert process.stdout.startswith("game:Walk in vw 8.7.0\n\nok       makes")
    assert process.stdout.endswith("\nNo problems.\n")
    assert "Python 3" in process.stderr


def test_problems(rlcore: Run, project: Path) -> None:
    """The exit code is 1, also where a program reads."""
    (project / "game.py").write_text(GAME)
    arguments = ("--source-dir", ".", "--env-kwargs", "{reward: much}", *PYTHON, "--json")

    process = rlcore("check-env", "game:Walk", *arguments)

    report = json.loads(process.stdout)
    assert (1, False) == (process.returncode, report["ok"])
    found = {each["topic"]: each["verdict"] for each in report["findings"]}
    assert "problem" == found["rewards"]


def test_wrong_usage(rlcore: Run) -> None:
    """A version without a toolkit, an unknown toolkit, a folder that is not there."""
    for arguments, message in (
        (("--toolkit-version", "1"), "goes with --toolkit"),
        (("--framework", "pytorch"), "--framework goes with --toolkit"),
        (("--toolkit", "ray", "--framework", "pytorc"), "Did you mean 'ray.pytorch'"),
        (
            ("--toolkit", "ray.pytorch", "--framework", "pytorch", "--toolkit-version", "2.61"),
            "`ray-2.61` and `pytorch` combination",
        ),
        (("--toolkit", "ray.pytorc"), "Did you mean 'ray.pytorch'"),
        (("--source-dir", "nowhere", *PYTHON), "There is no source 'nowhere'"),
    ):
        process = rlcore("check-env", "CartPole-v1", *arguments)

        assert (2, True) == (process.returncode, message in process.stderr), process.stderr


def test_several_toolkits(rlcore: Run) -> None:
    """Where more than one runs here, they are named."""
    process = rlcore("check-env", "CartPole-v1")

    assert 2 == process.returncode
    words = "Several, or none, run on this machine: coach.mxnet, coach.tensorflow, ray.pytorch,"
    assert words in process.stderr


def test_one_toolkit_on_several_frameworks(monkeypatch: pytest.MonkeyPatch) -> None:
    """The newest release of all is meant."""
    plugins = "rl-plugin-coach-tf,rl-plugin-coach-mxnet,rl-plugin-sb3,rl-plugin-vw"
    monkeypatch.setenv("RLCORE_DISABLE_PLUGINS", plugins)
    monkeypatch.setattr(registry, "default_registry", ToolkitRegistry)

    release = check_env._release(None, None)  # noqa: SLF001 - the process would build it

    assert "ray 2.60.0 (pytorch 2.13.0)" == str(release)


def test_a_version_in_no_order(monkeypatch: pytest.MonkeyPatch) -> None:
    """A toolkit may call its releases as it likes."""
    newest = attrs.evolve(ToolkitRegistry().toolkit("ray.pytorch").release("2.60.0"), version="x")
    monkeypatch.setattr(check_env, "_newest", lambda _: newest)

    assert newest == check_env._release("ray.pytorch", None)  # noqa: SLF001 - as above


def test_a_toolkit_without_a_release_that_runs_here(monkeypatch: pytest.MonkeyPatch) -> None:
    """The error tells so, and where they are listed."""
    monkeypatch.setattr(check_env, "_newest", lambda _: None)

    with pytest.raises(MissingArgument, match="'ray.pytorch' has no release that runs on this"):
        check_env._release("ray.pytorch", None)  # noqa: SLF001 - every toolkit has one that runs
