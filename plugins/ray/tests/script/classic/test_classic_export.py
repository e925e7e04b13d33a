"""Exports of classic RLlib's policies against RLlib itself. For an environment of a release."""

import contextlib
import io
import json
import os
import shutil
import tempfile
import unittest
from pathlib import Path
from unittest import mock

try:
    import ray
    import ray.rllib.agents.registry
except ImportError:
    msg = "for an environment that has classic Ray"
    raise unittest.SkipTest(msg) from None

import numpy as np
import onnx
import toys
from onnx import numpy_helper

import rlscript
from rlscript.models import publish_model
from rlscript_ray.classic import CheckpointRefused, ExportRefused, ExportWrong, WarmStartRefused
from rlscript_ray.classic import learner as learners
from rlscript_ray.classic.cluster import private_cluster
from rlscript_ray.classic.verification import check_export
from rlscript_ray.classic.weights import read_weights, write_weights

COUNT = 10000
MOST_TIES = COUNT // 1000
STACK = contextlib.ExitStack()


def setUpModule():
    """Start the cluster of all tests, and a folder for the job."""
    scratch = STACK.enter_context(tempfile.TemporaryDirectory())
    folders = {"SM_MODEL_DIR": "model", "SM_OUTPUT_INTERMEDIATE_DIR": "intermediate"}
    values = {name: str(Path(scratch) / folder) for name, folder in folders.items()}
    STACK.enter_context(mock.patch.dict(os.environ, values))
    STACK.enter_context(private_cluster({}))
    STACK.enter_context(contextlib.redirect_stdout(io.StringIO()))


def tearDownModule():
    """End the cluster."""
    STACK.close()


class Exports(unittest.TestCase):
    """A policy that has learned a little, exported, and asked in the light environment."""

    def published(self, learner):
        """Return a folder with the learner's model."""
        folder = Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, str(folder))
        publish_model(folder, *learner.export())
        return folder

    def stirred(self, learner):
        """Make the weights of a learner large, so that its actions are clipped as well."""
        weights = read_weights(toys.parts(learner))
        random = np.random.RandomState(1)
        moved = {name: each + random.randn(*each.shape) * 1.5 for name, each in weights.items()}
        write_weights(toys.parts(learner), {k: v.astype(np.float32) for k, v in moved.items()})

    def check_actions(self, learner, make, light):
        """On 10,000 observations the export acts as RLlib does, in batches and one by one."""
        seen = toys.visited(make, learner.act, COUNT)
        expected = np.asarray([a for a, _ in learner.act([rlscript.Turn(each) for each in seen])])
        whole = light.ask(seen)
        single = np.concatenate([light.ask([each]) for each in seen])
        if expected.dtype.kind == "f":
            allowed = 1e-5 * np.maximum(1.0, np.abs(expected))
            for actual in (whole, single):
                self.assertEqual(0, (np.abs(actual - expected) > allowed).sum())
        else:
            for actual in (whole, single):
                self.assertLessEqual((actual != expected).sum(), MOST_TIES)
        # The trial has seen more than one answer.
        self.assertGreater(len(np.unique(whole)), 1)

    def check_returns(self, learner, make, light):
        """Greedy episodes on the same seeds earn the same."""
        inside = rlscript.evaluate(learner.act, make, 5)
        self.assertEqual(inside.returns, rlscript.evaluate(light.act, make, 5).returns)

    def check_weights(self, learner, folder):
        """Every trained weight that acts stands in the graph, to the last bit."""
        manifest = json.loads((folder / "policy.json").read_text())
        graph = onnx.load(str(folder / manifest["policies"]["default"]["graph"])).graph
        held = [numpy_helper.to_array(each) for each in graph.initializer]
        weights = read_weights(toys.parts(learner))
        acting = {name: each for name, each in weights.items() if "value" not in name}
        self.assertGreaterEqual(len(acting), 4)
        for name, weight in acting.items():
            self.assertTrue(any(_same(weight, each) for each in held), name)

    def test_normalised(self):
        """CartPole with `MeanStdFilter`: weights, actions and returns; wrong exports are caught."""
        # Fast enough that even its biases have moved by more than rounding.
        config = {"observation_filter": "MeanStdFilter", "lr": 0.01}
        with toys.learning("cartpole", config) as learner:
            before = learner.export()
            for _ in range(2):
                learner.advance()
            folder = self.published(learner)
            make = lambda: rlscript.make_environment("toys:cartpole")  # noqa: E731
            with toys.Light(folder) as light:
                self.check_actions(learner, make, light)
                self.check_returns(learner, make, light)
            self.check_weights(learner, folder)
            self.check_wrong_ones(learner, before)
            self.check_checkpoints(learner)

    def check_wrong_ones(self, learner, before):
        """Initial weights, a lost filter and a lost bias are not published."""
        reference, around = learner._reference()  # noqa: SLF001
        seen = learner._observations  # noqa: SLF001
        graph = learners._graph(toys.parts(learner), around)  # noqa: SLF001
        onnx_file = graph.to_onnx()
        check_export(reference, around, onnx_file, graph.run, seen)
        (initial,) = [before[1][name] for name in before[1] if name.endswith(".onnx")]
        unfiltered = around._replace(filter=None)
        bare = learners._graph(toys.parts(learner), unfiltered)  # noqa: SLF001
        for wrong in (initial, bare.to_onnx(), _without_bias(onnx_file)):
            with self.assertRaises(ExportWrong):
                check_export(reference, around, wrong, graph.run, seen)
        with self.assertRaises(ExportWrong):
            check_export(reference, around, onnx_file, bare.run, seen)

    def check_checkpoints(self, learner):
        """A checkpoint restores, filter and all; another release's is refused before that."""
        folder = Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, str(folder))
        learner.save(folder)
        expected = read_weights(toys.parts(learner))
        filtered = toys.parts(learner).filter.rs.mean.copy()
        learner.advance()
        learner.restore(folder)
        found = read_weights(toys.parts(learner))
        for name, weight in expected.items():
            np.testing.assert_array_equal(weight, found[name])
        np.testing.assert_array_equal(filtered, toys.parts(learner).filter.rs.mean)
        self.check_other_networks(folder)
        note = json.loads((folder / "rllib.json").read_text())
        (folder / "rllib.json").write_text(json.dumps(dict(note, Ray="0.7.7")))
        with self.assertRaises(CheckpointRefused) as raised:
            learner.restore(folder)
        self.assertIn("Ray 0.7.7", str(raised.exception))
        self.assertIn("Ray " + ray.__version__, str(raised.exception))

    def check_other_networks(self, folder):
        """One is told what differs, also where the checkpoint says nothing of its shapes."""
        note = (folder / "rllib.json").read_text()
        older = {name: part for name, part in json.loads(note).items() if name != "shapes"}
        with toys.learning("cartpole", {"model": {"fcnet_hiddens": [8]}}) as other:
            for text, told in [
                (note, "MeanStdFilter is (4,) in the checkpoint, missing here; "),
                (note, " is (16,) in the checkpoint, (8,) here; "),
                (json.dumps(older), "does not fit what this job trains, says Ray"),
            ]:
                (folder / "rllib.json").write_text(text)
                with self.assertRaises(CheckpointRefused) as raised:
                    other.restore(folder)
                self.assertIn(told, str(raised.exception))
        (folder / "rllib.json").write_text(note)

    def test_continuous(self):
        """A normalised Pendulum, whose actions are clipped or rescaled."""
        with toys.learning("pendulum", {"observation_filter": "MeanStdFilter"}) as learner:
            learner.advance()
            self.stirred(learner)
            make = lambda: rlscript.make_environment("toys:pendulum")  # noqa: E731
            with toys.Light(self.published(learner)) as light:
                self.check_actions(learner, make, light)
            reference, around = learner._reference()  # noqa: SLF001
            seen = learner._observations  # noqa: SLF001
            raw = learners._graph(toys.parts(learner), around._replace(steps=()))  # noqa: SLF001
            with self.assertRaises(ExportWrong):
                check_export(reference, around, raw.to_onnx(), raw.run, seen)
            with self.assertRaises(WarmStartRefused):
                learner.warm_start(self.published(learner))

    def test_several_parts(self):
        """Dictionaries, tuples and one-hot rows; a model's weights start another policy."""
        with toys.learning("guessing") as learner:
            self.stirred(learner)
            make = lambda: rlscript.make_environment("toys:guessing")  # noqa: E731
            folder = self.published(learner)
            with toys.Light(folder) as light:
                self.check_actions(learner, make, light)
            expected = read_weights(toys.parts(learner))
            self.stirred(learner)
            learner.warm_start(folder)
            for name, weight in read_weights(toys.parts(learner)).items():
                np.testing.assert_array_equal(expected[name], weight)

    def test_refusals(self):
        """What is not translated is refused by name, and no policy is trained."""
        noisy = {"noisy": True, "model": {"fcnet_hiddens": [8]}}
        refused = self.assertRaises(ExportRefused)
        with refused as raised, toys.learning("cartpole", noisy, run="DQN"):
            pass
        self.assertIn("cannot be exported exactly", str(raised.exception))


def _same(weight, held):
    return any(
        weight.shape == each.shape and np.array_equal(weight, each) for each in (held, held.T)
    )


def _without_bias(model):
    """Return an ONNX model whose vectors of weights are zero."""
    loaded = onnx.load_model_from_string(model)
    for each in loaded.graph.initializer:
        array = numpy_helper.to_array(each)
        if array.ndim == 1 and array.dtype == np.float32 and len(array) > 1:
            each.CopyFrom(numpy_helper.from_array(np.zeros_like(array), each.name))
    return loaded.SerializeToString()


if __name__ == "__main__":
    unittest.main()
