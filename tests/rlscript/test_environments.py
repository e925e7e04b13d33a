"""Environments by name."""

import sys
import types
import unittest

from rlscript.environments import (
    EnvironmentFailed,
    OldEnvironment,
    adapted,
    is_factory,
    make_environment,
)


class Corridor:
    """An environment as far as its interface goes."""

    def __init__(self, length=3):
        """Take the corridor's length."""
        self.length = length

    def reset(self, seed=None):
        """Do nothing."""

    def step(self, action):
        """Do nothing."""


class Names(unittest.TestCase):
    """What a name leads to."""

    def test_kinds(self):
        """A module and a callable, or a Gymnasium id."""
        self.assertTrue(is_factory("game.envs:make_game"))
        for env in ("CartPole-v1", "ale_py:ALE/Pong-v5", "package:Game-v0", ":make", "ALE/Pong-v5"):
            self.assertFalse(is_factory(env), env)

    def test_factory(self):
        """The factory gets the keyword arguments."""
        made = make_environment(__name__ + ":Corridor", {"length": 5})

        self.assertEqual(5, made.length)

    def test_failures(self):
        """What is missing or is no environment is named, with the nearest."""
        for env, message in (
            ("no_such_module_at_all:make", "cannot be imported"),
            (__name__ + ":Coridor", "did you mean .*:Corridor?"),
            ("builtins:dict", "has no reset and step"),
        ):
            with self.assertRaisesRegex(EnvironmentFailed, message):
                make_environment(env)


class OldCorridor:
    """The same, of the API before gym 0.26."""

    action_space = "actions"
    truncated = False

    def __init__(self):
        """Say how fast its pictures follow each other."""
        self.metadata = {"video.frames_per_second": 20}

    def seed(self, seed=None):
        """Note the seed."""
        self.seeded = seed

    def reset(self):
        """Begin."""
        self.left = 2
        return "beginning"

    def step(self, action):
        """Go on, with four results."""
        self.left -= 1
        return action, 1, self.left == 0, {"TimeLimit.truncated": self.truncated}

    def render(self, mode="human"):
        """Return what was asked for."""
        return mode


class Gym25Corridor(OldCorridor):
    """Gym 0.22 to 0.25: the seed goes to `reset`, which returns the observation alone."""

    __module__ = "gym.envs"

    def reset(self, seed=None):
        """Begin."""
        self.seed(seed)
        return super().reset()


class Old(unittest.TestCase):
    """The API before gym 0.26."""

    def test_adapted(self):
        """Seed, observation, end and picture come as Gymnasium has them."""
        made = make_environment(__name__ + ":OldCorridor")

        self.assertEqual(("beginning", {}), made.reset(seed=7))
        self.assertEqual(7, made.old.seeded)
        self.assertEqual((3, 1, False, False), made.step(3)[:4])
        self.assertEqual((4, 1, True, False), made.step(4)[:4])
        self.assertEqual("rgb_array", made.render())
        self.assertEqual(
            ("actions", {"video.frames_per_second": 20}), (made.action_space, made.metadata)
        )
        self.assertIsNone(made.close())

    def test_time_limit(self):
        """An episode that a wrapper cut off is truncated."""
        environment = OldCorridor()
        environment.truncated = True
        made = adapted(environment)
        made.reset()

        self.assertEqual([(False, False), (False, True)], [made.step(0)[2:4] for _ in range(2)])

    def test_versions_of_gym(self):
        """From version 0.26 on, gym's environments are as Gymnasium's."""
        environment = Gym25Corridor()
        for version, old in (("0.25.2", True), ("0.26.0", False), ("0.9.1", True)):
            sys.modules["gym"] = types.ModuleType("gym")
            vars(sys.modules["gym"])["__version__"] = version
            try:
                made = adapted(environment)
            finally:
                del sys.modules["gym"]
            self.assertEqual(old, isinstance(made, OldEnvironment), version)
        made = OldEnvironment(environment)
        self.assertEqual(("beginning", {}), made.reset(seed=5))
        self.assertEqual(5, environment.seeded)

    def test_others_stay(self):
        """What takes a seed at its reset is left as it is."""
        environment = Corridor()

        self.assertIs(environment, adapted(environment))


if __name__ == "__main__":
    unittest.main()
