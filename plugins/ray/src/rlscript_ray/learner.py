"""RLlib behind the interface that the shared training loop drives."""

import math
from pathlib import Path
from typing import Any, Dict, List, Optional, Sequence, Tuple

import numpy as np
from ray.rllib.algorithms.algorithm import Algorithm
from ray.rllib.connectors.env_to_module import MeanStdFilter

import rlscript
from rlscript.models import read_manifest
from rlscript_ray.export import describe, to_onnx
from rlscript_ray.joint import act_jointly
from rlscript_ray.probing import random_observations
from rlscript_ray.refusals import WarmStartRefused
from rlscript_ray.seats import seats_of
from rlscript_ray.translation import Policy, translate
from rlscript_ray.verification import check_export
from rlscript_ray.warmstart import FILTERED, require_fit

# What RLlib tells of its training episodes.
_EPISODES = (
    "episode_return_mean",
    "episode_return_min",
    "episode_return_max",
    "episode_len_mean",
)


class RLlibLearner(rlscript.Learner):
    """An RLlib algorithm.

    Its policies are exported once at the beginning, so that what cannot be exported is told before
    hours of training rather than after them.
    """

    def __init__(self, algorithm: Algorithm, env: str, env_kwargs: Dict[str, Any]) -> None:
        self._algorithm = algorithm
        self._env = {"id": env, "kwargs": env_kwargs}
        self._policies: Dict[str, Policy] = {}
        self._agents = {agent: seat.name for seat in seats_of(algorithm) for agent in seat.agents}
        # What cannot be translated is told before the environment is played.
        translate(algorithm)
        self._observations = random_observations(env, env_kwargs, self._agents)
        self.export()

    def advance(self) -> rlscript.Progress:
        """Run one training iteration of RLlib."""
        self._policies = {}
        result = self._algorithm.train()
        episodes = {name: _measured(result["env_runners"].get(name)) for name in _EPISODES}
        return rlscript.Progress(
            int(result["num_env_steps_sampled_lifetime"]),
            episodes.pop("episode_return_mean"),
            episodes,
        )

    def act(self, turns: List[rlscript.Turn]) -> Sequence[Tuple[Any, Any]]:
        """Return greedy actions of the policies that are exported.

        Where there are several agents, a turn is all of theirs, as `JointEnvironment` has it.
        """
        if not self._policies:
            self._policies = translate(self._algorithm)
        if self._agents:
            return act_jointly(self._policies, self._agents, turns)
        return self._policies["default"].act(turns)

    def save(self, folder: Path) -> None:
        """Write RLlib's own checkpoint: weights, optimiser, filters, counters."""
        self._algorithm.save_to_path(str(folder.resolve() / "rllib"))

    def restore(self, folder: Path) -> None:
        """Go on from such a checkpoint."""
        self._policies = {}
        self._algorithm.restore_from_path(str(folder.resolve() / "rllib"))

    def warm_start(self, folder: Path) -> None:
        """Take the weights of an exported model.

        Raises:
            WarmStartRefused: A filter's statistics belong to the weights, and are not among them;
                or the weights are another network's.
        """
        seats = seats_of(self._algorithm)
        _require_no_filter(seats[0].observations)
        with np.load(folder / read_manifest(folder)["weights"]) as file:
            weights = dict(file)
        require_fit(weights, self._weights())
        self._policies = {}
        given: Dict[str, Dict[str, Any]] = {seat.module_id: {} for seat in seats}
        for seat in seats:
            prefix = seat.name + "/"
            for name in filter(lambda name: name.startswith(prefix), weights):
                given[seat.module_id][name[len(prefix) :]] = weights[name]
        self._algorithm.learner_group.set_weights(given)
        self._algorithm.env_runner_group.sync_weights(
            from_worker_or_learner_group=self._algorithm.learner_group, inference_only=True
        )

    def export(self) -> Tuple[Dict[str, Any], Dict[str, bytes]]:
        """Return the policies as ONNX, checked against RLlib's own answers, with their manifest."""
        policies = translate(self._algorithm)
        graphs = {name: to_onnx(policy) for name, policy in policies.items()}
        for name, policy in policies.items():
            seen = self._observations[name]
            check_export(self._algorithm, policy.seat, policy.signature, graphs[name], seen)
        return describe(policies, graphs, self._weights(), self._env)

    def _weights(self) -> Dict[str, Any]:
        """Return the weights of all policies, each name after its policy's."""
        found = self._algorithm.learner_group.get_weights()
        return {
            "{}/{}".format(seat.name, name): weight
            for seat in seats_of(self._algorithm)
            for name, weight in found[seat.module_id].items()
        }


def _require_no_filter(pipeline: Any) -> None:
    if any(isinstance(piece, MeanStdFilter) for piece in pipeline.connectors):
        raise WarmStartRefused(FILTERED)


def _measured(value: Any) -> Optional[float]:
    """Return RLlib's value, or None where no episode has ended yet."""
    return None if value is None or math.isnan(value) else float(value)
