"""Small tasks for SB3, and small models on them. For an environment of the release."""

import contextlib

import gymnasium
import numpy as np
import torch
from gymnasium import spaces
from gymnasium.envs.classic_control.cartpole import CartPoleEnv
from gymnasium.envs.classic_control.pendulum import PendulumEnv

import rlscript
from rlscript_sb3.building import Recipe

EPISODE_STEPS = 100


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


def limited(environment):
    """Return the environment with a limit of steps."""
    return gymnasium.wrappers.TimeLimit(environment, EPISODE_STEPS)


def make_cartpole():
    """Return a CartPole."""
    return limited(CartPoleEnv())


def make_pendulum():
    """Return a Pendulum."""
    return limited(PendulumEnv())


def make_blind():
    """Return a CartPole without velocities."""
    return limited(Blind(CartPoleEnv()))


class Toy(gymnasium.Env):
    """Episodes of ten random observations in any spaces."""

    def __init__(self, observation, action):
        """Take the spaces."""
        self.observation_space, self.action_space = observation, action

    def reset(self, *, seed=None, options=None):
        """Begin an episode."""
        super().reset(seed=seed, options=options)
        if seed is not None:
            self.observation_space.seed(seed)
        self.left = 10
        return self.observation_space.sample(), {}

    def step(self, action):  # noqa: ARG002  # the interface
        """Reward any action."""
        self.left -= 1
        return self.observation_space.sample(), 1.0, self.left == 0, False, {}


class Choosy(Toy):
    """Allows some of the actions, others in each step, and ends with one that it did not allow."""

    def __init__(self, observation, action, how="info"):
        """Take the spaces, and how the mask is told: in `info`, by a method, or not at all."""
        super().__init__(observation, action)
        self.how = how
        self.mask = np.zeros(0, np.int8)
        if how == "method":
            self.action_masks = lambda: self.mask
        counts = {"Discrete": lambda: [action.n], "MultiDiscrete": lambda: action.nvec}
        self.counts = counts.get(type(action).__name__, lambda: [2] * action.n)()

    def reset(self, *, seed=None, options=None):
        """Begin an episode."""
        observation, _ = super().reset(seed=seed, options=options)
        return observation, self.draw()

    def step(self, action):
        """Refuse what is not allowed."""
        firsts = np.cumsum([0, *self.counts[:-1]])
        if not self.mask[firsts + np.ravel(action).astype(int)].all():
            raise ValueError(action)
        return (*super().step(action)[:-1], self.draw())

    def draw(self):
        """Draw the next mask, one action of each part allowed at least."""
        parts = []
        for count in self.counts:
            part = self.np_random.integers(0, 2, count)
            part[self.np_random.integers(count)] = 1
            parts.append(part)
        self.mask = np.concatenate(parts).astype(np.int8)
        return {"action_mask": self.mask} if self.how == "info" else {}


FLOATS = spaces.Box(-1.0, 1.0, (3,), np.float32)
DOUBLES = spaces.Box(-np.inf, np.inf, (2, 3), np.float64)
COUNTS = spaces.MultiDiscrete([3, 4])
SKEWED = spaces.Box(np.array([-3.0, 0.0], np.float32), np.array([1.0, 0.5], np.float32))
WIDE = spaces.Box(-3.0, 1.0, (2, 1), np.float64)
PIXELS = spaces.Box(0, 255, (36, 40, 3), np.uint8)
CHANNELS = spaces.Box(0, 255, (3, 36, 40), np.uint8)
BYTES = spaces.Box(0, 20, (2, 2), np.uint8)
BITS = spaces.MultiBinary(3)
GRID = spaces.MultiBinary([2, 2])
WORDS = spaces.Text(5)
PAIR = spaces.Tuple([FLOATS, FLOATS])
NESTED = spaces.Dict(a=spaces.Dict(b=FLOATS))
UNBOUNDED = spaces.Box(-np.inf, np.inf, (2,), np.float32)
WHOLE = spaces.Box(0, 5, (2,), np.int64)
MIXED = spaces.Dict({"b/c": COUNTS, "a": spaces.Discrete(3), "b": BYTES, "d": BITS, "e": FLOATS})
SEEN = spaces.Dict(pixels=PIXELS, speed=DOUBLES)


def space_of(name):
    """Return a space above, or so many discrete actions, perhaps from another than 0."""
    if not name[0].isdigit():
        return globals()[name]
    count, _, start = name.partition("+")
    return spaces.Discrete(int(count), start=int(start or 0))


def make_toy(observation, action):
    """Return a toy over two of the spaces above, by name."""
    return Toy(space_of(observation), space_of(action))


def make_choosy(observation, action, how="info"):
    """Return a toy that allows some actions."""
    return Choosy(space_of(observation), space_of(action), how)


def here(factory):
    """Return the name of one of this module's environments."""
    return "{}:{}".format(__name__, factory)


@contextlib.contextmanager
def built(  # noqa: PLR0913  # all but three are named at the call
    algorithm, env, kwargs=None, policy="MlpPolicy", *, normalize=False, stirred=True, **settings
):
    """Give a learner whose weights and statistics are no longer its first ones."""
    torch.set_num_threads(1)
    kwargs = kwargs or {}
    recipe = Recipe(algorithm, policy, env, kwargs, 2, normalize, 3, settings)
    with recipe.started(100000) as learner:
        if normalize:
            fill_statistics(learner._model.get_vec_normalize_env())  # noqa: SLF001
        if stirred:
            stir(learner._model.policy)  # noqa: SLF001
        yield learner


def fill_statistics(normaliser):
    """Let a normaliser see a few hundred steps."""
    normaliser.reset()
    normaliser.action_space.seed(1)
    for _ in range(300):
        normaliser.step(np.stack([normaliser.action_space.sample() for _ in range(2)]))


def stir(policy):
    """Move all weights far from where they began, so that actions depend on what is seen."""
    random = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for weight in policy.parameters():
            noise = torch.randn(weight.shape, generator=random)
            if weight.ndim > 1:
                weight.add_(noise / weight[0].numel() ** 0.5)
            else:
                # A large bias alone would decide on every action.
                weight.copy_(0.05 * noise)


def played(act, make, count):
    """Return turns of a policy: half of greedy episodes, half with one action in ten random.

    Each turn has the state that the policy was in.
    """
    random = np.random.default_rng(0)
    turns: list = []
    for share in (0.0, 0.1):
        end = len(turns) + count // 2
        environment = make()
        environment.action_space.seed(0)
        turn = None
        while len(turns) < end:
            if turn is None:
                observation, info = environment.reset(seed=len(turns))
                turn = rlscript.Turn(observation, None, info.get("action_mask"))
            turns.append(turn)
            [(action, state)] = act([turn])
            if random.random() < share and turn.mask is None:
                action = environment.action_space.sample()
            observation, _, terminated, truncated, info = environment.step(action)
            turn = rlscript.Turn(observation, state, info.get("action_mask"))
            turn = None if terminated or truncated else turn
        environment.close()
    return turns
