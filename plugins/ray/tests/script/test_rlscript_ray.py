"""What an editor sees of the package where neither Ray nor PyTorch is installed."""

import os
import subprocess
import sys
import types
import unittest
from pathlib import Path
from typing import Any, List

CHECKOUT = Path(__file__).parents[4]
# A module that is None in sys.modules cannot be imported.
WITHOUT = "import sys; sys.modules.update(dict.fromkeys({!r})); import pydoc; pydoc.help({!r})"
TOOLKIT = ("ray", "torch", "numpy", "gymnasium", "onnxruntime")


class Documentation(unittest.TestCase):
    """The package is imported without its toolkit."""

    def test_pydoc(self):
        """The documentation tells the signature of `train`, its arguments and the errors."""
        sources = [str(CHECKOUT), str(CHECKOUT / "plugins" / "ray" / "src")]
        shown = subprocess.check_output(
            [sys.executable, "-c", WITHOUT.format(TOOLKIT, "rlscript_ray")],
            env=dict(os.environ, PYTHONPATH=os.pathsep.join(sources), PAGER="cat"),
            universal_newlines=True,
        )
        for expected in ("train(", "env_kwargs: ", "evaluation: ", "class WarmStartRefused"):
            self.assertIn(expected, shown)

    def test_actions_that_are_not_exported(self):
        """Action spaces that training would refuse are refused before it, without Ray."""
        import numpy as np  # noqa: PLC0415  # not where the documentation alone is read
        from gymnasium import spaces  # noqa: PLC0415

        from rlscript_ray import ExportRefused, check_environment  # noqa: PLC0415

        exported: List[Any] = [
            spaces.Discrete(3),
            spaces.MultiDiscrete([2, 3]),
            spaces.Box(-1, 1, (2,), np.float32),
        ]
        refused: List[Any] = [
            spaces.Discrete(3, start=1),
            spaces.Box(-1, 1, (2, 2), np.float32),
            spaces.Box(0, 5, (2,), np.int64),
            spaces.MultiBinary(3),
            spaces.Dict({"a": spaces.Discrete(2)}),
        ]
        for space in exported:
            check_environment(types.SimpleNamespace(action_space=space))
        for space in refused:
            with self.assertRaises(ExportRefused) as raised:
                check_environment(types.SimpleNamespace(action_space=space))
            self.assertIn(str(space), str(raised.exception))


if __name__ == "__main__":
    unittest.main()
