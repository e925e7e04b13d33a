"""Small tasks for RLlib, and small algorithms on them. For an environment of the release."""

import atexit
import contextlib

import gymnasium
import numpy as np
import ray
import torch
from gymnasium import spaces
from gymnasium.envs.classic_control.cartpole import CartPoleEnv
from gymnasium.envs.classic_control.pendulum import PendulumEnv
from ray.rllib.algorithms.ppo import PPOConfig
from ray.rllib.algorithms.sac import SACConfig
from ray.rllib.core.rl_module.default_model_config import DefaultModelConfig
from ray.rllib.env.multi_agent_env import MultiAgentEnv

from rlscript_ray.cluster import private_cluster, quiet_logs
from rlscript_ray.running import prepared

EPISODE_STEPS = 100


class Recording:
    """Mixed into an environment: what it showed and what it was told."""

    seen: list = []  # noqa: RUF012  # emptied by each test

    def reset(self, **kwargs):
        """Record None, and show the first observation."""
        Recording.seen.append(None)
        self.shown, info = super().reset(**kwargs)
        return self.shown, info

    def step(self, action):
        """Record the action with the observation that it answers."""
        Recording.seen.append((self.shown, np.copy(action)))
        self.shown, *rest = super().step(action)
        return (self.shown, *rest)


class RecordingCartPole(Recording, CartPoleEnv):
    """A CartPole."""


class RecordingPendulum(Recording, PendulumEnv):
    """A Pendulum."""


class Blind(gymnasium.ObservationWrapper):
    """A CartPole that hides its velocities, so that a policy has to remember."""

    def __init__(self, environment):
        """Hide every second number."""
        super().__init__(environment)
        whole = environment.observation_space
        self.observation_space = spaces.Box(whole.low[::2], whole.high[::2])

    def observation(self, observation):
        """Return the positions."""
        return observation[::2]


class Sorted(gymnasium.ObservationWrapper):
    """A CartPole whose observation is a dictionary of a tuple, an array and a number."""

    def __init__(self, environment):
        """Sort the numbers."""
        super().__init__(environment)
        whole = environment.observation_space
        self.observation_space = spaces.Dict(
            pole=spaces.Box(whole.low[2:], whole.high[2:]),
            cart=spaces.Tuple([spaces.Box(whole.low[:2], whole.high[:2]), spaces.Discrete(2)]),
            leans=spaces.MultiBinary(2),
        )

    def observation(self, observation):
        """Return the numbers in their places."""
        cart, pole = observation[:2], observation[2:]
        leans = np.array(pole > 0.0, np.int8)
        return {"pole": pole, "cart": (cart, np.int64(cart[0] > 0.0)), "leans": leans}


def limited(environment):
    """Return the environment with a limit of steps."""
    return gymnasium.wrappers.TimeLimit(environment, EPISODE_STEPS)


def make_cartpole():
    """Return a CartPole that records."""
    return limited(RecordingCartPole())


def make_pendulum():
    """Return a Pendulum that records."""
    return limited(RecordingPendulum())


def make_blind():
    """Return a CartPole without velocities."""
    return limited(Blind(CartPoleEnv()))


def make_sorted():
    """Return a CartPole with dictionaries for observations."""
    return limited(Sorted(CartPoleEnv()))


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
IMAGES = spaces.Box(0.0, 1.0, (10, 10, 2), np.float32)
COUNTS = spaces.MultiDiscrete([3, 4])
SHIFTED = spaces.MultiDiscrete([3, 4], start=[1, 0])
SKEWED = spaces.Box(np.array([-3.0, 0.0], np.float32), np.array([1.0, 0.5], np.float32))
UNBOUNDED = spaces.Box(-np.inf, np.inf, (2,), np.float32)
LARGE = spaces.Box(-np.inf, np.inf, (3,), np.float64)
WIDE = spaces.Box(-3.0, 1.0, (2,), np.float64)
HALF = spaces.Box(np.array([-1, -np.inf], np.float32), np.array([1, 2], np.float32))
PIXELS = spaces.Box(0, 255, (10, 10, 2), np.uint8)
BYTES = spaces.Box(0, 255, (2, 2), np.uint8)
WORDS = spaces.Text(5)


class Odd(spaces.Dict):
    """A subclass, which may do anything."""


ODD = Odd(a=FLOATS)
NESTED = spaces.Dict(
    {
        "b/c": spaces.Tuple([spaces.Box(-1.0, 1.0, (), np.float32), COUNTS]),
        "b": spaces.Dict(c=spaces.MultiBinary([2, 2]), a=BYTES),
        "a": spaces.Discrete(3),
    }
)


def make_toy(observation, action):
    """Return a toy over two of the spaces above, by name."""
    return Toy(space_of(observation), space_of(action))


def space_of(name):
    """Return a space above, or so many discrete actions, perhaps from another than 0."""
    if not name[0].isdigit():
        return globals()[name]
    count, _, start = name.partition("+")
    return spaces.Discrete(int(count), start=int(start or 0))


class Crowd(MultiAgentEnv):
    """Toys of several agents: in each step one of them is left out."""

    told: list = []  # noqa: RUF012  # emptied by each test

    def __init__(self, agents, action="3", out=None):
        """Take the agents and their spaces' names, and perhaps one that is always left out."""
        super().__init__()
        self.out = out
        self.possible_agents = self.agents = list(agents)
        self.observation_spaces = {agent: space_of(name) for agent, name in agents.items()}
        self.action_spaces = {agent: space_of(action) for agent in agents}

    def reset(self, *, seed=None, options=None):  # noqa: ARG002  # the interface
        """Begin an episode."""
        for number, space in enumerate(self.observation_spaces.values()):
            space.seed(None if seed is None else seed + number)
        self.left = 10
        return self.show(), {}

    def show(self):
        """Return what the agents see whose turn it is."""
        out = self.out or self.possible_agents[self.left % len(self.possible_agents)]
        self.shown = {
            agent: space.sample()
            for agent, space in self.observation_spaces.items()
            if agent != out
        }
        return self.shown

    def step(self, actions):
        """Record the actions, and reward each agent with its own."""
        assert set(actions) == set(self.shown)
        Crowd.told.append((self.shown, dict(actions)))
        self.left -= 1
        rewards = {agent: float(np.sum(action)) for agent, action in actions.items()}
        done = {"__all__": self.left == 0}
        return self.show(), rewards, done, {"__all__": False}, {}


def make_crowd(agents, action="3", out=None):
    """Return a crowd."""
    return Crowd(agents, action, out)


_CLUSTER = contextlib.ExitStack()
atexit.register(_CLUSTER.close)


def start_cluster():
    """Start one cluster for all tests, unless those of another module have."""
    if not ray.is_initialized():
        torch.set_num_threads(1)
        quiet_logs()
        gymnasium.logger.min_level = gymnasium.logger.ERROR
        _CLUSTER.enter_context(private_cluster(0))


def end_cluster():
    """End it, for tests that start their own."""
    _CLUSTER.close()


def config(*connectors, kind=PPOConfig, **model):
    """Return a small algorithm's config with these connectors before the module."""
    made = kind().env_runners(
        num_env_runners=0,
        num_envs_per_env_runner=2,
        env_to_module_connector=lambda *_: [connector() for connector in connectors],
    )
    if kind is not SACConfig:
        made.training(train_batch_size_per_learner=200, minibatch_size=100, num_epochs=2, lr=3e-3)
    return made.rl_module(model_config=DefaultModelConfig(**dict({"fcnet_hiddens": [16]}, **model)))


def recurrent(*connectors, **model):
    """Return a small recurrent algorithm's config."""
    return config(*connectors, use_lstm=True, lstm_cell_size=8, max_seq_len=8, **model)


@contextlib.contextmanager
def built(wanted, env, kwargs=None, iterations=0, seed=3):
    """Give a built algorithm, trained for a few iterations so that it is not its first self."""
    # Whoever watches the machine for RLlib ends most of a second after it is told to.
    ready = prepared(wanted, env, kwargs or {}, seed=seed).debugging(log_sys_usage=False)
    algorithm = ready.build_algo()
    try:
        for _ in range(iterations):
            algorithm.train()
        yield algorithm
    finally:
        algorithm.stop()


def stir(algorithm):
    """Move all weights far from where they began, so that actions depend on what is seen."""
    random = np.random.default_rng(0)
    found = algorithm.learner_group.get_weights()
    moved = {
        module: {name: _stirred(weight, random) for name, weight in weights.items()}
        for module, weights in found.items()
    }
    algorithm.learner_group.set_weights(moved)


def _stirred(weight, random):
    """Return other weights: a large bias alone would decide on every action."""
    noise = random.normal(0.0, 1.0, weight.shape).astype(weight.dtype)
    return weight + 0.5 * noise if weight.ndim > 1 else 0.1 * noise


def here(factory):
    """Return the name of one of this module's environments."""
    return "{}:{}".format(__name__, factory)
