"""RLlib's default modules as layers: encoder, policy head and the choice of an action."""

from typing import Any, List, Tuple

import torch
from gymnasium import spaces
from ray.rllib.algorithms.ppo.torch.default_ppo_torch_rl_module import DefaultPPOTorchRLModule
from ray.rllib.core.distribution.torch.torch_distribution import (
    TorchCategorical,
    TorchDiagGaussian,
    TorchMultiCategorical,
)
from ray.rllib.core.models.torch.encoder import (
    TorchActorCriticEncoder,
    TorchCNNEncoder,
    TorchLSTMEncoder,
    TorchMLPEncoder,
    TorchStatefulActorCriticEncoder,
)
from ray.rllib.core.models.torch.heads import TorchFreeLogStdMLPHead, TorchMLPHead

from rlscript_ray import layers
from rlscript_ray.connectors import FLOATS, not_over
from rlscript_ray.refusals import ExportRefused
from rlscript_ray.signature import State

_KNOWN = ("torch.nn.modules.", "ray.rllib.core.models.torch.", layers.__name__)
_STATELESS = (TorchMLPEncoder, TorchCNNEncoder)


def network_of(module: Any) -> Tuple[torch.nn.Module, List[State]]:
    """Return the part of a module that acts, and the state that it keeps.

    Raises:
        ExportRefused: A part of it is not RLlib's own, or is not translated.
    """
    if type(module) is not DefaultPPOTorchRLModule:
        raise ExportRefused(module, "is not a module whose forward pass is translated")
    if type(module.encoder) not in (TorchActorCriticEncoder, TorchStatefulActorCriticEncoder):
        raise ExportRefused(module.encoder, "is not translated")
    shared = module.encoder.config.shared
    encoder = module.encoder.encoder if shared else module.encoder.actor_encoder
    layer, states = _encoder(encoder)
    for part in (*layer.modules(), *module.pi.modules()):
        # RLlib takes any class for an activation, and a catalog may build anything.
        if not type(part).__module__.startswith(_KNOWN):
            raise ExportRefused(part, "is not a layer of PyTorch's or RLlib's")
    return layers.ActorNetwork(layer, _head(module.pi)), states


def sample_of(module: Any, space: Any) -> torch.nn.Module:
    """Return the layer that chooses an action of the module.

    RLlib counts discrete actions from 0, whatever the space's start.

    Raises:
        ExportRefused: The distribution is not translated, or not over this space.
    """
    law = module.get_inference_action_dist_cls()
    if law is TorchCategorical and isinstance(space, spaces.Discrete) and space.start == 0:
        return layers.Categorical(int(space.n))
    plain = isinstance(space, spaces.Box) and len(space.shape) == 1 and space.dtype in FLOATS
    if law is TorchDiagGaussian and plain:
        return layers.Gaussian(space.shape[0])
    if _bound(law) is TorchMultiCategorical and _counts_from_zero(space):
        return layers.MultiCategorical(space.nvec)
    raise ExportRefused(_bound(law).__name__, not_over(space))


def _bound(law: Any) -> Any:
    """Return the class that RLlib's `get_partial_dist_cls` gave arguments to."""
    partial = law.__qualname__.startswith("Distribution.get_partial_dist_cls.")
    return law.__bases__[0] if partial else law


def _counts_from_zero(space: Any) -> bool:
    known = isinstance(space, spaces.MultiDiscrete) and space.nvec.ndim == 1
    return known and not space.start.any()


def _encoder(encoder: Any) -> Tuple[torch.nn.Module, List[State]]:
    if type(encoder) in _STATELESS:
        return layers.Stateless(encoder), []
    if type(encoder) is not TorchLSTMEncoder:
        raise ExportRefused(encoder, "is not translated")
    if encoder.tokenizer is not None and type(encoder.tokenizer) not in _STATELESS:
        raise ExportRefused(encoder.tokenizer, "is not translated")
    initial = encoder.get_initial_state()
    if any(part.any() for part in initial.values()):
        raise ExportRefused(encoder, "starts from a state that is not zero")
    states = [
        State("state/" + name, "next_state/" + name, tuple(initial[name].shape)) for name in "hc"
    ]
    return layers.LongShortTermMemory(encoder), states


def _head(head: torch.nn.Module) -> torch.nn.Module:
    if type(head) is TorchMLPHead:
        return head
    if type(head) is TorchFreeLogStdMLPHead:
        return layers.FreeDeviationHead(head)
    raise ExportRefused(head, "is not translated")
