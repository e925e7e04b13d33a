"""Exports of RLlib's policies, against RLlib's own answers. For an environment of the release."""

import contextlib
import io
import os
import tempfile
import unittest
import warnings
from pathlib import Path

try:
    import ray  # noqa: F401
except ImportError:
    msg = "for an environment that has Ray"
    raise unittest.SkipTest(msg) from None

# Read when it is loaded: tests do not report home either.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"

import gymnasium
import numpy as np
import onnx
import onnxruntime
import torch
from gymnasium import spaces
from gymnasium.envs.classic_control import CartPoleEnv, PendulumEnv
from ray.rllib.algorithms.ppo import PPOConfig
from ray.rllib.algorithms.sac import SACConfig
from ray.rllib.connectors.connector_v2 import ConnectorV2
from ray.rllib.connectors.env_to_module import FlattenObservations, MeanStdFilter
from ray.rllib.core.rl_module.default_model_config import DefaultModelConfig
from ray.rllib.utils.filter import MeanStdFilter as Filter

import rlscript
from rlscript_ray.cluster import private_cluster, quiet_logs
from rlscript_ray.export import to_onnx
from rlscript_ray.layers import Normalise
from rlscript_ray.learner import RLlibLearner
from rlscript_ray.refusals import ExportRefused, ExportWrong, WarmStartRefused
from rlscript_ray.running import prepared
from rlscript_ray.translation import pipelines_of, translate
from rlscript_ray.verification import check_export

EPISODE_STEPS = 200


def setUpModule():  # noqa: N802  # unittest's name
    """Start one cluster for all tests."""
    torch.set_num_threads(1)
    quiet_logs()
    gymnasium.logger.min_level = gymnasium.logger.ERROR
    unittest.enterModuleContext(private_cluster(0))


class Recording:
    """Mixed into an environment: what it showed and what it was told."""

    seen: list = []  # noqa: RUF012  # emptied by each test

    def reset(self, **kwargs):
        """Show the first observation."""
        self.shown, info = super().reset(**kwargs)
        return self.shown, info

    def step(self, action):
        """Record the action with the observation that it answers."""
        Recording.seen.append((self.shown, np.copy(action)))
        self.shown, *rest = super().step(action)
        return (self.shown, *rest)


class RecordingCartPole(Recording, CartPoleEnv):
    """A short CartPole."""


class RecordingPendulum(Recording, PendulumEnv):
    """A Pendulum."""


def make_cartpole():
    """Return a CartPole that records."""
    return gymnasium.wrappers.TimeLimit(RecordingCartPole(), EPISODE_STEPS)


def make_pendulum():
    """Return a Pendulum that records."""
    return gymnasium.wrappers.TimeLimit(RecordingPendulum(), EPISODE_STEPS)


class Toy(gymnasium.Env):
    """Episodes of ten random observations in any spaces."""

    def __init__(self, observation, action):
        """Take the spaces."""
        self.observation_space, self.action_space = observation, action

    def reset(self, *, seed=None, options=None):
        """Begin an episode."""
        super().reset(seed=seed, options=options)
        self.observation_space.seed(seed)
        self.left = 10
        return self.observation_space.sample(), {}

    def step(self, action):
        """Refuse actions outside the space, and reward nothing else."""
        if not self.action_space.contains(action):
            raise ValueError(action)
        self.left -= 1
        return self.observation_space.sample(), 1.0, self.left == 0, False, {}


FLOATS = spaces.Box(-1.0, 1.0, (3,), np.float32)
DOUBLES = spaces.Box(-np.inf, np.inf, (2, 3), np.float64)
COUNTS = spaces.MultiDiscrete([3, 4])
SKEWED = spaces.Box(np.array([-3.0, 0.0], np.float32), np.array([1.0, 0.5], np.float32))
UNBOUNDED = spaces.Box(-np.inf, np.inf, (2,), np.float32)
PAIR = spaces.Dict(position=FLOATS, count=spaces.Discrete(3))


def make_toy(observation, action):
    """Return a toy over two of the spaces above, by name."""
    return Toy(globals()[observation], eval_space(action))


def eval_space(name):
    """Return a space above, or so many discrete actions."""
    return spaces.Discrete(int(name)) if name.isdigit() else globals()[name]


def config(*connectors, kind=PPOConfig, **model):
    """Return a small algorithm's config with these connectors before the module."""
    made = kind().env_runners(
        num_env_runners=0,
        num_envs_per_env_runner=2,
        env_to_module_connector=lambda *_: [connector() for connector in connectors],
    )
    if kind is not SACConfig:
        made.training(train_batch_size_per_learner=400, num_epochs=2, lr=3e-3)
    return made.rl_module(model_config=DefaultModelConfig(fcnet_hiddens=[16], **model))


@contextlib.contextmanager
def built(wanted, env, kwargs=None, iterations=0):
    """Give a built algorithm, trained for a few iterations so that it is not its first self."""
    algorithm = prepared(wanted, env, kwargs or {}, seed=3).build_algo()
    try:
        for _ in range(iterations):
            algorithm.train()
        yield algorithm
    finally:
        algorithm.stop()


def here(factory):
    """Return the name of one of this module's environments."""
    return "{}:{}".format(__name__, factory)


def observations(algorithm, factory, count):
    """Return observations, half of greedy episodes and half of such with a tenth random actions."""
    policy = translate(algorithm)
    found: list = []
    for share in (0.0, 0.1):
        environment = factory()
        environment.action_space.seed(5)
        while len(found) < (count // 2 if share == 0.0 else count):
            found += episode(environment, policy, share, seed=len(found))
    return found[:count]


def episode(environment, policy, share, seed):
    """Return one episode's observations."""
    chance, found = np.random.default_rng(seed), []
    observation, _ = environment.reset(seed=seed)
    done = False
    while not done:
        found.append(observation)
        action = greedy(policy, [observation])[0]
        if chance.random() < share:
            action = environment.action_space.sample()
        observation, _, terminated, truncated, _ = environment.step(action)
        done = terminated or truncated
    return found


def greedy(policy, seen):
    """Return the translated policy's greedy actions."""
    noise = torch.zeros(len(seen), *policy.sample.noise_shape)
    with torch.no_grad():
        return policy(torch.as_tensor(np.stack(seen)), noise)[0].numpy()


def edited(graph, name, change):
    """Return the graph with one weight changed; `name` is the end of its name."""
    model = onnx.load_from_string(graph)
    for tensor in model.graph.initializer:
        if tensor.name.endswith(name):
            values = change(onnx.numpy_helper.to_array(tensor).copy())
            tensor.CopyFrom(onnx.numpy_helper.from_array(values, tensor.name))
            return model.SerializeToString()
    raise KeyError(name)


def run(graph, seen, noise):
    """Return the graph's actions."""
    session = onnxruntime.InferenceSession(graph, providers=["CPUExecutionProvider"])
    return session.run(["action"], {"observation": np.stack(seen), "noise": noise})[0]


class EqualActions(unittest.TestCase):
    """A standard task, on 10,000 observations."""

    def check(self, wanted, factory):
        """Check the right export, and that wrong ones are found out."""
        with built(wanted, here(factory.__name__), iterations=4) as algorithm:
            seen = observations(algorithm, factory, 10000)
            graph = to_onnx(translate(algorithm))
            check_export(algorithm, graph, seen)
            with built(wanted, here(factory.__name__)) as untrained:
                self.refute(algorithm, to_onnx(translate(untrained)), seen)
            self.refute(algorithm, edited(graph, "mlp.0.bias", np.zeros_like), seen)
            self.refute_more(algorithm, seen)

    def refute(self, algorithm, graph, seen):
        """The check finds a wrong graph out."""
        with self.assertRaises(ExportWrong):
            check_export(algorithm, graph, seen)

    def refute_more(self, algorithm, seen):
        """Find out what only this task can find out."""


class EqualDiscreteActions(EqualActions):
    """Discrete actions of plain observations."""

    def test_cartpole(self):
        """CartPole as it is."""
        self.check(config(), make_cartpole)


class EqualRescaledActions(EqualActions):
    """Continuous actions, rescaled, of normalised observations."""

    def test_pendulum(self):
        """Pendulum with RLlib's MeanStdFilter."""
        self.check(config(MeanStdFilter), make_pendulum)

    def refute_more(self, algorithm, seen):
        """The filter lost, and the rescaling lost."""
        for layers in ("before", "after"):
            policy = translate(algorithm)
            setattr(policy, layers, torch.nn.Sequential())
            self.refute(algorithm, to_onnx(policy), seen)


class InProcess(unittest.TestCase):
    """Against what RLlib's own runner really does to an environment."""

    def check(self, wanted, factory):
        """Sample without exploration and compare each action with the graph's."""
        with built(wanted, here(factory), iterations=1) as algorithm:
            # Statistics would go on changing with each observation.
            for piece in pipelines_of(algorithm).observations.connectors:
                piece._update_stats = False  # noqa: SLF001  # RLlib's only way
            graph = to_onnx(translate(algorithm))
            Recording.seen.clear()
            algorithm.env_runner.sample(num_episodes=2, explore=False)
        seen, told = zip(*Recording.seen)
        size = 2 if factory == "make_cartpole" else 1
        answered = run(graph, seen, np.zeros((len(seen), size), np.float32))
        self.assertGreater(len(seen), 10)
        np.testing.assert_allclose(answered, np.stack(told), rtol=1e-5, atol=1e-5)

    def test_cartpole(self):
        """Discrete actions."""
        self.check(config(), "make_cartpole")

    def test_pendulum(self):
        """Rescaled actions of filtered observations."""
        self.check(config(MeanStdFilter), "make_pendulum")


class Variants(unittest.TestCase):
    """Every connector, space and head that is translated, on the environment's own observations."""

    CASES = (
        (config(), {"observation": "FLOATS", "action": "3"}),
        (config(vf_share_layers=True), {"observation": "FLOATS", "action": "SKEWED"}),
        (config(free_log_std=True), {"observation": "FLOATS", "action": "SKEWED"}),
        (config(FlattenObservations), {"observation": "DOUBLES", "action": "3"}),
        (config(FlattenObservations), {"observation": "COUNTS", "action": "3"}),
        (
            config(MeanStdFilter, FlattenObservations),
            {"observation": "DOUBLES", "action": "UNBOUNDED"},
        ),
        (
            config().environment(normalize_actions=False, clip_actions=True),
            {"observation": "FLOATS", "action": "SKEWED"},
        ),
        (
            config().environment(normalize_actions=False, clip_actions=False),
            {"observation": "FLOATS", "action": "UNBOUNDED"},
        ),
    )

    def test_equal(self):
        """Each export answers as RLlib, alone and in batches."""
        for wanted, kwargs in self.CASES:
            with self.subTest(**kwargs), built(wanted, here("make_toy"), kwargs) as algorithm:
                space = globals()[kwargs["observation"]]
                seen = [space.sample() for _ in range(300)]
                check_export(algorithm, to_onnx(translate(algorithm)), seen)

    def test_one_hot(self):
        """Discrete observations become one-hot rows."""
        with built(config(FlattenObservations), "FrozenLake-v1") as algorithm:
            check_export(algorithm, to_onnx(translate(algorithm)), list(range(16)))


class Sampling(unittest.TestCase):
    """Noise makes the policy sample from RLlib's own distribution."""

    def test_gumbel(self):
        """Gumbel noise gives each action as often as the softmax of the logits says."""
        kwargs = {"observation": "FLOATS", "action": "3"}
        with built(config(), here("make_toy"), kwargs) as algorithm:
            policy = translate(algorithm)
        policy.network.head.net.mlp[-1].bias.data = torch.tensor([1.0, 0.0, -1.0])
        observation = torch.zeros(1, 3)
        logits = policy(observation, torch.zeros(1, 3))[1][0]
        noise = np.random.default_rng(0).gumbel(size=(50000, 3)).astype(np.float32)
        drawn = run(to_onnx(policy), np.zeros((50000, 3), np.float32), noise)

        shares = np.bincount(drawn, minlength=3) / len(drawn)
        np.testing.assert_allclose(shares, torch.softmax(logits, -1).detach().numpy(), atol=0.01)

    def test_normal(self):
        """Noise of 1 is one deviation above the mean, rescaled to the box."""
        kwargs = {"observation": "FLOATS", "action": "SKEWED"}
        with built(config(), here("make_toy"), kwargs) as algorithm:
            policy = translate(algorithm)
        mean, log_deviation = policy(torch.zeros(1, 3), torch.zeros(1, 2))[1].detach().chunk(2, -1)
        inside = (mean + 0.1 * log_deviation.exp()).numpy()
        expected = SKEWED.low + (inside + 1) * (SKEWED.high - SKEWED.low) / 2
        noise = np.full((1, 2), 0.1, np.float32)

        drawn = run(to_onnx(policy), np.zeros((1, 3), np.float32), noise)
        np.testing.assert_allclose(drawn, expected, rtol=1e-5)


class Unknown(ConnectorV2):
    """A connector of the user's own."""

    def __call__(self, *, batch, **_):
        """Change nothing, which nobody can know."""
        return batch


class OtherFilter(MeanStdFilter):
    """A subclass, which may do anything."""


class Refusals(unittest.TestCase):
    """Parts that are not translated are refused by the name of their class."""

    CASES = (
        (config(Unknown), "FLOATS", "3", "Unknown"),
        (config(OtherFilter), "FLOATS", "3", "OtherFilter"),
        (config(FlattenObservations), "PAIR", "3", "FlattenObservations"),
        (config(use_lstm=True, max_seq_len=4), "FLOATS", "3", "TorchStatefulActorCriticEncoder"),
        (
            config().env_runners(module_to_env_connector=lambda *_: Unknown()),
            "FLOATS",
            "3",
            "Unknown",
        ),
        (config(kind=SACConfig), "FLOATS", "SKEWED", "DefaultSACTorchRLModule"),
    )

    def test_named(self):
        """Each refusal names the part."""
        for wanted, observation, action, name in self.CASES:
            kwargs = {"observation": observation, "action": action}
            with self.subTest(name), built(wanted, here("make_toy"), kwargs) as algorithm:
                with self.assertRaisesRegex(ExportRefused, name) as caught:
                    translate(algorithm)
                self.assertEqual(name, caught.exception.part)


class WarmStart(unittest.TestCase):
    """A model lends its weights."""

    def test_weights(self):
        """The other algorithm answers as the first, and its runner acts as its learner."""
        seen = [FLOATS.sample() for _ in range(50)]
        kwargs = {"observation": "FLOATS", "action": "SKEWED"}
        with built(config(), here("make_toy"), kwargs, iterations=2) as algorithm:
            first = RLlibLearner(algorithm, here("make_toy"), kwargs)
            expected = first.act(seen)
            model = first.export()
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        rlscript.publish_model(Path(folder.name), *model)
        with built(config(), here("make_toy"), kwargs) as algorithm:
            second = RLlibLearner(algorithm, here("make_toy"), kwargs)
            self.assertFalse(np.allclose(expected, second.act(seen)))
            second.warm_start(Path(folder.name))
            np.testing.assert_array_equal(expected, second.act(seen))
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
