"""Checks of an environment that needs neither Gymnasium nor numpy."""

import random
import unittest

from rlscript import checking
from rlscript.trials import trajectory


class Discrete:
    """The space of the numbers below six."""

    n = 6

    def seed(self, seed):
        """Seed the samples."""
        self.random = random.Random(seed)  # noqa: S311

    def sample(self):
        """Draw a number."""
        return self.random.randrange(self.n)

    def contains(self, value):
        """Tell whether it is one of them."""
        return isinstance(value, int) and 0 <= value < self.n


class Dice:
    """Throws a die until it shows what was bet on."""

    def __init__(self):
        """Make the spaces."""
        self.observation_space, self.action_space = Discrete(), Discrete()

    def reset(self, seed=None):
        """Throw."""
        if seed is not None:
            self.random = random.Random(seed)  # noqa: S311
        return self.throw(), {}

    def step(self, action):
        """Throw again."""
        seen = self.throw()
        return seen, 1.0, seen == action, False, {}

    def throw(self):
        """Return what the die shows."""
        return self.random.randrange(6)

    def close(self):
        """Do nothing."""


class Loaded(Dice):
    """Does not care about seeds."""

    def throw(self):
        """Return what the system's own chance shows."""
        return random.SystemRandom().randrange(6)


class Careless(Dice):
    """Draws from the generator that everybody shares."""

    def throw(self):
        """Return what that shows."""
        return random.randrange(6)  # noqa: S311


class Strange(Dice):
    """Shows and pays what it must not."""

    def step(self, _action):
        """Show a seven, and pay with a word."""
        return 7, "much", False, False, {}


def verdicts(name):
    """Return the verdicts on an environment of this module by topic."""
    found = checking.check_environment(__name__ + ":" + name, {}, steps=300)
    return {each["topic"]: each["verdict"] for each in found["findings"]}, found


class Check(unittest.TestCase):
    """Findings."""

    def test_good(self):
        """Everything is in order, and the speed is measured."""
        found, report = verdicts("Dice")

        self.assertEqual({"ok"}, {found[topic] for topic in found if topic[0] != "G"})
        self.assertIn("episodes", found)
        self.assertGreater(report["steps_per_second"], 0)

    def test_seeding(self):
        """Chance that no seed governs is a problem; a shared generator is warned of."""
        self.assertEqual("problem", verdicts("Loaded")[0]["seeding"])
        self.assertEqual("warning", verdicts("Careless")[0]["seeding"])

    def test_answers(self):
        """Foreign observations, rewards that are no numbers, and endless episodes."""
        found, report = verdicts("Strange")

        for topic in ("observations", "rewards", "episodes"):
            self.assertEqual("problem", found[topic], report)

    def test_missing(self):
        """Nothing else is looked at where nothing can be made."""
        self.assertEqual({"makes": "problem"}, verdicts("Dic")[0])

    def test_check_of_the_toolkit(self):
        """A package's own check is asked; what it raises is a problem."""
        for package, expected in ((__name__, ["ValueError: no dice here"]), ("random", [])):
            found = checking.check_environment(__name__ + ":Dice", {}, 10, [package])["findings"]
            told = [each["detail"] for each in found if each["topic"] == package]
            self.assertEqual(expected, [detail.splitlines()[0] for detail in told])


def check_environment(_environment):
    """Take no environment: what a toolkit's package may bring."""
    msg = "no dice here"
    raise ValueError(msg)


class Trials(unittest.TestCase):
    """Random actions."""

    def test_trajectory(self):
        """Resets within it are part of it, at their places."""
        seen = trajectory(Dice, 3, steps=60)

        self.assertEqual(seen, trajectory(Dice, 3, steps=60))
        self.assertNotEqual(seen, trajectory(Dice, 4, steps=60))
        self.assertTrue(any(place.startswith("the reset after step") for place, _ in seen))


if __name__ == "__main__":
    unittest.main()
