"""Spaces as JSON values."""

import json
import unittest

from rlscript.spaces import describe_space


class Numbers(list):
    """As much of an array as a space's bounds need."""

    def reshape(self, _):
        """Return the numbers in one row."""
        return self

    def tolist(self):
        """Return a plain list."""
        return list(self)


class Box:
    """A box of two numbers."""

    shape, dtype = (2,), "float32"

    def __init__(self, low, high):
        """Take the bounds."""
        self.low, self.high = Numbers(low), Numbers(high)


class Discrete:
    """Three actions."""

    n, start = 3, 0


class MultiDiscrete:
    """Two numbers; earlier releases know no start of them."""

    nvec, dtype = Numbers([3, 4]), "int64"

    def __init__(self, **start):
        """Take the start, perhaps."""
        vars(self).update(start)


class Dict:
    """A dictionary of both."""

    def __init__(self, **spaces):
        """Take the parts."""
        self.spaces = spaces


class Text:
    """A space of words."""


class Describe(unittest.TestCase):
    """One space."""

    def test_bounds(self):
        """Equal bounds are one number, infinite ones null, and JSON can hold all of it."""
        described = describe_space(Box([-1.0, float("-inf")], [2.0, 2.0]))

        self.assertEqual([-1.0, None], described["low"])
        self.assertEqual(2.0, described["high"])
        json.dumps(described, allow_nan=False)

    def test_start(self):
        """Several numbers are described with the first of each, where the space has it."""
        self.assertEqual(
            {"type": "MultiDiscrete", "nvec": [3, 4], "dtype": "int64"},
            describe_space(MultiDiscrete()),
        )
        space = MultiDiscrete(start=Numbers([1, 0]))
        self.assertEqual([1, 0], describe_space(space)["start"])

    def test_nested(self):
        """Parts are described within their whole."""
        described = describe_space(Dict(choice=Discrete()))

        self.assertEqual(
            {"type": "Dict", "spaces": {"choice": {"type": "Discrete", "n": 3, "start": 0}}},
            described,
        )

    def test_refused(self):
        """A space of words is refused by name."""
        with self.assertRaisesRegex(ValueError, "Text.*allowed are Box, Dict"):
            describe_space(Text())


if __name__ == "__main__":
    unittest.main()
