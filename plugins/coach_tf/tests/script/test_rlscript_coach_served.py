"""What Coach's environment left, answered by ONNX Runtime as an endpoint does.

For the light environment that serves policies, which has neither Coach nor gym.
"""

import os
import unittest
from pathlib import Path
from typing import NamedTuple

LEFT = os.environ.get("COACH_EXPORTS")
try:
    import numpy as np
    import onnxruntime  # noqa: F401
except ImportError:
    LEFT = None
if not LEFT:
    msg = "for an environment that serves policies, after those that train them (COACH_EXPORTS)"
    raise unittest.SkipTest(msg)

from rlserving import policies  # noqa: E402  # after the ways out

TIE = 1e-5


class Turn(NamedTuple):
    """What a policy is asked."""

    observation: object
    state: object = None
    mask: object = None


class Equal(unittest.TestCase):
    """Coach's own actions on 10,000 observations."""

    def test_actions(self):
        """They are the same in a batch and one by one; near ties may go either way."""
        folders = sorted(path.parent for path in Path(LEFT).glob("*/policy.json"))
        self.assertGreaterEqual(len(folders), 3)
        for folder in folders:
            with self.subTest(folder.name), np.load(str(folder / "expected.npz")) as file:
                seen, outputs, expected = (
                    file[key] for key in ("observations", "outputs", "actions")
                )
                self.assertEqual(10000, len(seen))
                self.assertGreater(len(np.unique(expected.round(3), axis=0)), 1)
                policy = policies.load(str(folder))
                together = [action for action, _ in policy.act([Turn(each) for each in seen])]
                alone = [policy.act([Turn(each)])[0][0] for each in seen]
                for actions in (together, alone):
                    self.check(np.asarray(actions), expected, outputs)

    def check(self, actions, expected, outputs):
        """Compare by the rule of continuous or of discrete actions."""
        if expected.ndim > 1:
            np.testing.assert_allclose(actions, expected, rtol=TIE, atol=TIE)
            return
        differ = actions != expected
        best = np.sort(outputs, axis=1)[:, -2:]
        self.assertFalse((differ & (best[:, 1] - best[:, 0] > TIE)).any())
        self.assertLessEqual(differ.mean(), 0.001)


if __name__ == "__main__":
    unittest.main()
