"""How SB3 itself acts: its own `predict`, and the distributions that it chooses from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import torch
from gymnasium import spaces
from stable_baselines3.common.distributions import (
    BernoulliDistribution,
    DiagGaussianDistribution,
    StateDependentNoiseDistribution,
)

from rlscript_sb3.networks import is_masked
from rlscript_sb3.signature import leaves_of, part_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    import rlscript

_H, _C = "state/h", "state/c"
States = tuple[np.ndarray, np.ndarray]


class Reference:
    """A model of SB3 that answers turns greedily, with frozen statistics of `VecNormalize`."""

    def __init__(self, model: Any, observation_space: Any) -> None:
        self._model = model
        self._leaves = leaves_of(observation_space)
        self._recurrent = hasattr(model.policy, "lstm_actor")

    def act(self, turns: Sequence[rlscript.Turn]) -> list[tuple[Any, Any]]:
        """Return the action of each turn, as the environment takes it, and the next state."""
        batch = _Batch.of(self, turns)
        given: dict[str, Any] = {}
        if is_masked(self._model.policy):
            given["action_masks"] = np.stack([np.asarray(turn.mask, bool) for turn in turns])
        if self._recurrent:
            given["state"] = batch.states
        actions, after = self._model.predict(batch.observations, deterministic=True, **given)
        kept: list[Any] = [None] * len(turns)
        if self._recurrent:
            # Layers come first inside, rows outside.
            kept = [{_H: after[0][:, row], _C: after[1][:, row]} for row in range(len(turns))]
        return list(zip(map(self._for_environment, actions), kept, strict=True))

    def inputs(self, turns: Sequence[rlscript.Turn]) -> np.ndarray:
        """Return what the actions are chosen from, as SB3's own code has it."""
        batch = _Batch.of(self, turns)
        policy = self._model.policy
        policy.set_training_mode(False)
        seen, _ = policy.obs_to_tensor(batch.observations)
        with torch.no_grad():
            if batch.states is None:
                found = _chosen_from(policy, seen)
            else:
                states = tuple(torch.as_tensor(part, device=policy.device) for part in batch.states)
                starts = torch.zeros(len(turns), device=policy.device)
                law, _ = policy.get_distribution(seen, states, starts)
                found = _of_law(law)
        return found.cpu().numpy()

    def observations(self, turns: Sequence[rlscript.Turn]) -> Any:
        """Return what `predict` takes: the observations of all turns, normalised."""
        stacked = {
            leaf.key: np.stack(
                [np.asarray(part_of(turn.observation, leaf), leaf.space.dtype) for turn in turns]
            )
            for leaf in self._leaves
        }
        seen: Any = stacked.get(None, stacked)
        normaliser = self._model.get_vec_normalize_env()
        return seen if normaliser is None else normaliser.normalize_obs(seen)

    def states(self, turns: Sequence[rlscript.Turn]) -> States | None:
        """Return the states before all turns as `predict` takes them, None without any."""
        if not self._recurrent:
            return None
        layers, _, size = self._model.policy.lstm_hidden_state_shape
        zeros = np.zeros((layers, size), np.float32)
        hidden, cell = (
            np.stack([turn.state[name] if turn.state else zeros for turn in turns], axis=1)
            for name in (_H, _C)
        )
        return hidden, cell

    def _for_environment(self, action: Any) -> Any:
        """Return an action with the type that its space asks for: binary ones come as floats."""
        space = self._model.action_space
        return int(action) if isinstance(space, spaces.Discrete) else action.astype(space.dtype)


class _Batch(NamedTuple):
    observations: Any
    states: States | None

    @classmethod
    def of(cls, reference: Reference, turns: Sequence[rlscript.Turn]) -> _Batch:
        return cls(reference.observations(turns), reference.states(turns))


def _chosen_from(policy: Any, seen: Any) -> torch.Tensor:
    if hasattr(policy, "q_net"):
        return policy.q_net(seen)
    if hasattr(policy, "quantile_net"):
        return policy.quantile_net(seen).mean(dim=1)
    if not hasattr(policy, "actor"):
        return _of_law(policy.get_distribution(seen))
    if not hasattr(policy.actor, "get_action_dist_params"):
        return policy.actor(seen)
    mean, log_deviation, further = policy.actor.get_action_dist_params(seen)
    return mean if further else torch.cat([mean, log_deviation], dim=-1)


def _of_law(law: Any) -> torch.Tensor:
    if isinstance(law, StateDependentNoiseDistribution):
        return law.distribution.mean
    if isinstance(law, DiagGaussianDistribution):
        return torch.cat([law.distribution.mean, law.distribution.stddev.log()], dim=-1)
    if isinstance(law, BernoulliDistribution):
        return law.distribution.logits
    parts = getattr(law, "distributions", None) or law.distribution
    parts = parts if isinstance(parts, list) else [parts]
    return torch.cat([part.logits for part in parts], dim=-1)
