"""Environments of one's own, and a policy, for evaluations by the interpreter of the tests."""

from __future__ import annotations

import sys
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING, Any

import cartpole
import pytest

from rlcore.evaluation import EvaluationReport, evaluate_model

if TYPE_CHECKING:
    from collections.abc import Callable

PYTHON = Path(sys.executable)

_BEGINNING = """
import os, random, sys
import numpy as np
import gymnasium
from gymnasium import spaces


class Base(gymnasium.Env):
    observation_space = spaces.Box(-1000.0, 1000.0, (4,), np.float32)
    action_space = spaces.Discrete(2)

    def reset(self, seed=None, options=None):
        super().reset(seed=seed)
        self.left = int(self.np_random.integers(1, 30))
        return self.seen(), {}

    def step(self, action):
        assert self.action_space.contains(action), repr(action)
        self.left -= 1
        return self.seen(), self.reward(action), self.left <= 0, False, {}

    def seen(self):
        return np.full(4, self.left, np.float32)

    def reward(self, action):
        return 1.0

"""


@pytest.fixture
def source(tmp_path: Path) -> Callable[[str], Path]:
    """Return a function that writes `game.py`, whose environments derive from `Base`."""

    def write(text: str) -> Path:
        folder = tmp_path / "source"
        folder.mkdir()
        (folder / "game.py").write_text(_BEGINNING + textwrap.dedent(text), "utf-8")
        return folder

    return write


@pytest.fixture(scope="session")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the model of a policy that plays CartPole."""
    return cartpole.archive(tmp_path_factory.mktemp("cartpole"))


@pytest.fixture
def evaluate(archive: Path) -> Callable[..., EvaluationReport]:
    """Return `evaluate_model` of that policy, in the interpreter of the tests."""

    def run(model: Path = archive, **arguments: Any) -> EvaluationReport:
        return evaluate_model(model, **{"python": PYTHON, "episodes": 5, **arguments})

    return run
