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


class Masked(Lottery):
    """Tells at its beginning what is allowed."""

    def reset(self, seed=None):
        """Draw the episode."""
        observation, _ = super().reset(seed)
        return observation, {"action_mask": [1, 0]}


class Shared(Lottery):
    """Draws from the generator of the whole process, when it begins or in each step."""

    def __init__(self, steps):
        """Take whether steps draw."""
        super().__init__()
        self.steps = steps

    def reset(self, seed=None):
        """Draw the episode."""
        return super().reset(seed if self.steps else random.random())  # noqa: S311

    def step(self, action):
        """Pay what is drawn."""
        return super().step(random.random() if self.steps else action)  # noqa: S311


class Late(Lottery):
    """Draws from the generator of the whole process from its tenth step on."""

    def reset(self, seed=None):
        """Begin a long episode."""
        found = super().reset(seed)
        self.left += 30
        self.steps = 0
        return found

    def step(self, action):
        """Pay what is drawn, if it is late enough."""
        self.steps += 1
        return super().step(random.random() if self.steps >= 10 else action)  # noqa: S311


def alone(seed):
    """Return the return of one seed's episode."""
    lottery = Lottery()
    lottery.reset(seed=seed)
    return lottery.left * lottery.reward * 2.0


def always(action):
    """Return a policy that keeps no state and knows one action."""
    return lambda turns: [(action, None)] * len(turns)


class Evaluate(unittest.TestCase):
    """Many episodes side by side."""

    def test_each_seed_once(self):
        """However many environments there are, each seed's episode counts once."""
        expected = tuple(alone(1000000 + index) for index in range(40))
        for environments in (1, 7, 40, 100):
            found = rlscript.evaluate(always(2), Lottery, 40, environments)
            self.assertEqual(expected, found.returns)
        self.assertAlmostEqual(sum(expected) / 40, found.return_mean)

    def test_closes(self):
        """Every environment is closed at the end."""
        made = []

        def make():
            made.append(Lottery())
            return made[-1]

        rlscript.evaluate(always(1), make, episodes=9, environments=4)

        self.assertEqual([True] * 4, [lottery.closed for lottery in made])

    def test_summary(self):
        """A manifest says how the figure came about."""
        summary = rlscript.evaluate(always(1), Lottery, episodes=3).summary()

        self.assertEqual(
            (3, True, 1000000), tuple(summary[key] for key in ("episodes", "greedy", "first_seed"))
        )
        self.assertLessEqual(summary["return_min"], summary["return_mean"])

    def test_first_seed(self):
        """The seeds count up from the one that is given."""
        found = rlscript.evaluate(always(2), Lottery, episodes=3, first_seed=5)

        self.assertEqual((alone(5), alone(6), alone(7)), found.returns)

    def test_global_generators(self):
        """What draws from the process's generator plays the same again, and uses nothing up."""
        for steps in (False, True):
            returns = []
            for before, episodes, environments in ((1, 20, 100), (2, 20, 3), (2, 9, 1)):
                random.seed(before)
                expected = random.random()  # noqa: S311
                random.seed(before)
                found = rlscript.evaluate(always(2), lambda: Shared(steps), episodes, environments)  # noqa: B023
                self.assertEqual(expected, random.random())  # noqa: S311
                returns.append(found.returns)
            self.assertEqual([returns[0], returns[0], returns[0][:9]], returns)
            self.assertLess(15, len(set(returns[0])))

    def test_global_generators_that_are_used_late(self):
        """Ten steps is what the docstring promises."""
        first, other = (rlscript.evaluate(always(2), Late, 9, count) for count in (1, 9))

        self.assertEqual(first.returns, other.returns)

    def test_turns(self):
        """A policy gets its state back, and the mask that the environment tells."""
        seen = []

        def act(turns):
            seen.extend(turns)
            return [(1, (turn.state or 0) + 1) for turn in turns]

        rlscript.evaluate(act, Masked, episodes=1)

        self.assertEqual([None, *range(1, len(seen))], [turn.state for turn in seen])
        self.assertEqual([[1, 0]] + [None] * (len(seen) - 1), [turn.mask for turn in seen])

    def test_no_episodes(self):
        """An evaluation of nothing is refused."""
        with self.assertRaises(ValueError):
            rlscript.evaluate(always(1), Lottery, episodes=0)


if __name__ == "__main__":
    unittest.main()
