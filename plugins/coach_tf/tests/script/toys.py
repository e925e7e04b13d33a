"""A small task for Coach, and small agents on it. For an environment of a release."""

import contextlib
import importlib
import io
import os
import signal
import unittest

import gym
import numpy as np
import rl_coach.exploration_policies  # noqa: F401  # closes the circle of Coach's imports
from gym import spaces
from gym.utils import seeding
from rl_coach.architectures.layers import Dense
from rl_coach.core_types import EnvironmentEpisodes, EnvironmentSteps
from rl_coach.environments.gym_environment import GymVectorEnvironment
from rl_coach.filters.filter import InputFilter
from rl_coach.filters.observation.observation_normalization_filter import (
    ObservationNormalizationFilter,
)
from rl_coach.graph_managers.basic_rl_graph_manager import BasicRLGraphManager
from rl_coach.graph_managers.graph_manager import ScheduleParameters

from rlscript_coach.places import place_of
from rlscript_coach.releases import MXNET, TENSORFLOW, backend
from rlscript_coach.running import quieten, started
from rlscript_coach.schedule import Schedule

EPISODE = 20
HERE = "toys:Walk"


class Walk(gym.Env):
    """A walk on a line whose numbers are far from 0 and 1, so that normalisation has a say."""

    steps = 0  # of all environments of the process

    def __init__(self, *, continuous=False, kill_at=None):
        """Take the kind of actions, and at which step of all the process gets SIGTERM."""
        self.continuous, self.kill_at = continuous, kill_at
        self.observation_space = spaces.Box(-np.inf, np.inf, (2,), np.float32)
        box = spaces.Box(np.float32([-2, -0.5]), np.float32([1, 0.5]), dtype=np.float32)
        self.action_space = box if continuous else spaces.Discrete(3)
        self.seed()

    def seed(self, seed=None):
        """Seed the beginnings."""
        self.random, seed = seeding.np_random(seed)
        return [seed]

    def reset(self):
        """Begin somewhere."""
        self.place, self.left = self.random.uniform(-5, 5), EPISODE
        return self.seen()

    def step(self, action):
        """Go left or right; what counts is to be in the middle."""
        Walk.steps += 1
        if Walk.steps == self.kill_at:
            os.kill(os.getpid(), signal.SIGTERM)
        if not self.continuous and action not in (0, 1, 2):
            raise ValueError(action)
        self.place += float(np.sum(action)) if self.continuous else action - 1
        self.left -= 1
        return self.seen(), -abs(self.place), self.left == 0, {}

    def seen(self):
        """Return the place, on a scale of its own, and the time that is left."""
        return np.array([500 + 20 * self.place, self.left], np.float32)

    def render(self, mode="human"):  # noqa: ARG002  # it has one way to be drawn
        """Draw the place."""
        picture = np.zeros((8, 16, 3), np.uint8)
        picture[:, int(np.clip(self.place + 8, 0, 15))] = 255
        return picture


def parameters(agent):
    """Return Coach's default parameters of an agent, with a small network."""
    module, name = {
        "ClippedPPO": ("clipped_ppo_agent", "ClippedPPOAgentParameters"),
        "PPO": ("ppo_agent", "PPOAgentParameters"),
        "DQN": ("dqn_agent", "DQNAgentParameters"),
        "A3C": ("actor_critic_agent", "ActorCriticAgentParameters"),
        "DDPG": ("ddpg_agent", "DDPGAgentParameters"),
        "C51": ("categorical_dqn_agent", "CategoricalDQNAgentParameters"),
    }[agent]
    made = getattr(importlib.import_module("rl_coach.agents." + module), name)()
    for network in made.network_wrappers.values():
        network.batch_size = 32
        network.input_embedders_parameters["observation"].scheme = [Dense(8)]
        network.middleware_parameters.scheme = [Dense(8)]
    playing = EnvironmentSteps(100 if "PPO" in agent else 4)
    made.algorithm.num_consecutive_playing_steps = playing
    if hasattr(made.algorithm, "optimization_epochs"):
        made.algorithm.optimization_epochs = 2
    return made


def manager(agent="ClippedPPO", level=HERE, *, normalise=True, improve=200, **kwargs):
    """Return a preset: two evaluations of three episodes, each after 100 steps."""
    schedule = ScheduleParameters()
    schedule.heatup_steps = EnvironmentSteps(40)
    schedule.improve_steps = EnvironmentSteps(improve)
    schedule.steps_between_evaluation_periods = EnvironmentSteps(100)
    schedule.evaluation_steps = EnvironmentEpisodes(3)
    chosen = parameters(agent)
    if normalise:
        chosen.pre_network_filter = InputFilter()
        chosen.pre_network_filter.add_observation_filter(
            "observation", "normalise", ObservationNormalizationFilter()
        )
    place = GymVectorEnvironment(level=level)
    place.additional_simulator_parameters = kwargs
    return BasicRLGraphManager(agent_params=chosen, env_params=place, schedule_params=schedule)


@contextlib.contextmanager
def learning(made, seed=1, advances=0):
    """Give the learner of a preset after so many iterations, and keep quiet meanwhile."""
    quieten()
    opened = started(made, Schedule(made), place_of(made), seed)
    with contextlib.redirect_stdout(io.StringIO()), opened as learner:
        for _ in range(advances):
            learner.advance()
        yield learner


def agents():
    """Return the agents that this backend has, each with whether its actions are continuous."""
    both = [("ClippedPPO", False), ("ClippedPPO", True), ("DQN", False)]
    if backend() == MXNET:
        return both
    return [*both, ("PPO", False), ("A3C", True), ("DDPG", True)]


once = unittest.skipIf(
    backend() == TENSORFLOW,
    "the same on both backends, and seen on MXNet, which starts in a fraction of the time",
)
