"""Small tasks for classic RLlib, and small trainers on them. For an environment of a release."""

import contextlib
import importlib
import json
import os
import subprocess
from typing import Any, List

import numpy as np

import rlscript
from rlscript_ray.classic import releases, running
from rlscript_ray.classic.learner import ClassicLearner
from rlscript_ray.classic.stopping import StopRule
from rlscript_ray.classic.training import Task

gym: Any = importlib.import_module("gym")
spaces: Any = importlib.import_module("gym.spaces")
classic: Any = importlib.import_module("gym.envs.classic_control")
wrappers: Any = importlib.import_module("gym.wrappers")

PPO = {
    "num_workers": 0,
    "train_batch_size": 400,
    "sgd_minibatch_size": 100,
    "num_sgd_iter": 2,
    "model": {"fcnet_hiddens": [16]},
}


def cartpole():
    """Return a CartPole."""
    return wrappers.TimeLimit(classic.CartPoleEnv(), max_episode_steps=100)


class FarAway(gym.ObservationWrapper):
    """Observations far from zero, so that a policy needs them normalised."""

    def __init__(self, environment):
        """Take any numbers for observations."""
        super().__init__(environment)
        shape = environment.observation_space.shape
        self.observation_space = spaces.Box(-np.inf, np.inf, shape, dtype=np.float32)

    def observation(self, observation):
        """Return them, enlarged and moved."""
        return (np.asarray(observation) * 7 + 100).astype(np.float32)


def pendulum():
    """Return a Pendulum that is seen from afar."""
    return wrappers.TimeLimit(FarAway(classic.PendulumEnv()), max_episode_steps=50)


class Guessing(gym.Env):
    """Observations of several parts, drawn by chance; the reward is an action's sum."""

    def __init__(self):
        """Make the spaces."""
        inner = spaces.Tuple([spaces.Discrete(3), spaces.Box(-1, 1, (2,), dtype=np.float32)])
        near = spaces.Box(-2, 2, (3,), dtype=np.float32)
        self.observation_space = spaces.Dict(
            {"near": near, "colour": spaces.Discrete(4), "in": inner}
        )
        self.action_space = spaces.Discrete(3)

    def seed(self, seed=None):
        """Seed what is drawn."""
        self.observation_space.seed(seed)

    def reset(self):
        """Begin an episode of 20 steps."""
        self.left = 20
        return self.observation_space.sample()

    def step(self, action):
        """Count down."""
        self.left -= 1
        return self.observation_space.sample(), float(action), self.left == 0, {}


def guessing():
    """Return the environment."""
    return Guessing()


@contextlib.contextmanager
def learning(env, config=None, run="PPO"):
    """Give a trainer's learner on a toy; a cluster must run."""
    cls = releases.trainer_class(run)
    default = releases.default_config(cls)
    given = dict(PPO, **(config or {})) if run == "PPO" else dict(config or {}, num_workers=0)
    whole = releases.with_framework(given, default)
    task = Task(cls, __name__ + ":" + env, {}, whole, 1)
    running._register(task)  # noqa: SLF001
    settings = running._config(task)  # noqa: SLF001
    trainer = cls(env=task.env, config=settings, logger_creator=running._logger)  # noqa: SLF001
    try:
        yield ClassicLearner(trainer, task, StopRule({}))
    finally:
        trainer.stop()


def parts(learner):
    """Return what acts in a learner."""
    return learner._parts  # noqa: SLF001


def visited(make, act, count):
    """Return observations of episodes, in every second of which one in ten actions is random."""
    seen: List[Any] = []
    random = np.random.RandomState(0)
    space = make().action_space

    def recording(turns):
        seen.extend(turn.observation for turn in turns)
        answers = list(act(turns))
        for index in range(0, len(turns), 2):
            if random.random_sample() < 0.1:
                answers[index] = (space.sample(), None)
        return answers

    while len(seen) < count:
        rlscript.evaluate(recording, make, 100, first_seed=len(seen))
    return seen[:count]


def plain(value):
    """Return an observation as JSON has it."""
    if isinstance(value, dict):
        return {name: plain(part) for name, part in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(part) for part in value]
    return value.tolist() if hasattr(value, "tolist") else value


class Light:
    """A model in the environment that serves policies without their toolkit."""

    CODE = (
        "import json, sys, types, rlserving.policies\n"
        "model = rlserving.policies.load(sys.argv[1])\n"
        "for line in sys.stdin:\n"
        "    turns = [types.SimpleNamespace(observation=each, state=None, mask=None)"
        " for each in json.loads(line)]\n"
        "    actions = [action for action, _ in model.act(turns)]\n"
        "    print(json.dumps([getattr(a, 'tolist', lambda: a)() for a in actions]), flush=True)\n"
    )

    def __init__(self, folder):
        """Start the process."""
        python = os.environ["RLCORE_TEST_SERVING_PYTHON"]
        self._process = subprocess.Popen(
            [python, "-c", self.CODE, str(folder)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            universal_newlines=True,
        )

    def __enter__(self):
        """Return itself."""
        return self

    def __exit__(self, *_):
        """End the process."""
        self._process.stdin.close()
        self._process.stdout.close()
        self._process.wait()

    def ask(self, observations):
        """Return an action for each observation."""
        self._process.stdin.write(json.dumps(plain(observations)) + "\n")
        self._process.stdin.flush()
        return np.asarray(json.loads(self._process.stdout.readline()))

    def act(self, turns):
        """Return an action for each turn, and no state."""
        return [(action, None) for action in self.ask([turn.observation for turn in turns])]


class Newer:
    """An environment of gym's interface since 0.26."""

    observation_space = spaces.Discrete(2)
    action_space = spaces.Discrete(2)

    def reset(self, *, seed=None, options=None):  # noqa: ARG002
        """Begin."""
        return 0, {}

    def step(self, action):  # noqa: ARG002
        """End."""
        return 0, 0.0, True, False, {}


def newer():
    """Return the environment."""
    return Newer()
