"""A policy of SB3 as one function of arrays: from the environment's observation to its action."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch

from rlscript_sb3.networks import is_masked, network_of
from rlscript_sb3.observations import Observe
from rlscript_sb3.signature import Signature, leaves_of

if TYPE_CHECKING:
    from stable_baselines3.common.base_class import BaseAlgorithm


class Policy(torch.nn.Module):
    """A policy with the inputs and outputs of its signature."""

    def __init__(self, model: BaseAlgorithm, observation_space: Any) -> None:
        super().__init__()
        leaves = leaves_of(observation_space)
        self.network = network_of(model.policy)
        self.observe = Observe(leaves, model.policy, model.get_vec_normalize_env())
        choice: Any = self.network.choice
        self.signature = Signature(
            observation_space,
            model.action_space,
            leaves,
            sum(choice.counts) if is_masked(model.policy) else 0,
            self.network.states,
            choice.law,
            choice.noise,
        )

    def forward(self, *arrays: torch.Tensor) -> tuple[torch.Tensor, ...]:
        """Return the action, the states after this step, and what the action is chosen from."""
        signature, given = self.signature, list(arrays)
        leaves = [given.pop(0) for _ in signature.leaves]
        mask = given.pop(0) if signature.mask else None
        states = [given.pop(0) for _ in signature.states]
        noise = given.pop(0) if signature.law else None
        found, *after = self.network(self.observe(*leaves), *states)
        action, check = self.network.choice(found, noise, mask)
        return (action, *after, check)
