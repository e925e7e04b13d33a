"""SB3's policies as layers: their own networks, between `Observe` and a layer that chooses."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

import torch
from sb3_contrib.common.maskable import distributions as maskable
from sb3_contrib.common.maskable.policies import (
    MaskableActorCriticCnnPolicy,
    MaskableActorCriticPolicy,
    MaskableMultiInputActorCriticPolicy,
)
from sb3_contrib.common.recurrent.policies import (
    RecurrentActorCriticCnnPolicy,
    RecurrentActorCriticPolicy,
    RecurrentMultiInputActorCriticPolicy,
)
from sb3_contrib.qrdqn import policies as qrdqn
from stable_baselines3.common import distributions
from stable_baselines3.common.policies import (
    ActorCriticCnnPolicy,
    ActorCriticPolicy,
    MultiInputActorCriticPolicy,
)
from stable_baselines3.dqn import policies as dqn
from stable_baselines3.sac import policies as sac
from stable_baselines3.td3 import policies as td3

from rlscript_sb3.choices import Bernoulli, Categorical, Gaussian, Greatest, Mean
from rlscript_sb3.refusals import ExportRefused

if TYPE_CHECKING:
    from collections.abc import Callable

_KNOWN = ("torch.nn.modules.", "stable_baselines3.common.torch_layers")
_ACTOR_CRITICS = (ActorCriticPolicy, ActorCriticCnnPolicy, MultiInputActorCriticPolicy)
_RECURRENT = (
    RecurrentActorCriticPolicy,
    RecurrentActorCriticCnnPolicy,
    RecurrentMultiInputActorCriticPolicy,
)
_MASKABLE = (
    MaskableActorCriticPolicy,
    MaskableActorCriticCnnPolicy,
    MaskableMultiInputActorCriticPolicy,
)


class Network(torch.nn.Module):
    """The part of a policy that acts, from the extractor's input to what an action is chosen from.

    Attributes:
        choice: The layer that chooses the action.
        states: Shape of one row of each state, by name.
    """

    def __init__(
        self,
        extractor: torch.nn.Module,
        head: torch.nn.Module,
        choice: torch.nn.Module,
        lstm: torch.nn.LSTM | None = None,
    ) -> None:
        super().__init__()
        self.extractor, self.lstm, self.head, self.choice = extractor, lstm, head, choice
        for part in (*extractor.modules(), *head.modules()):
            # SB3 takes any class for an extractor or an activation.
            if not type(part).__module__.startswith((*_KNOWN, __name__)):
                raise ExportRefused(part, "is not a layer of PyTorch's or SB3's")
        self.states: dict[str, tuple[int, ...]] = {}
        if lstm is not None:
            shape = (lstm.num_layers, lstm.hidden_size)
            self.states = {"state/h": shape, "state/c": shape}

    def forward(self, observation: Any, *states: torch.Tensor) -> tuple[torch.Tensor, ...]:
        """Return what an action is chosen from, and the states after this step."""
        features = self.extractor(observation)
        if self.lstm is None:
            return (self.head(features),)
        # Rows come first outside, layers first inside.
        before = tuple(state.transpose(0, 1) for state in states)
        found, after = self.lstm(features.unsqueeze(0), before)
        return (self.head(found.squeeze(0)), *(state.transpose(0, 1) for state in after))


class WithDeviation(torch.nn.Module):
    """A mean, and the logarithm of a deviation that is the same for all observations."""

    def __init__(self, mean: torch.nn.Module, log_deviation: torch.Tensor) -> None:
        super().__init__()
        self.mean = mean
        self.register_buffer("log_deviation", log_deviation.detach().clone())

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        """Return both side by side."""
        mean = self.mean(features)
        return torch.cat([mean, self.log_deviation.expand_as(mean)], dim=-1)


class WithOwnDeviation(torch.nn.Module):
    """A mean, and the logarithm of a deviation that SAC has of each observation."""

    def __init__(self, latent: torch.nn.Module, mean: Any, log_deviation: Any) -> None:
        super().__init__()
        self.latent, self.mean, self.log_deviation = latent, mean, log_deviation

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        """Return both side by side."""
        latent = self.latent(features)
        capped = torch.clamp(self.log_deviation(latent), sac.LOG_STD_MIN, sac.LOG_STD_MAX)
        return torch.cat([self.mean(latent), capped], dim=-1)


class QuantileMean(torch.nn.Module):
    """The mean over quantiles of each action's value."""

    def __init__(self, network: torch.nn.Module, quantiles: int, actions: int) -> None:
        super().__init__()
        self.network, self.quantiles, self.actions = network, quantiles, actions

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        """Return a value for each action."""
        return self.network(features).reshape(-1, self.quantiles, self.actions).mean(dim=1)


def network_of(policy: Any) -> Network:
    """Return the part of a policy that acts, with a copy of its weights as they stand.

    Raises:
        ExportRefused: A part of it is not SB3's own, or is not translated.
    """
    kind = type(policy)
    if kind not in _TRANSLATIONS:
        raise ExportRefused(policy, "is no policy class that is translated")
    # The policy itself may hold the graph of its last gradient, which is not copied.
    return copy.deepcopy(_TRANSLATIONS[kind](policy)).cpu().eval()


def is_masked(policy: Any) -> bool:
    """Tell whether a policy takes a mask of the allowed actions."""
    return isinstance(policy, MaskableActorCriticPolicy)


def _actor_critic(policy: Any) -> Network:
    head, choice = _distribution(policy)
    return Network(policy.pi_features_extractor, head, choice)


def _recurrent(policy: Any) -> Network:
    lstm = policy.lstm_actor
    if lstm.bidirectional or lstm.proj_size or lstm.batch_first:
        raise ExportRefused(lstm, "with lstm_kwargs that change its shapes is not translated")
    head, choice = _distribution(policy)
    return Network(policy.pi_features_extractor, head, choice, lstm)


def _distribution(policy: Any) -> tuple[torch.nn.Module, torch.nn.Module]:
    """Return what follows an actor-critic's features, and the layer that chooses an action."""
    law, space = policy.action_dist, policy.action_space
    head = torch.nn.Sequential(policy.mlp_extractor.policy_net, policy.action_net)
    if type(law) is distributions.DiagGaussianDistribution:
        wide = WithDeviation(head, policy.log_std)
        return wide, Gaussian(space, law.action_dim, squash=False)
    if type(law) is distributions.StateDependentNoiseDistribution:
        squash = law.bijector is not None
        return head, Mean(space, squash=squash, rescale=policy.squash_output)
    if type(law) is distributions.BernoulliDistribution:
        return head, Bernoulli(law.action_dims)
    if type(law) in (
        distributions.CategoricalDistribution,
        maskable.MaskableCategoricalDistribution,
    ):
        return head, Categorical([law.action_dim], single=True)
    if type(law) in (
        distributions.MultiCategoricalDistribution,
        maskable.MaskableMultiCategoricalDistribution,
        maskable.MaskableBernoulliDistribution,
    ):
        return head, Categorical(law.action_dims, single=False)
    raise ExportRefused(law, "is no distribution that is translated")


def _deep_q(policy: Any) -> Network:
    return Network(policy.q_net.features_extractor, policy.q_net.q_net, Greatest())


def _quantiles(policy: Any) -> Network:
    net = policy.quantile_net
    head = QuantileMean(net.quantile_net, net.n_quantiles, int(net.action_space.n))
    return Network(net.features_extractor, head, Greatest())


def _soft_actor(policy: Any) -> Network:
    actor, space = policy.actor, policy.action_space
    if type(actor) is not sac.Actor:
        raise ExportRefused(actor, "is no actor that is translated")
    if actor.use_sde:
        head: torch.nn.Module = torch.nn.Sequential(actor.latent_pi, actor.mu)
        return Network(actor.features_extractor, head, Mean(space, squash=True, rescale=True))
    head = WithOwnDeviation(actor.latent_pi, actor.mu, actor.log_std)
    choice = Gaussian(space, actor.action_dist.action_dim, squash=True)
    return Network(actor.features_extractor, head, choice)


def _deterministic_actor(policy: Any) -> Network:
    actor = policy.actor
    if type(actor) is not td3.Actor:
        raise ExportRefused(actor, "is no actor that is translated")
    # Its network ends with the squashing.
    choice = Mean(policy.action_space, squash=False, rescale=True)
    return Network(actor.features_extractor, actor.mu, choice)


_TRANSLATIONS: dict[type, Callable[[Any], Network]] = {
    **dict.fromkeys(_ACTOR_CRITICS, _actor_critic),
    **dict.fromkeys(_RECURRENT, _recurrent),
    **dict.fromkeys(_MASKABLE, _actor_critic),
    **dict.fromkeys((dqn.DQNPolicy, dqn.CnnPolicy, dqn.MultiInputPolicy), _deep_q),
    **dict.fromkeys((qrdqn.QRDQNPolicy, qrdqn.CnnPolicy, qrdqn.MultiInputPolicy), _quantiles),
    **dict.fromkeys((sac.SACPolicy, sac.CnnPolicy, sac.MultiInputPolicy), _soft_actor),
    **dict.fromkeys((td3.TD3Policy, td3.CnnPolicy, td3.MultiInputPolicy), _deterministic_actor),
}
