"""What an editor sees of the package where neither SB3 nor PyTorch is installed."""

import os
import subprocess
import sys
import types
import unittest
from pathlib import Path

import rlscript
import rlscript_sb3

ROOT = os.pathsep.join(
    map(str, {Path(each.__file__).parents[1] for each in (rlscript, rlscript_sb3)})
)
# A module that is None in sys.modules cannot be imported.
WITHOUT = "import sys; sys.modules.update(dict.fromkeys({!r})); import pydoc; pydoc.help({!r})"
TOOLKIT = ("stable_baselines3", "sb3_contrib", "torch", "numpy", "gymnasium", "onnxruntime")


class Documentation(unittest.TestCase):
    """The package is imported without its toolkit."""

    def test_pydoc(self):
        """The documentation tells the signature of `train`, its arguments and the errors."""
        shown = subprocess.check_output(
            [sys.executable, "-c", WITHOUT.format(TOOLKIT, "rlscript_sb3")],
            env=dict(os.environ, PYTHONPATH=ROOT, PAGER="cat"),
            universal_newlines=True,
        )
        for expected in ("train(", "env_kwargs: ", "normalize: ", "class WarmStartRefused"):
            self.assertIn(expected, shown)


class Fitness(unittest.TestCase):
    """Spaces that training would refuse are refused before it, without SB3."""

    PAIRS = (
        ("FLOATS", "3"),
        ("MIXED", "COUNTS"),
        ("4", "BITS"),
        ("PIXELS", "SKEWED"),
        ("BITS", "WIDE"),
    )
    OBSERVATIONS = ("WORDS", "PAIR", "NESTED", "GRID", "3+1")
    ACTIONS = ("WORDS", "PAIR", "MIXED", "GRID", "3+1", "UNBOUNDED", "WHOLE")

    def test_taken(self):
        """What SB3 takes and the export knows."""
        for observation, action in self.PAIRS:
            self.check(observation, action)

    def test_refused(self):
        """Everything else, by the name of the space's class."""
        for observation, action in [
            *((each, "3") for each in self.OBSERVATIONS),
            *(("FLOATS", each) for each in self.ACTIONS),
        ]:
            given = {"observation": observation, "action": action}
            with self.subTest(**given), self.assertRaises(rlscript_sb3.ExportRefused):
                self.check(**given)

    def check(self, observation, action):
        """Check an environment of two spaces by name."""
        try:
            from toys import space_of  # noqa: PLC0415  # not where the documentation alone is read
        except ImportError:
            self.skipTest("for an environment that has Stable-Baselines3")
        rlscript_sb3.check_environment(
            types.SimpleNamespace(
                observation_space=space_of(observation), action_space=space_of(action)
            )
        )


if __name__ == "__main__":
    unittest.main()
