"""One seed for all."""

import random
import unittest

import rlscript


class Seed(unittest.TestCase):
    """The standard library's generator; a toolkit's are tested where it is."""

    def test_repeats(self):
        """The same seed gives the same numbers, another one others."""
        drawn = []
        for seed in (7, 7, 8):
            rlscript.seed_everything(seed)
            drawn.append(random.random())  # noqa: S311

        self.assertEqual(drawn[0], drawn[1])
        self.assertNotEqual(drawn[0], drawn[2])


if __name__ == "__main__":
    unittest.main()
