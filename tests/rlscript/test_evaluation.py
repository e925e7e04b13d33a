"""Greedy evaluation."""

import random
import unittest

import rlscript


class Lottery:
    """An episode whose length and reward per step its seed decides."""

    def __init__(self):
        """Count the environments that are closed."""
        self.closed = False

    def reset(self, seed=None):
        """Draw the episode."""
        draw = random.Random(seed)  # noqa: S311
        self.left, self.reward = draw.randint(1, 30), draw.randint(1, 9)
        return seed, {}

    def step(self, action):
        """Pay the drawn reward, times the action."""
        self.left -= 1
        return None, self.reward * action, self.left == 0, False, {}

    def close(self):
        """Note it."""
        self.closed = True


def alone(seed):
    """Return the return of one seed's episode."""
    lottery = Lottery()
    lottery.reset(seed=seed)
    return lottery.left * lottery.reward * 2.0


class Evaluate(unittest.TestCase):
    """Many episodes side by side."""

    def test_each_seed_once(self):
        """However many environments there are, each seed's episode counts once."""
        expected = tuple(alone(1000000 + index) for index in range(40))
        for environments in (1, 7, 40, 100):
            found = rlscript.evaluate(lambda seen: [2] * len(seen), Lottery, 40, environments)
            self.assertEqual(expected, found.returns)
        self.assertAlmostEqual(sum(expected) / 40, found.return_mean)

    def test_closes(self):
        """Every environment is closed at the end."""
        made = []

        def make():
            made.append(Lottery())
            return made[-1]

        rlscript.evaluate(lambda seen: [1] * len(seen), make, episodes=9, environments=4)

        self.assertEqual([True] * 4, [lottery.closed for lottery in made])

    def test_summary(self):
        """A manifest says how the figure came about."""
        summary = rlscript.evaluate(lambda seen: [1] * len(seen), Lottery, episodes=3).summary()

        self.assertEqual(
            (3, True, 1000000), tuple(summary[key] for key in ("episodes", "greedy", "first_seed"))
        )
        self.assertLessEqual(summary["return_min"], summary["return_mean"])

    def test_no_episodes(self):
        """An evaluation of nothing is refused."""
        with self.assertRaises(ValueError):
            rlscript.evaluate(lambda seen: seen, Lottery, episodes=0)


if __name__ == "__main__":
    unittest.main()
