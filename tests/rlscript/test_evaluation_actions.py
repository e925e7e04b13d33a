"""The actions that an evaluation keeps: those that tell policies apart where returns do not."""

import json
import unittest

import rlscript


class Line:
    """An episode of so many steps; its observation is the seed, then the number of the step."""

    def __init__(self, length):
        """Take the length of episodes."""
        self.length = length

    def reset(self, seed=None):
        """Begin."""
        self.steps = 0
        return seed, {}

    def step(self, action):
        """Go on; whoever kept the action itself sees it change."""
        if isinstance(action, dict):
            action["changed"] = True
        self.steps += 1
        return self.steps, 1.0, self.steps == self.length, False, {}

    def close(self):
        """Nothing to close."""


class Array:
    """Knows itself as a list, as arrays do."""

    def tolist(self):
        """Return it."""
        return [0.5, 1]


def evaluated(act, length=3, **arguments):
    """Return an evaluation by a policy that looks at the observation alone."""
    return rlscript.evaluate(
        lambda turns: [(act(turn.observation), None) for turn in turns],
        lambda: Line(length),
        **arguments,
    )


class Kept(unittest.TestCase):
    """Actions of the first episode."""

    def test_first_episode(self):
        """They are those of the first seed, however many environments there are."""
        for environments in (1, 2, 9):
            found = evaluated(lambda seen: seen, episodes=9, environments=environments)
            self.assertEqual((1000000, 1, 2), found.actions)
            self.assertEqual([1000000, 1, 2], found.summary()["actions"])

    def test_bounded(self):
        """A long episode's first ones are enough."""
        found = evaluated(lambda seen: seen, length=999, episodes=1)

        self.assertEqual((999, 200), (found.lengths[0], len(found.actions)))
        self.assertEqual(199, found.actions[-1])

    def test_json(self):
        """Arrays in dictionaries and tuples are kept as JSON has them, as they were given."""
        found = evaluated(lambda _: {"push": (Array(), True)}, length=1, episodes=2)

        expected = [{"push": [[0.5, 1], True]}]
        self.assertEqual(expected, json.loads(json.dumps(found.summary()))["actions"])

    def test_no_json(self):
        """What JSON cannot hold is not kept, and does no harm."""
        for action in (object(), float("nan")):
            found = evaluated(lambda _: action, episodes=2)  # noqa: B023
            self.assertIsNone(found.actions)
            self.assertNotIn("actions", found.summary())
            json.dumps(found.summary())

    def test_not_kept(self):
        """An evaluation that somebody else has made needs none."""
        self.assertNotIn("actions", rlscript.Evaluation((1.0,), (1,)).summary())


if __name__ == "__main__":
    unittest.main()
