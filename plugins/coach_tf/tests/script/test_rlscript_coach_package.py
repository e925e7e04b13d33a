"""What an editor sees of the package where Coach is not installed."""

import json
import os
import subprocess
import sys
import tempfile
import types
import unittest
from pathlib import Path

from rlscript_coach import ExportRefused, check_environment

CHECKOUT = Path(__file__).parents[4]
# A module that is None in sys.modules cannot be imported.
WITHOUT = "import sys; sys.modules.update(dict.fromkeys({!r})); import pydoc; pydoc.help({!r})"
TOOLKIT = ("rl_coach", "tensorflow", "mxnet", "numpy", "gym", "onnx", "tf2onnx")


class Documentation(unittest.TestCase):
    """The package is imported without its toolkit."""

    def test_pydoc(self):
        """The documentation tells the signature of `train`, its arguments and the errors."""
        sources = [str(CHECKOUT), str(CHECKOUT / "plugins" / "coach_tf" / "src")]
        shown = subprocess.check_output(
            [sys.executable, "-c", WITHOUT.format(TOOLKIT, "rlscript_coach")],
            env=dict(os.environ, PYTHONPATH=os.pathsep.join(sources), PAGER="cat"),
            universal_newlines=True,
        )
        for expected in ("train(preset", "RLCOACH_PRESET", "stop: ", "class CheckpointRefused"):
            self.assertIn(expected, shown)


class Early(unittest.TestCase):
    """What is refused before anything of Coach is loaded, in one line."""

    script = (
        "import sys; sys.modules.update(dict.fromkeys({!r})); "
        "sys.argv = ['train.py']; import rlscript_coach; rlscript_coach.train('no_such_preset')"
    )

    def run_script(self, settings):
        """Return the exit code and the lines of a script with such hyperparameters."""
        sources = [str(CHECKOUT), str(CHECKOUT / "plugins" / "coach_tf" / "src")]
        with tempfile.TemporaryDirectory() as folder:
            (Path(folder) / "preset_walk.py").write_text("graph_manager = 5\n")
            variables = {
                "PYTHONPATH": os.pathsep.join(sources),
                "RLCORE_CHECKPOINT_DIR": folder,
                "SM_HPS": json.dumps(settings),
                "SM_MODEL_DIR": folder,
            }
            done = subprocess.run(
                [sys.executable, "-c", self.script.format(TOOLKIT)],
                env=dict(os.environ, **variables),
                cwd=folder,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                universal_newlines=True,
                check=False,
            )
        return done.returncode, done.stdout.splitlines()

    def test_refused(self):
        """Presets, names of hyperparameters, paths, values, and nothing to evaluate."""
        for settings, expected in (
            ({}, "PresetMissing: there is no preset 'no_such_preset'. .* there are preset_walk$"),
            ({"RLCOACH_PRESET": "preset_wolk"}, "PresetMissing: .*did you mean 'preset_walk'"),
            ({"improve_step": 5}, "HyperparameterError: .*did you mean 'improve_steps'"),
            ({"rl.agent_parms.x": 5}, "HyperparameterError: .*did you mean 'rl.agent_params'"),
            ({"rl.agent_params.x": "f(5)"}, "HyperparameterError: .*type 'f' is not allowed"),
            (
                {"RLCOACH_PRESET": "preset_walk", "evaluate_steps": 5},
                "NothingToStartFrom: .*'model'",
            ),
        ):
            code, lines = self.run_script(settings)
            with self.subTest(settings):
                self.assertEqual((1, 1), (code, len(lines)), lines)
                self.assertRegex(lines[0], expected)


class Discrete:
    """A space of so many actions."""

    def __init__(self, n, start=0):
        """Take the number."""
        self.n, self.start = n, start


class Box:
    """A space of arrays of a shape and a type."""

    def __init__(self, shape, kind="f"):
        """Take both."""
        self.shape, self.dtype = shape, types.SimpleNamespace(kind=kind)


class Spaces(unittest.TestCase):
    """Spaces that training would refuse are refused before it, without Coach."""

    def test_taken(self):
        """Rows of numbers seen; discrete actions, or rows of numbers."""
        for actions in (Discrete(3), Box((2,))):
            check_environment(
                types.SimpleNamespace(observation_space=Box((4,)), action_space=actions)
            )

    def test_refused(self):
        """Pictures and discrete observations, and actions of other kinds."""
        for seen, done in (
            (Box((84, 84, 3)), Discrete(2)),
            (Discrete(5), Discrete(2)),
            (Box((4,)), Discrete(2, start=1)),
            (Box((4,)), Box((2, 2))),
            (Box((4,)), Box((2,), kind="i")),
        ):
            with self.assertRaises(ExportRefused):
                check_environment(types.SimpleNamespace(observation_space=seen, action_space=done))


if __name__ == "__main__":
    unittest.main()
