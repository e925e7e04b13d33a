"""RLlib behind the interface that the shared training loop drives."""

import math
from pathlib import Path
from typing import Any, Dict, List, Optional, Sequence, Tuple

import numpy as np
import torch
from ray.rllib.algorithms.algorithm import Algorithm
from ray.rllib.connectors.env_to_module import MeanStdFilter
from ray.rllib.core import DEFAULT_MODULE_ID

import rlscript
from rlscript.models import read_manifest
from rlscript_ray.export import describe, to_onnx
from rlscript_ray.refusals import WarmStartRefused
from rlscript_ray.translation import Policy, pipelines_of, translate
from rlscript_ray.verification import check_export

# What RLlib tells of its training episodes.
_EPISODES = (
    "episode_return_mean",
    "episode_return_min",
    "episode_return_max",
    "episode_len_mean",
)
_CHECKED_OBSERVATIONS = 200
_MOST_MISFITS = 8


class RLlibLearner(rlscript.Learner):
    """An RLlib algorithm.

    Its policy is exported once at the beginning, so that what cannot be exported is told before
    hours of training rather than after them.
    """

    def __init__(self, algorithm: Algorithm, env: str, env_kwargs: Dict[str, Any]) -> None:
        self._algorithm = algorithm
        self._env = {"id": env, "kwargs": env_kwargs}
        self._policy: Optional[Policy] = None
        self._observations = _random_observations(env, env_kwargs)
        self.export()

    def advance(self) -> rlscript.Progress:
        """Run one training iteration of RLlib."""
        self._policy = None
        result = self._algorithm.train()
        episodes = {name: _measured(result["env_runners"].get(name)) for name in _EPISODES}
        return rlscript.Progress(
            int(result["num_env_steps_sampled_lifetime"]),
            episodes.pop("episode_return_mean"),
            episodes,
        )

    def act(self, turns: List[rlscript.Turn]) -> Sequence[Tuple[Any, Any]]:
        """Return greedy actions of the graph that is exported."""
        if self._policy is None:
            self._policy = translate(self._algorithm)
        batch = torch.as_tensor(np.stack([np.asarray(turn.observation) for turn in turns]))
        noise = torch.zeros(len(batch), *self._policy.sample.noise_shape)
        with torch.no_grad():
            return [(action, None) for action in self._policy(batch, noise)[0].numpy()]

    def save(self, folder: Path) -> None:
        """Write RLlib's own checkpoint: weights, optimiser, filters, counters."""
        self._algorithm.save_to_path(str(folder.resolve() / "rllib"))

    def restore(self, folder: Path) -> None:
        """Go on from such a checkpoint."""
        self._policy = None
        self._algorithm.restore_from_path(str(folder.resolve() / "rllib"))

    def warm_start(self, folder: Path) -> None:
        """Take the weights of an exported model.

        Raises:
            WarmStartRefused: A filter's statistics belong to the weights, and are not among them;
                or the weights are another network's.
        """
        _require_no_filter(pipelines_of(self._algorithm).observations)
        with np.load(folder / read_manifest(folder)["weights"]) as file:
            weights = dict(file)
        _require_fit(weights, self._weights())
        self._policy = None
        self._algorithm.learner_group.set_weights({DEFAULT_MODULE_ID: weights})
        self._algorithm.env_runner_group.sync_weights(
            from_worker_or_learner_group=self._algorithm.learner_group, inference_only=True
        )

    def export(self) -> Tuple[Dict[str, Any], Dict[str, bytes]]:
        """Return the policy as ONNX, checked against RLlib's own answers, with its manifest."""
        policy = translate(self._algorithm)
        graph = to_onnx(policy)
        check_export(self._algorithm, graph, self._observations)
        return describe(policy, graph, self._weights(), self._env)

    def _weights(self) -> Dict[str, Any]:
        return dict(self._algorithm.learner_group.get_weights()[DEFAULT_MODULE_ID])


def _require_no_filter(pipeline: Any) -> None:
    if any(isinstance(piece, MeanStdFilter) for piece in pipeline.connectors):
        msg = (
            "the weights in the channel 'model' were trained with MeanStdFilter's statistics, "
            "which a checkpoint carries and a model does not: give the channel 'checkpoint' instead"
        )
        raise WarmStartRefused(msg)


def _require_fit(given: Dict[str, Any], own: Dict[str, Any]) -> None:
    """Compare the names and shapes of a model's weights with the network's own."""
    before = {name: tuple(weight.shape) for name, weight in given.items()}
    now = {name: tuple(weight.shape) for name, weight in own.items()}
    misfits = [
        "{} is {} in the model, {} here".format(
            name, before.get(name, "missing"), now.get(name, "missing")
        )
        for name in sorted(set(before) | set(now))
        if before.get(name) != now.get(name)
    ]
    if misfits:
        shown, left = misfits[:_MOST_MISFITS], len(misfits[_MOST_MISFITS:])
        shown += ["and {} more".format(left)] if left else []
        msg = "the weights in the channel 'model' are another network's: {}. {}"
        advice = "Give the config the network and the environment that the model was trained with"
        raise WarmStartRefused(msg.format("; ".join(shown), advice))


def _measured(value: Any) -> Optional[float]:
    """Return RLlib's value, or None where no episode has ended yet."""
    return None if value is None or math.isnan(value) else float(value)


def _random_observations(env: str, env_kwargs: Dict[str, Any]) -> List[Any]:
    """Return observations of the environment under random actions."""
    environment = rlscript.make_environment(env, env_kwargs)
    environment.action_space.seed(0)
    observations: List[Any] = []
    done = True
    while len(observations) < _CHECKED_OBSERVATIONS:
        if done:
            observation, _ = environment.reset(seed=len(observations))
            done = False
        else:
            action = environment.action_space.sample()
            observation, _, terminated, truncated, _ = environment.step(action)
            done = terminated or truncated
        observations.append(observation)
    environment.close()
    return observations
