"""When an export's answers count as RLlib's own. Without Ray."""

import unittest
from types import SimpleNamespace
from typing import Any

import numpy as np

from rlscript_ray import ExportWrong
from rlscript_ray.comparison import require_equal

ROWS = 200


def space(kind, **attributes):
    """Return a space of actions, as far as it is looked at."""
    return type(kind, (SimpleNamespace,), {})(**attributes)


class Equality(unittest.TestCase):
    """Two policies' answers to the same observations."""

    def setUp(self):
        """Let both choose the first of two actions, clearly."""
        self.observations = list(range(ROWS))
        self.expected: Any = np.zeros(ROWS, np.int64)
        self.actual: Any = self.expected.copy()
        self.logits = np.tile([1.0, 0.0], (ROWS, 1))
        self.strayed = np.zeros(ROWS, bool)

    def compare(self, actions):
        """Compare them."""
        answers = self.expected, self.actual, self.logits, self.strayed
        require_equal(actions, self.observations, answers)

    def refused(self, actions, told):
        """They differ, as the message tells."""
        with self.assertRaises(ExportWrong) as raised:
            self.compare(actions)
        self.assertIn(told, str(raised.exception))

    def test_ties(self):
        """Where both actions are as good, one row may differ, and no more than one in 1,000."""
        two = space("Discrete", n=2)
        self.compare(two)
        self.logits[:] = 0.0
        self.actual[7] = 1
        self.compare(two)
        self.actual[8] = 1
        self.refused(two, "differs from RLlib's on 2 of 200: 1 instead of 0 for 7")

    def test_choices(self):
        """Where one action is better, each row counts; of several choices each by itself."""
        self.actual[7] = 1
        self.refused(space("Discrete", n=2), "differs from RLlib's on 1 of 200")
        pairs = np.zeros((ROWS, 2), np.int64)
        self.expected, self.actual = pairs, pairs.copy()
        self.logits = np.tile([1.0, 0.0, 0.0, 0.0], (ROWS, 1))
        both = space("MultiDiscrete", nvec=[2, 2])
        self.actual[7, 1] = 1
        self.compare(both)
        self.actual[7, 0] = 1
        self.refused(both, "differs from RLlib's on 1 of 200")

    def test_numbers(self):
        """Continuous actions may be a hundred-thousandth away; what is no number never equals."""
        box = space("Box")
        self.expected = np.full((ROWS, 1), 50.0)
        self.actual = self.expected + 4e-4
        self.compare(box)
        self.actual[7] = 50.001
        self.refused(box, "differs from RLlib's on 1 of 200")
        self.actual[7] = np.nan
        self.refused(box, "differs from RLlib's on 1 of 200")

    def test_strayed(self):
        """Equal actions of another state or other logits are no equal policy."""
        self.strayed[7] = True
        self.refused(space("Discrete", n=2), "state differs from RLlib's on 1 of 200, as for 7")


if __name__ == "__main__":
    unittest.main()
