"""Other people's exports compared with Ray's checkpoints. For an environment with TensorFlow."""

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
from unittest import mock

try:
    import ray.rllib.agents.registry  # noqa: F401  # tells classic Ray from later ones
    import tensorflow as tf  # type: ignore[import-untyped, unused-ignore]
except ImportError:
    msg = "for an environment that has classic Ray on TensorFlow"
    raise unittest.SkipTest(msg) from None

import toys

from rlscript_ray.classic.cluster import private_cluster
from rlscript_ray.classic.tensorflow_network import tensorflow_v1
from rlscript_ray.inspection import inspect

STACK = contextlib.ExitStack()
FOLDERS = ("SM_MODEL_DIR", "SM_OUTPUT_INTERMEDIATE_DIR", "RLCORE_CHECKPOINT_DIR")


def setUpModule():
    """Start the cluster, and tell the job's folders."""
    scratch = Path(STACK.enter_context(tempfile.TemporaryDirectory()))
    values = {name: str(scratch / name) for name in FOLDERS}
    STACK.enter_context(mock.patch.dict(os.environ, values))
    STACK.enter_context(private_cluster({}))
    STACK.enter_context(contextlib.redirect_stdout(io.StringIO()))


def tearDownModule():
    """End the cluster."""
    STACK.close()


def inspected():
    """Return what the inspection finds: how many were compared and are equal, and its message."""
    model, *roots = (Path(os.environ[name]) for name in FOLDERS)
    return tuple(inspect(model, [model, *roots]))


def asked_as_the_runner_does():
    """Return the last line of the inspection's output."""
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-m", "rlscript_ray.inspection"],
        stdout=subprocess.PIPE,
        universal_newlines=True,
        check=True,
    )
    return json.loads(done.stdout.strip().splitlines()[-1])


class Inspection(unittest.TestCase):
    """A SavedModel that the script has written with Ray's or TensorFlow's own means."""

    def setUp(self):
        """Empty the folder of the model."""
        self.model = Path(os.environ["SM_MODEL_DIR"])
        shutil.rmtree(str(self.model), ignore_errors=True)
        self.model.mkdir()

    def export(self, learner, version):
        """Let Ray export the policy as it is now."""
        toys.parts(learner).policy.export_model(str(self.model / "deep" / version))

    def checkpoint(self, learner):
        """Let Ray write a checkpoint where the original's launchers have them."""
        toys.parts(learner).trainer.save(os.environ["SM_OUTPUT_INTERMEDIATE_DIR"])

    def test_exports(self):
        """Nothing to compare, weights from before training, newer and right ones, frozen ones."""
        with toys.learning("cartpole") as learner:
            self.export(learner, "1")
            self.assertEqual((0, 0, ""), inspected())
            learner.advance()
            self.checkpoint(learner)
            compared, equal, told = inspected()
            self.assertEqual((8, 0), (compared, equal))
            self.assertIn("0 of 8 exported tensors in deep/1/saved_model.pb equal", told)
            self.assertIn("Restore that checkpoint", told)

            self.export(learner, "10")
            self.assertEqual((8, 8, ""), inspected())
            expected = {"check": "export", "compared": 8, "equal": 8, "message": ""}
            self.assertEqual(expected, asked_as_the_runner_does())

            files = learner.export()[1]
            (self.model / "deep" / "10" / "saved_model.pb").write_bytes(
                files["export/Servo/1/saved_model.pb"]
            )
            shutil.rmtree(str(self.model / "deep" / "10" / "variables"))
            self.assertEqual((4, 4, ""), inspected())

            (self.model / "policy.json").write_text("{}")
            self.assertEqual((0, 0, ""), inspected())

    def test_lost_filter(self):
        """An export without the statistics that its policy was trained with is told."""
        with toys.learning("cartpole", {"observation_filter": "MeanStdFilter"}) as learner:
            learner.advance()
            self.checkpoint(learner)
            self.export(learner, "1")
            compared, equal, told = inspected()
            self.assertEqual((8, 8), (compared, equal))
            self.assertIn("MeanStdFilter", told)
            (self.model / "deep" / "1" / "saved_model.pb").write_bytes(
                learner.export()[1]["export/Servo/1/saved_model.pb"]
            )
            shutil.rmtree(str(self.model / "deep" / "1" / "variables"))
            self.assertEqual((4, 4, ""), inspected())

    def test_saved_model(self):
        """The SavedModel that is published beside the graph loads, and acts as RLlib does."""
        with toys.learning("cartpole", {"observation_filter": "MeanStdFilter"}) as learner:
            learner.advance()
            content = learner.export()[1]["export/Servo/1/saved_model.pb"]
            (self.model / "saved_model.pb").write_bytes(content)
            seen = learner._observations  # noqa: SLF001
            expected = [action for action, _ in learner.act(list(map(toys.rlscript.Turn, seen)))]
            v1 = tensorflow_v1()
            with v1.Session(graph=v1.Graph()) as session:
                meta = v1.saved_model.loader.load(session, ["serve"], str(self.model))
                signature = meta.signature_def["serving_default"]
                fetched = {name: each.name for name, each in signature.outputs.items()}
                feeds = {signature.inputs["observations"].name: seen}
                found = session.run(fetched, feeds)
            self.assertEqual(["actions", "logits"], sorted(found))
            self.assertEqual(expected, list(found["actions"]))
            self.assertEqual((len(seen), 2), found["logits"].shape)


if __name__ == "__main__":
    assert tf
    unittest.main()
