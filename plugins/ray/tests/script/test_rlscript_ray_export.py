"""Exports of RLlib's policies, against RLlib's own answers. For an environment of the release."""

import io
import os
import tempfile
import unittest
import warnings
from pathlib import Path
from unittest import mock

try:
    import ray  # noqa: F401
except ImportError:
    msg = "for an environment that has Ray"
    raise unittest.SkipTest(msg) from None

# Read when it is loaded: tests do not report home either.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"

import numpy as np
import onnxruntime
import torch
import toys
from ray.rllib.algorithms.sac import SACConfig
from ray.rllib.connectors.connector_v2 import ConnectorV2
from ray.rllib.connectors.env_to_module import (
    AddObservationsFromEpisodesToBatch,
    FlattenObservations,
    MeanStdFilter,
)
from ray.rllib.core.models.torch.encoder import TorchLSTMEncoder
from ray.rllib.core.rl_module.default_model_config import DefaultModelConfig
from ray.rllib.core.rl_module.multi_rl_module import MultiRLModule, MultiRLModuleSpec
from ray.rllib.core.rl_module.rl_module import RLModuleSpec
from ray.rllib.env.single_agent_env_runner import SingleAgentEnvRunner
from ray.rllib.utils.filter import MeanStdFilter as Filter
from toys import FLOATS, SKEWED, Crowd, Recording, built, config, here, recurrent, space_of

import rlscript
import rlscript_ray
from rlscript_ray.export import to_onnx
from rlscript_ray.layers import Normalise
from rlscript_ray.learner import RLlibLearner
from rlscript_ray.probing import random_observations
from rlscript_ray.refusals import ExportRefused, ExportWrong, WarmStartRefused
from rlscript_ray.translation import translate
from rlscript_ray.verification import check_export

setUpModule = toys.start_cluster


def checked(algorithm, observations, name="default"):
    """Check the export of one policy."""
    policy = translate(algorithm)[name]
    check_export(algorithm, policy.seat, policy.signature, to_onnx(policy), observations)


def run(graph, seen, noise):
    """Return the graph's actions."""
    session = onnxruntime.InferenceSession(graph, providers=["CPUExecutionProvider"])
    return session.run(["action"], {"observation": np.stack(seen), "noise": noise})[0]


def freeze_statistics(algorithm):
    """Keep filters from changing with each observation."""
    for piece in algorithm.env_runner_group.local_env_runner._env_to_module.connectors:  # noqa: SLF001
        piece._update_stats = False  # noqa: SLF001  # RLlib's only way


class InProcess(unittest.TestCase):
    """Against what RLlib's own runner really does to an environment."""

    CASES = (
        ("cartpole", config(), "make_cartpole"),
        ("filtered and rescaled", config(MeanStdFilter), "make_pendulum"),
        ("recurrent", recurrent(), "make_cartpole"),
        ("recurrent, not shared", recurrent(vf_share_layers=False), "make_pendulum"),
    )

    def test_equal(self):
        """Sampled without exploration, each action is the graph's, states carried."""
        for name, wanted, factory in self.CASES:
            wanted.env_runners(num_envs_per_env_runner=1)
            with self.subTest(name), built(wanted, here(factory), iterations=1) as algorithm:
                freeze_statistics(algorithm)
                policy = translate(algorithm)["default"]
                Recording.seen.clear()
                algorithm.env_runner.sample(num_episodes=2, explore=False)
                told, answered, state = [], [], None
                for each in Recording.seen:
                    if each is None:
                        state = None
                        continue
                    [(action, state)] = policy.act([rlscript.Turn(each[0], state)])
                    told.append(each[1])
                    answered.append(action)
                self.assertGreater(len(told), 10)
                np.testing.assert_allclose(answered, told, rtol=1e-5, atol=1e-5)

    def test_several_agents(self):
        """Each agent does what its own policy's graph says, and those that wait do nothing."""
        kwargs = {
            "agents": {"red": "NESTED", "blue": "FLOATS", "rod": "NESTED"},
            "action": "COUNTS",
        }
        with built(crowded(), here("make_crowd"), kwargs, iterations=1) as algorithm:
            learner = RLlibLearner(algorithm, here("make_crowd"), kwargs)
            Crowd.told.clear()
            algorithm.env_runner.sample(num_episodes=2, explore=False)
            answers = learner.act([rlscript.Turn(shown) for shown, _ in Crowd.told])
        self.assertEqual(20, len(answers))
        for (_, told), (actions, states) in zip(Crowd.told, answers):
            self.assertEqual({agent: told[agent].tolist() for agent in told}, listed(actions))
            self.assertEqual(dict.fromkeys(told), states)


def crowded(*connectors, mapping=lambda agent, *_, **__: agent[0]):
    """Return the config of a policy for each initial of the agents' names."""
    connectors = connectors or (lambda: FlattenObservations(multi_agent=True),)
    return config(*connectors).multi_agent(policies={"r", "b"}, policy_mapping_fn=mapping)


def listed(actions):
    """Return actions by agent as lists."""
    return {agent: action.tolist() for agent, action in actions.items()}


class Variants(unittest.TestCase):
    """Every connector, space and head that is translated, on the environment's own observations."""

    CASES = (
        (config(), "FLOATS", "3"),
        (config(vf_share_layers=False), "FLOATS", "SKEWED"),
        (config(free_log_std=True), "FLOATS", "SKEWED"),
        (config(FlattenObservations), "DOUBLES", "3"),
        (config(FlattenObservations), "COUNTS", "COUNTS"),
        (config(FlattenObservations), "NESTED", "COUNTS"),
        (config(MeanStdFilter, FlattenObservations), "DOUBLES", "UNBOUNDED"),
        (config(FlattenObservations, MeanStdFilter), "NESTED", "3"),
        (config(conv_filters=[[4, 3, 2], [4, 3, 2]]), "IMAGES", "3"),
        (config(), "LARGE", "WIDE"),
        (
            config(fcnet_use_layernorm=True, head_fcnet_hiddens=[8], log_std_clip_param=0.01),
            "FLOATS",
            "HALF",
        ),
        (recurrent(conv_filters=[[4, 3, 2], [4, 3, 2]]), "IMAGES", "3"),
        (recurrent(), "FLOATS", "3"),
        (recurrent(FlattenObservations, vf_share_layers=False), "NESTED", "SKEWED"),
        (
            config().environment(normalize_actions=False, clip_actions=True),
            "FLOATS",
            "SKEWED",
        ),
        (
            config().environment(normalize_actions=False, clip_actions=False),
            "FLOATS",
            "UNBOUNDED",
        ),
    )

    def test_equal(self):
        """Each export answers as RLlib, alone and in batches."""
        for wanted, observation, action in self.CASES:
            kwargs = {"observation": observation, "action": action}
            with self.subTest(**kwargs), built(wanted, here("make_toy"), kwargs) as algorithm:
                space = space_of(observation)
                checked(algorithm, [space.sample() for _ in range(300)])

    def test_one_hot(self):
        """Discrete observations become one-hot rows."""
        with built(config(FlattenObservations), "FrozenLake-v1") as algorithm:
            checked(algorithm, list(range(16)))

    def test_removed_keys(self):
        """Parts that `FlattenObservations` leaves out have no say."""
        wanted = config()
        wanted.env_runners(
            env_to_module_connector=lambda *_: FlattenObservations(
                space_of("NESTED"), space_of("3"), keys_to_remove=["b"]
            )
        )
        kwargs = {"observation": "NESTED", "action": "3"}
        with built(wanted, here("make_toy"), kwargs) as algorithm:
            checked(algorithm, [space_of("NESTED").sample() for _ in range(300)])

    def test_filter_of_each_agent(self):
        """Where each agent has a policy of its own, statistics go with the policy."""
        kwargs = {"agents": {"red": "FLOATS", "blue": "FLOATS"}}
        wanted = crowded(lambda: MeanStdFilter(multi_agent=True))
        with built(wanted, here("make_crowd"), kwargs, iterations=1) as algorithm:
            for name in ("r", "b"):
                checked(algorithm, [FLOATS.sample() for _ in range(300)], name)


class Observed(unittest.TestCase):
    """The observations that exports are checked on."""

    def test_agent_that_never_acts(self):
        """They are of its space, and those of the others what the environment showed."""
        kwargs = {"agents": {"red": "FLOATS", "blue": "COUNTS"}, "out": "blue"}
        seen = random_observations(here("make_crowd"), kwargs, {"red": "r", "blue": "b"})
        self.assertTrue(all(FLOATS.contains(each) for each in seen["r"]))
        self.assertTrue(all(space_of("COUNTS").contains(each) for each in seen["b"]))
        self.assertEqual([4000, 200], [len(seen[name]) for name in "rb"])


class Wrong(unittest.TestCase):
    """The check before each publication finds mistakes out."""

    def test_refused(self):
        """An action that is turned round, and a state that is not handed on."""
        kwargs = {"observation": "FLOATS", "action": "SKEWED"}
        with built(recurrent(), here("make_toy"), kwargs) as algorithm:
            policy = translate(algorithm)["default"]
            seen = [FLOATS.sample() for _ in range(96)]
            sound = policy.network.encoder.forward

            def forgetting(observation, *states):
                return (sound(observation, *states)[0], *(1.0 * state for state in states))

            policy.network.encoder.forward = forgetting
            with self.assertRaisesRegex(ExportWrong, "state differs from RLlib's on 96 of 96"):
                check_export(algorithm, policy.seat, policy.signature, to_onnx(policy), seen)
            policy.after = torch.nn.Sequential()
            with self.assertRaisesRegex(ExportWrong, "policy differs from RLlib's on 96 of 96"):
                check_export(algorithm, policy.seat, policy.signature, to_onnx(policy), seen)

    def test_deviation(self):
        """A deviation that greedy actions do not show."""
        kwargs = {"observation": "FLOATS", "action": "SKEWED"}
        with built(config(free_log_std=True), here("make_toy"), kwargs) as algorithm:
            policy = translate(algorithm)["default"]
            policy.network.head.log_deviation += 0.01
            seen = [FLOATS.sample() for _ in range(10)]
            with self.assertRaisesRegex(ExportWrong, "distribution or state differs .* 10 of 10"):
                check_export(algorithm, policy.seat, policy.signature, to_onnx(policy), seen)


class Sampling(unittest.TestCase):
    """Noise makes the policy sample from RLlib's own distribution."""

    def policy(self, action):
        """Return an untrained policy with these actions."""
        kwargs = {"observation": "FLOATS", "action": action}
        with built(config(), here("make_toy"), kwargs) as algorithm:
            return translate(algorithm)["default"]

    def outputs(self, policy):
        """Return the inputs of the distribution for one observation."""
        arrays = policy.signature.arrays([np.zeros(3, np.float32)], [None])
        with torch.no_grad():
            return policy(*map(torch.as_tensor, arrays))[-1][0]

    def shares(self, graph, size):
        """Return how often each action is drawn, by the number of its place."""
        noise = np.random.default_rng(0).gumbel(size=(50000, size)).astype(np.float32)
        drawn = run(graph, np.zeros((50000, 3), np.float32), noise).reshape(50000, -1)
        return [np.bincount(column, minlength=3) / len(column) for column in drawn.T]

    def test_gumbel(self):
        """Gumbel noise gives each action as often as the softmax of the logits says."""
        policy = self.policy("3")
        policy.network.head.net.mlp[-1].bias.data = torch.tensor([1.0, 0.0, -1.0])
        expected = torch.softmax(self.outputs(policy), -1).numpy()

        [drawn] = self.shares(to_onnx(policy), 3)
        np.testing.assert_allclose(drawn, expected, atol=0.01)

        policy.sample = Greedy()
        [drawn] = self.shares(to_onnx(policy), 3)
        self.assertGreater(np.abs(drawn - expected).max(), 0.1)

    def test_gumbel_side_by_side(self):
        """Each of several categoricals is drawn by its own logits."""
        policy = self.policy("COUNTS")
        policy.network.head.net.mlp[-1].bias.data = torch.tensor([1.0, 0.0, -1.0, 2.0, 0, 0, 1.0])
        parts = self.outputs(policy).split([3, 4])
        drawn = self.shares(to_onnx(policy), 7)
        for part, found in zip(parts, drawn):
            np.testing.assert_allclose(found, torch.softmax(part, -1).numpy(), atol=0.01)

    def test_normal(self):
        """Noise of 1 is one deviation above the mean, rescaled to the box."""
        policy = self.policy("SKEWED")
        mean, log_deviation = self.outputs(policy).chunk(2)
        inside = (mean + 0.1 * log_deviation.exp()).numpy()
        expected = SKEWED.low + (inside + 1) * (SKEWED.high - SKEWED.low) / 2
        noise = np.full((1, 2), 0.1, np.float32)

        drawn = run(to_onnx(policy), np.zeros((1, 3), np.float32), noise)
        np.testing.assert_allclose(drawn[0], expected, rtol=1e-5)


class Greedy(torch.nn.Module):
    """The likeliest action where a sample is wanted: what the test of samples is to find out."""

    law, size = "gumbel", 3

    def forward(self, logits, noise):
        """Return the index of the greatest logit."""
        return torch.argmax(logits + 0.0 * noise, dim=-1)


class Unknown(ConnectorV2):
    """A connector of the user's own."""

    def __call__(self, *, batch, **_):
        """Change nothing, which nobody can know."""
        return batch


class OtherFilter(MeanStdFilter):
    """A subclass, which may do anything."""


class OtherRunner(SingleAgentEnvRunner):
    """Likewise."""


class OtherModules(MultiRLModule):
    """Likewise."""


class Activation(torch.nn.ReLU):
    """Likewise."""


class Refusals(unittest.TestCase):
    """Parts that are not translated are refused by the name of their class."""

    CASES = (
        (config(Unknown), "FLOATS", "3", "Unknown"),
        (config(OtherFilter), "FLOATS", "3", "OtherFilter"),
        (
            config().env_runners(module_to_env_connector=lambda *_: Unknown()),
            "FLOATS",
            "3",
            "Unknown",
        ),
        (config(kind=SACConfig), "FLOATS", "SKEWED", "DefaultSACTorchRLModule"),
        # Changed once they are in the batch, observations do not change for the module.
        (
            config(AddObservationsFromEpisodesToBatch, MeanStdFilter),
            "FLOATS",
            "3",
            "MeanStdFilter",
        ),
        (
            config().env_runners(add_default_connectors_to_module_to_env_pipeline=False),
            "FLOATS",
            "SKEWED",
            "ModuleToEnvPipeline",
        ),
        (config().env_runners(env_runner_cls=OtherRunner), "FLOATS", "3", "OtherRunner"),
        (config(fcnet_activation=Activation), "FLOATS", "3", "Activation"),
        (config(conv_filters=[[4, 3, 2], [4, 3, 2]]), "PIXELS", "3", "EnvToModulePipeline"),
        # RLlib gives an environment actions from 0 whatever its space says.
        (config(), "FLOATS", "3+1", "TorchCategorical"),
        (config(), "FLOATS", "SHIFTED", "TorchMultiCategorical"),
    )

    def test_named(self):
        """Each refusal names the part."""
        for wanted, observation, action, name in self.CASES:
            kwargs = {"observation": observation, "action": action}
            with self.subTest(name), built(wanted, here("make_toy"), kwargs) as algorithm:
                self.refuse(name, algorithm)

    def refuse(self, name, algorithm):
        """The algorithm's policies are not exported, for the reason of this name."""
        with self.assertRaisesRegex(ExportRefused, name) as caught:
            translate(algorithm)
        self.assertEqual(name, caught.exception.part)

    def test_subclasses(self):
        """A known class that was derived from is unknown."""
        kwargs = {"observation": "FLOATS", "action": "3"}
        with built(recurrent(vf_share_layers=False), here("make_toy"), kwargs) as algorithm:
            module = algorithm.env_runner.module
            for part in (module.encoder.actor_encoder, module.pi, module.encoder, module):
                known = type(part)
                part.__class__ = type("Derived", (known,), {})
                self.refuse("Derived", algorithm)
                part.__class__ = known

    def test_initial_state(self):
        """A state that does not begin at zero is unknown to whoever serves the policy."""
        kwargs = {"observation": "FLOATS", "action": "3"}
        begun = {"h": torch.zeros(1, 8), "c": torch.ones(1, 8)}
        with (
            built(recurrent(), here("make_toy"), kwargs) as algorithm,
            mock.patch.object(TorchLSTMEncoder, "get_initial_state", return_value=begun),
        ):
            self.refuse("TorchLSTMEncoder", algorithm)

    def test_statistics_elsewhere(self):
        """A filter whose statistics stay with the runners that gathered them."""
        kwargs = {"observation": "FLOATS", "action": "3"}
        with built(config(MeanStdFilter), here("make_toy"), kwargs) as algorithm:
            changed = algorithm.config.copy(copy_frozen=False)
            algorithm.config = changed.env_runners(num_env_runners=1)
            translate(algorithm)
            changed.env_runners(merge_env_runner_states=False)
            self.refuse("MeanStdFilter", algorithm)

    def test_agents(self):
        """Policies that change from episode to episode, and what differs between their agents."""
        once = {"agents": {"red": "FLOATS", "rod": "FLOATS", "blue": "FLOATS"}}
        filtered = crowded(lambda: MeanStdFilter(multi_agent=True))
        with built(filtered, here("make_crowd"), once) as algorithm:
            self.refuse("MeanStdFilter", algorithm)
        unaware = crowded(MeanStdFilter)
        with built(unaware, here("make_crowd"), once) as algorithm:
            self.refuse("MeanStdFilter", algorithm)
        together = crowded().rl_module(
            rl_module_spec=MultiRLModuleSpec(
                multi_rl_module_class=OtherModules,
                rl_module_specs={name: RLModuleSpec() for name in "rb"},
            )
        )
        with built(together, here("make_crowd"), once) as algorithm:
            self.refuse("OtherModules", algorithm)
        turns = iter("rb" * 1000)
        changing = crowded(mapping=lambda *_, **__: next(turns))
        with built(changing, here("make_crowd"), once) as algorithm:
            self.refuse("policy_mapping_fn", algorithm)

    def test_before_anything_starts(self):
        """A space that no policy is served over is refused before Ray is asked."""
        for observation, action, name in (
            ("WORDS", "3", "Text"),
            ("FLOATS", "WORDS", "Text"),
            ("ODD", "3", "Odd"),
        ):
            with self.assertRaisesRegex(ExportRefused, "is no space that") as caught:
                rlscript_ray.train(
                    config(),
                    env=here("make_toy"),
                    env_kwargs={"observation": observation, "action": action},
                    stop=rlscript.StopRule(steps=1),
                )
            self.assertEqual(name, caught.exception.part)


def actions(learner, turns):
    """Return what the learner does."""
    return np.stack([action for action, _ in learner.act(turns)])


class WarmStart(unittest.TestCase):
    """A model lends its weights."""

    def test_weights(self):
        """The other algorithm answers as the first, and its runner acts as its learner."""
        seen = [rlscript.Turn(FLOATS.sample()) for _ in range(50)]
        kwargs = {"observation": "FLOATS", "action": "SKEWED"}
        with built(config(), here("make_toy"), kwargs, iterations=2) as algorithm:
            first = RLlibLearner(algorithm, here("make_toy"), kwargs)
            expected = actions(first, seen)
            model = first.export()
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        rlscript.publish_model(Path(folder.name), *model)
        with built(config(), here("make_toy"), kwargs) as algorithm:
            second = RLlibLearner(algorithm, here("make_toy"), kwargs)
            self.assertFalse(np.allclose(expected, actions(second, seen)))
            second.warm_start(Path(folder.name))
            np.testing.assert_array_equal(expected, actions(second, seen))
            runner = algorithm.env_runner.module.state_dict()["pi.net.mlp.0.bias"].numpy()
            learner = algorithm.learner_group.get_weights()["default_policy"]["pi.net.mlp.0.bias"]
        np.testing.assert_array_equal(runner, learner)

    def test_other_network(self):
        """Weights of another network are refused with the names and shapes that do not fit."""
        kwargs = {"observation": "FLOATS", "action": "3"}
        with built(config(), here("make_toy"), kwargs) as algorithm:
            model = RLlibLearner(algorithm, here("make_toy"), kwargs).export()
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        rlscript.publish_model(Path(folder.name), *model)
        wide = config().rl_module(model_config=DefaultModelConfig(fcnet_hiddens=[24, 24]))
        with built(wide, here("make_toy"), kwargs) as algorithm:
            learner = RLlibLearner(algorithm, here("make_toy"), kwargs)
            with self.assertRaises(WarmStartRefused) as caught:
                learner.warm_start(Path(folder.name))
        told = str(caught.exception)
        self.assertIn("pi.net.mlp.0.weight is (3, 16) in the model, (3, 24) here", told)
        self.assertRegex(told, r"mlp.2.bias is missing in the model, \(24,\) here")

    def test_filter(self):
        """Weights that need statistics are refused."""
        kwargs = {"observation": "FLOATS", "action": "3"}
        with built(config(MeanStdFilter), here("make_toy"), kwargs) as algorithm:
            learner = RLlibLearner(algorithm, here("make_toy"), kwargs)
            with self.assertRaisesRegex(WarmStartRefused, "'checkpoint' instead"):
                learner.warm_start(Path())


class Precision(unittest.TestCase):
    """The filter's layer against the filter."""

    def test_far_observations(self):
        """Large means lose nothing: numpy filters in double precision, and so does the layer."""
        statistics = Filter((2,))
        draws = np.random.default_rng(0).normal([1e6, -3.0], [1.0, 1e-3], (100, 2))
        for draw in draws.astype(np.float32):
            statistics(draw)
        far = np.array([[1e6 + 0.5, -3.0], [0.0, 9.0]], np.float32)
        expected = np.stack([statistics(each, update=False) for each in far])

        file = io.BytesIO()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            torch.onnx.export(Normalise(statistics), (torch.as_tensor(far),), file, dynamo=False)
        session = onnxruntime.InferenceSession(file.getvalue(), providers=["CPUExecutionProvider"])
        actual = session.run(None, {session.get_inputs()[0].name: far})[0]
        np.testing.assert_allclose(actual, expected, rtol=1e-6)


if __name__ == "__main__":
    unittest.main()
