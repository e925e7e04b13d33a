"""Exports answer as Coach does, with the weights that were trained. For a release's environment."""

import os
import tempfile
import unittest
from pathlib import Path

try:
    import rl_coach  # noqa: F401
except ImportError:
    msg = "for an environment that has Coach"
    raise unittest.SkipTest(msg) from None

import numpy as np
import onnx
import toys
from onnx import numpy_helper
from rl_coach.architectures.head_parameters import DuelingQHeadParameters
from rl_coach.base_parameters import MiddlewareScheme
from rl_coach.filters.observation.observation_clipping_filter import ObservationClippingFilter
from rl_coach.filters.observation.observation_squeeze_filter import ObservationSqueezeFilter

import rlscript
from rlscript_coach import ExportRefused, ExportWrong, WarmStartRefused, graphs
from rlscript_coach.export import set_weights, weights_of
from rlscript_coach.places import place_of
from rlscript_coach.policies import Filter
from rlscript_coach.releases import TENSORFLOW, backend
from rlscript_coach.verification import check_export, computed

# Where what is played with ONNX Runtime goes: to the test that runs these tests.
LEFT = os.environ.get("COACH_EXPORTS")
OBSERVATIONS = 10000


class Agents(unittest.TestCase):
    """Every agent and head that is translated."""

    def test_equal(self):
        """Answers are Coach's own, and the weights are those of the session, after training."""
        for agent, continuous in toys.agents():
            made = toys.manager(agent, continuous=continuous)
            with self.subTest(agent, continuous=continuous), toys.learning(made, advances=3) as one:
                policy = one.policy
                manifest, files = one.export()
                graph = files[manifest["policies"]["default"]["graph"]]
                self.check_weights(policy, graph)
                seen = observations(one, 500)
                check_export(policy, graph, seen)
                self.check_noise(policy, graph, seen[:200])
                if agent == "ClippedPPO":
                    self.check_native(files, policy, np.stack(seen[:20]))
                if LEFT and agent in ("ClippedPPO", "DQN"):
                    leave(one, "{}-{}".format(agent, continuous))

    def check_weights(self, policy, graph):
        """Each weight of the graph is one of the network, and none has its initial value."""
        held = [
            numpy_helper.to_array(each)
            for each in onnx.load_model_from_string(graph).graph.initializer
        ]
        own = [
            each
            for each in held
            if each.dtype == np.float32 and each.ndim == 2 and each.shape[0] > 1
        ]
        trained = [each for name, each in weights_of(policy).items() if name.startswith("network/")]
        self.assertGreaterEqual(len(own), 3)
        for each in own:
            same = [
                other for other in trained if other.shape == each.shape and (other == each).all()
            ]
            self.assertEqual(1, len(same))

    def check_native(self, files, policy, seen):
        """In the framework's own format raw observations go in, and Coach's output comes out."""
        answer = served if backend() == TENSORFLOW else imported
        with tempfile.TemporaryDirectory() as folder:
            found = answer(files, Path(folder), seen)
        np.testing.assert_allclose(found, policy.outputs(seen)[0], atol=1e-5)

    def check_noise(self, policy, graph, seen):
        """Gumbel noise decides among logarithms of probabilities; normal noise is scaled."""
        if not policy.head.law:
            return
        outputs = policy.outputs(seen)
        draw = np.random.RandomState(0)
        if policy.head.law == "gumbel":
            noise = draw.gumbel(size=outputs[0].shape).astype(np.float32)
            expected = np.argmax(np.log(outputs[0]) + noise, axis=1)
        else:
            noise = draw.normal(size=outputs[0].shape).astype(np.float32)
            space = policy.action_space
            expected = np.clip(outputs[0] + outputs[1] * noise, space.low, space.high)
        feeds = {"observation": np.stack(seen), "noise": noise}
        (actions,) = computed(graph, feeds, ["action"])
        np.testing.assert_allclose(actions, expected, rtol=1e-4, atol=1e-5)
        self.assertGreater(len(np.unique(actions.round(3))), 1)

    def test_other_middle_layers(self):
        """Layers and activations by their usual names are translated too."""
        made = toys.manager("DQN")
        network = made.agent_params.network_wrappers["main"]
        if backend() == TENSORFLOW:  # which alone has this head
            network.heads_parameters = [DuelingQHeadParameters()]
        network.middleware_parameters.scheme = MiddlewareScheme.Medium
        network.middleware_parameters.activation_function = "sigmoid"
        clipping = ObservationClippingFilter(450.0, 550.0)
        made.agent_params.input_filter = made.agent_params.input_filter()
        made.agent_params.input_filter.add_observation_filter("observation", "clip", clipping)
        with toys.learning(made) as one:
            one.export()


def observations(one, count):
    """Return observations of greedy episodes, and of some with one random action in ten."""
    draw = np.random.RandomState(1)
    seen: list = []
    while len(seen) < count:
        environments = [one.place.make() for _ in range(50)]
        now = [each.reset(seed=draw.randint(1 << 20))[0] for each in environments]
        chance = 0.1 if len(seen) >= count / 2 else 0.0
        for _ in range(toys.EPISODE):
            seen.extend(now)
            actions = [action for action, _ in one.act([rlscript.Turn(each) for each in now])]
            space = environments[0].action_space
            actions = [space.sample() if draw.rand() < chance else each for each in actions]
            now = [each.step(act)[0] for each, act in zip(environments, actions)]
    return seen[:count]


def leave(one, name):
    """Leave a model, of weights that have a say, with Coach's actions on many observations."""
    folder = Path(LEFT) / name
    trained = weights_of(one.policy)
    for seed in range(20):
        set_weights(one.policy, packed(stirred(trained, seed)))
        seen = np.stack(observations(one, OBSERVATIONS))
        outputs = one.policy.outputs(seen)
        actions = one.policy.actions(outputs[0])
        if len(np.unique(actions.round(3), axis=0)) > 1:
            break
    manifest, files = one.export()
    rlscript.publish_model(folder, dict(manifest, evaluation=None), files)
    arrays = {"observations": seen, "outputs": outputs[0], "actions": actions}
    np.savez(str(folder / "expected.npz"), **arrays)


class Wrong(unittest.TestCase):
    """Exports that the check must find out."""

    def test_found_out(self):
        """Initial weights, normalisation lost or shifted, a bias dropped, no clipping."""
        for agent, continuous in (("ClippedPPO", True), ("DQN", False)):
            made = toys.manager(agent, continuous=continuous)
            with self.subTest(agent, continuous=continuous), toys.learning(made) as one:
                policy, initial = one.policy, graphs.to_onnx(one.policy)
                for _ in range(3):
                    one.advance()
                set_weights(policy, packed(stirred(weights_of(policy))))
                right, seen = graphs.to_onnx(policy), observations(one, 300)
                check_export(policy, right, seen)
                for wrong in (initial, unfiltered(policy), *without_biases(right)):
                    with self.assertRaises(ExportWrong):
                        check_export(policy, wrong, seen)

    @toys.once
    def test_no_clipping(self):
        """A mean beyond the bounds of actions is found where it is not clipped."""
        made = toys.manager("ClippedPPO", continuous=True)
        with toys.learning(made, advances=2) as one:
            policy, given = one.policy, weights_of(one.policy)
            for name in given:
                if given[name].shape == (2,) and "std" not in name and name.startswith("network/"):
                    given[name] = given[name] + 3.0
            set_weights(policy, packed(given))
            right, seen = graphs.to_onnx(policy), observations(one, 100)
            check_export(policy, right, seen)
            with self.assertRaisesRegex(ExportWrong, "action differs"):
                check_export(policy, changed(right, "highest", lambda value: value + 9), seen)


def stirred(weights, seed=0):
    """Return weights as after a long training: biases are zero at first, and heads are weak."""
    draw = np.random.RandomState(seed)
    return {
        name: each + draw.normal(size=each.shape) if name.startswith("network/") else each
        for name, each in weights.items()
    }


def packed(weights):
    """Return weights as a model holds them."""
    with tempfile.TemporaryDirectory() as folder:
        np.savez(folder + "/w.npz", **weights)
        return Path(folder, "w.npz").read_bytes()


def unfiltered(policy):
    """Return the graph with the filter's statistics of the beginning."""
    before = policy.filters
    policy.filters = lambda: [Filter(0.0, 1.0, -5.0, 5.0)]
    try:
        return graphs.to_onnx(policy)
    finally:
        policy.filters = before


def without_biases(content):
    """Yield the graph without each of its biases, one after the other."""
    for each in onnx.load_model_from_string(content).graph.initializer:
        value = numpy_helper.to_array(each)
        ours = each.name in ("lowest", "highest")
        if value.dtype == np.float32 and value.ndim == 1 and value.size > 1 and not ours:
            yield changed(content, each.name, lambda value: value * 0)


def changed(content, name, change):
    """Return a graph with another value of a constant."""
    model = onnx.load_model_from_string(content)
    for each in model.graph.initializer:
        if each.name == name:
            value = change(numpy_helper.to_array(each)).astype(numpy_helper.to_array(each).dtype)
            each.CopyFrom(numpy_helper.from_array(value, name))
    return model.SerializeToString()


def served(files, folder, seen):
    """Return what the SavedModel answers."""
    import tensorflow as tf  # noqa: PLC0415

    (folder / "saved_model.pb").write_bytes(files["export/Servo/1/saved_model.pb"])
    with tf.Graph().as_default(), tf.Session() as session:
        meta = tf.saved_model.loader.load(session, ["serve"], str(folder))
        signature = meta.signature_def["serving_default"]
        assert list(signature.inputs) == ["observation"]
        feeds = {signature.inputs["observation"].name: seen}
        return session.run(signature.outputs["policy"].name, feeds)


def imported(files, folder, seen):
    """Return what MXNet's own importer of ONNX makes of `model.onnx`."""
    import mxnet as mx  # noqa: PLC0415
    from mxnet.contrib import onnx as importer  # noqa: PLC0415

    path = folder / "model.onnx"
    path.write_bytes(files["model.onnx"])
    symbol, weights, _ = importer.import_model(str(path))
    network = mx.gluon.SymbolBlock(outputs=symbol, inputs=[mx.sym.var("raw")])
    for name, each in network.collect_params().items():
        each._load_init(weights[name], mx.cpu())  # noqa: SLF001  # as its own `load` does
    return np.concatenate([network(mx.nd.array(row[None])).asnumpy() for row in seen])


class Refusals(unittest.TestCase):
    """What is not translated, by the name of its class."""

    def refuse(self, made, expected):
        """The preset is refused when its learner is made, before training."""
        with self.assertRaisesRegex(ExportRefused, expected), toys.learning(made):
            self.fail("it was not refused")

    def test_filter(self):
        """A filter that changes observations otherwise."""
        made = toys.manager("DQN")
        made.agent_params.pre_network_filter.add_observation_filter(
            "observation", "squeeze", ObservationSqueezeFilter()
        )
        self.refuse(made, "ObservationSqueezeFilter changes observations")

    @unittest.skipUnless(backend() == TENSORFLOW, "Coach has this agent on TensorFlow alone")
    def test_agent(self):
        """An agent whose outputs are no values or probabilities."""
        self.refuse(toys.manager("C51"), "CategoricalDQNAgent is an agent that is not translated")

    def test_environment(self):
        """Repeated actions, and observations that are no row of numbers."""
        made = toys.manager("DQN")
        made.env_params.frame_skip = 4
        self.refuse(made, "GymVectorEnvironment repeats each action 4 times")
        made = toys.manager("DQN", level="FrozenLake-v0")
        self.refuse(made, r"observations of Discrete\(16\)")

    def test_missing_environment(self):
        """A module that is not there, and a path in place of a module."""
        for level in ("no_such_module:Walk", "toys:Wlak", "./toys.py:Walk", "CartPoll-v0"):
            made = toys.manager("DQN", level=level)
            with self.subTest(level), self.assertRaises(rlscript.EnvironmentFailed):
                place_of(made)


class WarmStart(unittest.TestCase):
    """The weights of a model, with what its filters have seen."""

    def test_same_answers(self):
        """Another learner answers the same after it; another network's weights are refused."""
        with tempfile.TemporaryDirectory() as folder:
            with toys.learning(toys.manager("ClippedPPO"), advances=3) as one:
                rlscript.publish_model(Path(folder), *one.export())
                seen = observations(one, 50)
                expected = one.policy.outputs(seen)[0]
            with toys.learning(toys.manager("ClippedPPO"), seed=2) as other:
                self.assertGreater(np.abs(other.policy.outputs(seen)[0] - expected).max(), 1e-4)
                other.warm_start(Path(folder))
                np.testing.assert_allclose(other.policy.outputs(seen)[0], expected, atol=1e-6)
            with toys.learning(toys.manager("DQN")) as third:
                refused = self.assertRaisesRegex(WarmStartRefused, "another network's")
                with refused:
                    third.warm_start(Path(folder))


if __name__ == "__main__":
    unittest.main()
