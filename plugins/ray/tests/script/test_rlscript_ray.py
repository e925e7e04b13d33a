"""What an editor sees of the package where neither Ray nor PyTorch is installed."""

import os
import subprocess
import sys
import unittest
from pathlib import Path

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


if __name__ == "__main__":
    unittest.main()
