"""Kept weights and the network that is to take them."""

import unittest

from rlscript.fitting import misfit, shapes_of


class Array:
    """As much of an array as is looked at."""

    def __init__(self, *shape):
        """Take the shape."""
        self.shape = shape


class Fit(unittest.TestCase):
    """Names and shapes."""

    def test_shapes(self):
        """They are plain numbers, whatever a toolkit counts in."""
        self.assertEqual({"a": (2, 3), "b": ()}, shapes_of({"a": Array(2, 3), "b": Array()}))

    def test_fits(self):
        """The same names and shapes, in any order."""
        self.assertIsNone(misfit({"a": (2, 3), "b": ()}, {"b": (), "a": (2, 3)}, "model"))
        self.assertIsNone(misfit({}, {}, "model"))

    def test_differences(self):
        """Other shapes, and names that only one side has, are told; the shortest names first."""
        found = misfit(
            {"c": (2,), "aa": (3,), "d": (1,)}, {"b": (), "aa": (4,), "d": (1,)}, "model"
        )

        self.assertEqual(
            "the weights of the model are another network's: "
            "b is missing in the model, () here; c is (2,) in the model, missing here; "
            "aa is (3,) in the model, (4,) here.",
            found,
        )

    def test_many(self):
        """Eight differences are told, the rest is counted; the channel is named."""
        given = {"w{}".format(number): (number,) for number in range(9)}
        told = misfit(given, {}, "checkpoint")
        self.assertTrue(
            str(told).endswith("w7 is (7,) in the checkpoint, missing here; and 1 more.")
        )
        self.assertIn("the weights of the checkpoint are another", str(told))
        del given["w8"]
        self.assertTrue(
            str(misfit(given, {}, "model")).endswith("w7 is (7,) in the model, missing here.")
        )


if __name__ == "__main__":
    unittest.main()
