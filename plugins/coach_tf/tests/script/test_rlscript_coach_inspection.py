"""Other people's exports, right and wrong ones, made for real. For a release's environment."""

import contextlib
import io
import json
import os
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

try:
    import rl_coach  # noqa: F401
except ImportError:
    msg = "for an environment that has Coach"
    raise unittest.SkipTest(msg) from None

import numpy as np
import toys

import rlscript
from rlscript_coach import inspection
from rlscript_coach.releases import MXNET, TENSORFLOW, backend


class Inspected(unittest.TestCase):
    """A model folder beside a folder of checkpoints."""

    def setUp(self):
        """Make them."""
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.folder = Path(scratch.name)
        self.model = self.folder / "model"
        self.model.mkdir()
        self.checkpoints = self.folder / "output" / "checkpoint"
        self.checkpoints.mkdir(parents=True)

    def inspect(self):
        """Return what the module's last line says, run as a job's runner does."""
        places = {
            "SM_MODEL_DIR": str(self.model),
            "SM_OUTPUT_DATA_DIR": str(self.folder / "output"),
            "RLCORE_CHECKPOINT_DIR": str(self.folder / "none"),
        }
        done = subprocess.run(
            [sys.executable, "-W", "ignore", "-m", "rlscript_coach.inspection"],
            env=dict(os.environ, **places),
            stdout=subprocess.PIPE,
            check=True,
            universal_newlines=True,
        )
        return json.loads(done.stdout.splitlines()[-1])

    def saved(self, one, name):
        """Write a checkpoint as Coach does."""
        place = self.checkpoints / name
        one._manager.task_parameters.checkpoint_save_dir = str(place)  # noqa: SLF001
        with contextlib.redirect_stdout(io.StringIO()):
            one._manager.save_checkpoint()  # noqa: SLF001
        return place

    @toys.once
    def test_nothing(self):
        """Without a model of others, or without a checkpoint, there is nothing to say."""
        expected = inspection.Found(0, 0, "")
        self.assertEqual(expected, inspection.inspect(self.model, [self.checkpoints]))
        with toys.learning(toys.manager("DQN")) as one:
            self.saved(one, "1")
            rlscript.publish_model(self.model, *one.export())
        self.assertEqual(expected, inspection.inspect(self.model, [self.checkpoints]))


@unittest.skipUnless(backend() == TENSORFLOW, "for Coach on TensorFlow")
class SavedModels(Inspected):
    """The widely copied export, and right ones."""

    def test_models(self):
        """Of the session's weights each passes; of others none; and older ones are named."""
        import tensorflow as tf  # noqa: PLC0415

        with toys.learning(toys.manager("ClippedPPO", improve=400), advances=2) as one:
            self.saved(one, "1")
            self.save(one.policy.network.session, one)
            self.assertEqual(inspection.Found(6, 6, ""), self.found())
            frozen = one.export()[1]["export/Servo/1/saved_model.pb"]
            one.advance()
            self.saved(one, "2")
            self.assertRegex(
                self.found().message, "of the checkpoint 0_Step-.*, which is not the newest"
            )
            with tf.Session() as session:
                # The copied way: variables begin anew, and none is in the scope that it names.
                session.run(tf.global_variables_initializer())
                scope = "main_level/agent/online/"
                named = [each for each in tf.global_variables() if each.name.startswith(scope)]
                self.assertEqual([], named)
                self.save(session, one)
        told = self.inspect()
        self.assertEqual(("export", 6, 0), (told["check"], told["compared"], told["equal"]))
        self.assertIn("0 of 6 exported tensors of export/1/saved_model.pb equal", told["message"])
        self.assertIn("the export holds untrained weights", told["message"])
        self.check_frozen(frozen)

    def check_frozen(self, content):
        """A model without variables is judged by its constants."""
        shutil.rmtree(str(self.model))
        path = self.model / "1" / "saved_model.pb"
        path.parent.mkdir(parents=True)
        path.write_bytes(content)
        shutil.rmtree(str(self.checkpoints / "2"))
        self.assertEqual(inspection.Found(6, 6, ""), self.found())

    def found(self):
        """Return what is found in this process."""
        return inspection.inspect(self.model, [self.checkpoints])

    def save(self, session, one):
        """Save a session as everybody does."""
        import tensorflow as tf  # noqa: PLC0415

        shutil.rmtree(str(self.model / "export"), ignore_errors=True)
        network = one.policy.network
        inputs, outputs = {"observation": network._input}, {"policy": network._outputs[0]}  # noqa: SLF001
        tf.saved_model.simple_save(session, str(self.model / "export" / "1"), inputs, outputs)


@unittest.skipUnless(backend() == MXNET, "for Coach on MXNet")
class Networks(Inspected):
    """Coach's own ONNX files, which helpers copy into the model folder."""

    def export(self, one):
        """Write what Coach writes with export_onnx_graph."""
        from rl_coach.architectures.mxnet_components.savers import OnnxSaver  # noqa: PLC0415

        network = one.policy.network._network  # noqa: SLF001
        saver = OnnxSaver("x", network.model, network._model_input_shapes())  # noqa: SLF001
        saver.save(None, str(self.model / "model.onnx"))

    def test_right_and_wrong(self):
        """The newest weights pass, others do not."""
        with toys.learning(toys.manager("DQN"), advances=1) as one:
            self.saved(one, "1")
            self.export(one)
            right = self.inspect()
            for _ in range(2):
                one.advance()
            self.saved(one, "1")
            stale = self.inspect()
            weights = {
                name: each + np.float32(1) for name, each in one.policy.network.weights().items()
            }
            one.policy.network.set_weights(weights)
            self.export(one)
        expected = {"check": "export", "compared": 6, "equal": 6, "message": ""}
        self.assertEqual(expected, right)
        self.assertIn("which is not the newest", stale["message"])
        told = self.inspect()
        self.assertEqual((6, 0), (told["compared"], told["equal"]))
        self.assertIn("the export holds untrained weights", told["message"])


if __name__ == "__main__":
    unittest.main()
