"""Environments by name."""

import unittest

from rlscript.environments import EnvironmentFailed, is_factory, make_environment


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


if __name__ == "__main__":
    unittest.main()
