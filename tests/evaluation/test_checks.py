"""What the checks find in good environments and broken ones."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from rlcore.errors import EvaluationFailed, InvalidArgument
from rlcore.evaluation import CheckReport, check_environment
from tests.evaluation.conftest import PYTHON

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Source = Callable[[str], Path]


def check(env: str, **arguments: Any) -> CheckReport:
    """Check with few steps, in the interpreter of the tests."""
    return check_environment(env, **{"python": PYTHON, "steps": 500, **arguments})


def problems(report: CheckReport) -> dict[str, str]:
    """Return the details of what is a problem by topic."""
    return {each.topic: each.detail for each in report.findings if each.verdict == "problem"}


def test_a_good_environment() -> None:
    """There is nothing to object to in Gymnasium's own, and its speed is measured."""
    report = check("CartPole-v1")

    assert report.ok
    assert report.steps_per_second is not None
    assert report.steps_per_second > 100
    assert "No problems." in str(report)
    told = {each.topic: each.detail for each in report.findings}
    assert "begin with other observations" == told["other seeds"]
    assert "some bounds are infinite" in told["observation space"]


BROKEN = {
    "seeding": ("def seen(self):\n return np.random.default_rng().random(4, np.float32)", "reset"),
    "observations": ("def seen(self):\n return np.zeros(4, np.float64)", "of type float64"),
    "rewards": ("def reward(self, action):\n return float('nan')", "step 1 is nan"),
    "episodes": (
        "def step(self, action):\n return self.seen(), 0.0, False, False, {}",
        "none ended in 500 random steps",
    ),
    "action space": ("action_space = spaces.Text(3)", "cannot be described"),
    "Gymnasium's checker": ("def reset(self):\n self.left = 9\n return self.seen(), {}", "seed"),
    "makes": ("def __init__(self):\n 1 / 0", "ZeroDivisionError: division by zero"),
}


@pytest.mark.parametrize("topic", BROKEN)
def test_broken_environments(source: Source, topic: str) -> None:
    """Each fault is found under its name, with what is wrong."""
    body, message = BROKEN[topic]
    game = source("class Broken(Base):\n " + body.replace("\n", "\n  ") + "\n")

    report = check("game:Broken", source=game)

    assert not report.ok
    assert message in problems(report)[topic]


def test_global_generators(source: Source) -> None:
    """What is only repeatable with the global generators seeded is warned of."""
    game = source(
        "class Global(Base):\n    def reward(self, action):\n        return random.random()\n"
    )

    report = check("game:Global", source=game)

    assert ["warning"] == [each.verdict for each in report.findings if each.topic == "seeding"]
    assert "draw from self.np_random instead" in str(report)


def test_a_fixed_beginning(source: Source) -> None:
    """The same first observation for every seed is worth a note, no more."""
    game = source(
        """
        class Fixed(Base):
            def reset(self, seed=None, options=None):
                super().reset(seed=seed)
                self.left = 5
                return self.seen(), {}
        """
    )

    report = check("game:Fixed", source=game)

    assert report.ok
    assert "begin with the same observation" in str(report)


def test_the_old_api(source: Source) -> None:
    """An environment of gym before 0.26 is adapted, and checked all the same."""
    game = source(
        """
        class Old:
            observation_space = spaces.Box(-1.0, 1.0, (2,), np.float32)
            action_space = spaces.Discrete(2)

            def seed(self, seed=None):
                self.random = np.random.RandomState(seed)

            def reset(self):
                self.left = 10
                return self.random.uniform(-1, 1, 2).astype(np.float32)

            def step(self, action):
                self.left -= 1
                return np.zeros(2, np.float32), 1, self.left == 0, {}
        """
    )

    report = check("game:Old", source=game)

    assert {} == problems(report)
    assert "Old has the API before gym 0.26" in str(report)


def test_several_lines(source: Source) -> None:
    """A traceback stands below what it is about."""
    game = source("def make():\n    raise KeyError('level')\n")

    lines = str(check("game:make", source=game)).splitlines()

    assert "problem  makes  KeyError: 'level'" == lines[2]
    assert lines[3].startswith(" " * 16 + '  File "')
    assert "1 problem." == lines[-1]


def test_an_environment_that_ends_the_process(source: Source) -> None:
    """There is no report of it, but an error."""
    game = source("def make():\n    os._exit(7)\n")

    with pytest.raises(EvaluationFailed, match="exit code 7"):
        check("game:make", source=game)


def test_json() -> None:
    """A program gets the findings one by one."""
    record = check("CartPole-v1", steps=50).to_dict()

    assert (True, "CartPole-v1", str(PYTHON)) == (record["ok"], record["env"], record["where"])
    assert {"topic": "makes", "verdict": "ok", "detail": "CartPoleEnv"} == record["findings"][0]


def test_no_steps() -> None:
    """A check takes one step at least."""
    with pytest.raises(InvalidArgument, match="steps must be a whole number from 1"):
        check("CartPole-v1", steps=0)
