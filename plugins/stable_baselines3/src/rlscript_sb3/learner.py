"""SB3 behind the interface that the shared training loop drives."""

from __future__ import annotations

import contextlib
import math
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from stable_baselines3.common.callbacks import BaseCallback

import rlscript
from rlscript.fitting import misfit, shapes_of
from rlscript_sb3 import checkpoints
from rlscript_sb3.export import described, to_onnx
from rlscript_sb3.normalising import set_statistics, statistics
from rlscript_sb3.reference import Reference
from rlscript_sb3.refusals import WarmStartRefused
from rlscript_sb3.translation import Policy
from rlscript_sb3.verification import check_export

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from stable_baselines3.common.base_class import BaseAlgorithm

# Steps after which training is looked at; a rollout is never cut.
_STEPS = 1000
_POLICY = "policy/"


class SB3Learner(rlscript.Learner):
    """A model of SB3.

    Its policy is exported once at the beginning, so that what cannot be exported is told before
    hours of training rather than after them.
    """

    def __init__(
        self,
        model: BaseAlgorithm,
        environment: Any,
        place: dict[str, Any],
        turns: Sequence[rlscript.Turn],
        total_steps: int,
    ) -> None:
        """Take a model.

        Args:
            model: The model, with its environment.
            environment: One of the environments, whose spaces are its own.
            place: The environment's `id` and `kwargs`.
            turns: What exports are checked on.
            total_steps: When training ends, which schedules depend on.
        """
        self._model = model
        self._space = environment.observation_space
        self._place = place
        self._turns = turns
        self._total_steps = total_steps
        self._reference = Reference(model, self._space)
        self.export()

    def advance(self) -> rlscript.Progress:
        """Train until the end of the rollout in which a thousand steps are done."""
        model = self._model
        left = self._total_steps - model.num_timesteps
        boundary = _Boundary(model.num_timesteps + min(_STEPS, left))
        with contextlib.suppress(_Reached):
            # To the end of all training, which schedules go by.
            model.learn(left, callback=boundary, reset_num_timesteps=False)
        return rlscript.Progress(int(model.num_timesteps), *_episodes(model))

    def act(self, turns: list[rlscript.Turn]) -> Sequence[tuple[Any, Any]]:
        """Return SB3's own greedy actions, observations normalised with frozen statistics."""
        return self._reference.act(turns)

    def save(self, folder: Path) -> None:
        """Write weights, optimisers, statistics, counters and the replay buffer."""
        checkpoints.save(self._model, folder)

    def restore(self, folder: Path) -> None:
        """Go on from them."""
        checkpoints.restore(self._model, folder)
        if self._model.seed is not None:
            # With the first seed, the first episodes would come again.
            self._model.set_random_seed(self._model.seed + self._model.num_timesteps)

    def warm_start(self, folder: Path) -> None:
        """Take the weights of an exported model, and the statistics that belong to them.

        Raises:
            WarmStartRefused: They are another network's.
        """
        with np.load(
            folder / rlscript.read_manifest(folder)["weights"], allow_pickle=False
        ) as file:
            given = dict(file)
        told = misfit(shapes_of(_of_policy(given)), shapes_of(_of_policy(self._weights())), "model")
        if told:
            msg = f"{told} Start with the policy_kwargs and the environment that it was trained in"
            raise WarmStartRefused(msg)
        set_statistics(self._model.get_vec_normalize_env(), given, WarmStartRefused)
        weights = {name: torch.as_tensor(each) for name, each in _of_policy(given).items()}
        self._model.policy.load_state_dict(weights)

    def export(self) -> tuple[dict[str, Any], dict[str, bytes]]:
        """Return the policy as ONNX, checked against SB3's own answers, with its manifest."""
        policy = Policy(self._model, self._space)
        graph = to_onnx(policy)
        check_export(self._reference, policy.signature, graph, self._turns)
        return described(policy.signature, graph, self._weights(), self._place)

    def _weights(self) -> dict[str, np.ndarray]:
        weights = self._model.policy.state_dict()
        named = {_POLICY + name: each.cpu().numpy() for name, each in weights.items()}
        return {**named, **statistics(self._model.get_vec_normalize_env())}


class _Reached(Exception):  # noqa: N818 - it is no error
    """Leaves SB3's loop between two rollouts; nothing is lost, and it is entered again."""


class _Boundary(BaseCallback):
    """Ends `learn` before the first rollout that begins at or after a step."""

    def __init__(self, step: int) -> None:
        super().__init__()
        self._step = step

    def _on_rollout_start(self) -> None:
        if self.num_timesteps >= self._step:
            raise _Reached

    def _on_step(self) -> bool:
        return True


def _episodes(model: BaseAlgorithm) -> tuple[float | None, dict[str, Any]]:
    """Return the mean return of the last training episodes, and what else there is of them."""
    returns = [episode["r"] for episode in model.ep_info_buffer or ()]
    lengths = [episode["l"] for episode in model.ep_info_buffer or ()]
    if not returns:
        return None, {}
    metrics = {
        "episode_return_min": min(returns),
        "episode_return_max": max(returns),
        "episode_len_mean": math.fsum(lengths) / len(lengths),
    }
    return math.fsum(returns) / len(returns), metrics


def _of_policy(weights: dict[str, Any]) -> dict[str, Any]:
    return {
        name[len(_POLICY) :]: each for name, each in weights.items() if name.startswith(_POLICY)
    }
