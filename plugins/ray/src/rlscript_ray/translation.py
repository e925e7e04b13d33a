"""RLlib's module and connectors as one graph: observation and noise in, the action out.

RLlib normalises observations before the module, and samples, rescales and clips actions after it.
Each such part is either translated exactly or refused by the name of its class; there is no third
way. Exact types are compared, since a subclass may do anything.
"""

import copy
from typing import Any, List, NamedTuple, Tuple

import numpy as np
import torch
from gymnasium import spaces
from ray.rllib.algorithms.algorithm import Algorithm
from ray.rllib.algorithms.ppo.torch.default_ppo_torch_rl_module import DefaultPPOTorchRLModule
from ray.rllib.connectors import env_to_module, module_to_env
from ray.rllib.connectors.common.flatten_observations import FlattenObservations
from ray.rllib.core import DEFAULT_MODULE_ID
from ray.rllib.core.distribution.torch.torch_distribution import TorchCategorical, TorchDiagGaussian
from ray.rllib.core.models.torch.encoder import TorchActorCriticEncoder, TorchMLPEncoder
from ray.rllib.core.models.torch.heads import TorchFreeLogStdMLPHead, TorchMLPHead

from rlscript_ray import layers
from rlscript_ray.refusals import ExportRefused

# Connectors that only carry data between episodes, batches and tensors: nothing to translate.
_CARRIERS = (
    env_to_module.AddObservationsFromEpisodesToBatch,
    env_to_module.AddStatesFromEpisodesToBatch,
    env_to_module.AddTimeDimToBatchAndZeroPad,
    env_to_module.BatchIndividualItems,
    env_to_module.NumpyToTensor,
    module_to_env.ListifyDataForVectorEnv,
    module_to_env.RemoveSingleTsTimeRankFromBatch,
    module_to_env.TensorToNumpy,
    module_to_env.UnBatchToIndividualItems,
)
_FLOATS = (np.float32, np.float64)


class Pipelines(NamedTuple):
    """RLlib's connectors: from the environment to the module, and back."""

    observations: Any
    actions: Any


class Policy(torch.nn.Module):
    """The whole way from the environment's observation to its action.

    Attributes:
        observation_space: The environment's own.
        action_space: Likewise.
        sample: The layer that turns noise into a choice, with the noise's `law` and `noise_shape`.
    """

    def __init__(self, pipelines: Pipelines, network: torch.nn.Module, sample: Any) -> None:
        super().__init__()
        self.observation_space = pipelines.observations.input_observation_space
        self.action_space = pipelines.actions.input_action_space
        self.before = torch.nn.Sequential(*_before(pipelines.observations))
        self.network = network
        self.sample = sample
        self.after = torch.nn.Sequential(*_after(pipelines.actions))

    def forward(
        self, observation: torch.Tensor, noise: torch.Tensor
    ) -> Tuple[torch.Tensor, torch.Tensor]:
        """Return a batch of actions, and the inputs of their distribution to check exports by."""
        inputs = self.network(self.before(observation).float())
        return self.after(self.sample(inputs, noise)), inputs


def translate(algorithm: Algorithm) -> Policy:
    """Return the algorithm's current policy as one graph, on the CPU.

    Raises:
        ExportRefused: A part of it is not among those that are translated exactly.
    """
    if algorithm.config.is_multi_agent:
        raise ExportRefused(algorithm.config, "names several policies, which are not translated")
    pipelines = pipelines_of(algorithm)
    module = current_module(algorithm)
    policy = Policy(pipelines, _network(module), _sample(module, pipelines.actions))
    policy.eval()
    return policy


def pipelines_of(algorithm: Algorithm) -> Pipelines:
    """Return the connectors of the runner in this process, which carry the merged statistics."""
    runner = algorithm.env_runner_group.local_env_runner
    if runner is None:
        raise ExportRefused(algorithm.config, "makes no local runner, whose connectors are needed")
    return Pipelines(runner._env_to_module, runner._module_to_env)  # noqa: SLF001  # no other way


def current_module(algorithm: Algorithm) -> Any:
    """Return a copy of the module with the learner's weights.

    An environment runner's own module may be behind the learner's, and has no critic.
    """
    module = copy.deepcopy(algorithm.env_runner_group.local_env_runner.module).cpu()
    module.set_state(algorithm.learner_group.get_weights()[DEFAULT_MODULE_ID])
    return module.eval()


def filter_of(piece: Any) -> Any:
    """Return the running statistics of a `MeanStdFilter` connector for its only agent."""
    piece.get_state()  # makes the statistics where no observation has come yet
    return piece._filters[None]  # noqa: SLF001  # its state leaves out what it derives


def _network(module: Any) -> torch.nn.Module:
    if type(module) is not DefaultPPOTorchRLModule:
        raise ExportRefused(module, "is not a module whose forward pass is translated")
    if type(module.encoder) is not TorchActorCriticEncoder:
        raise ExportRefused(module.encoder, "keeps a state, or is not RLlib's own")
    shared = module.encoder.config.shared
    encoder = module.encoder.encoder if shared else module.encoder.actor_encoder
    if type(encoder) is not TorchMLPEncoder:
        raise ExportRefused(encoder, "is not translated")
    return layers.ActorNetwork(encoder, _head(module.pi))


def _head(head: torch.nn.Module) -> torch.nn.Module:
    if type(head) is TorchMLPHead:
        return head
    if type(head) is TorchFreeLogStdMLPHead:
        return layers.FreeDeviationHead(head)
    raise ExportRefused(head, "is not translated")


def _before(pipeline: Any) -> List[torch.nn.Module]:
    """Return the layers before the network, one for each connector that changes observations."""
    pieces = [piece for piece in pipeline.connectors if type(piece) not in _CARRIERS]
    if not pieces:
        _require_floats(pipeline.input_observation_space, pipeline)
    return [_observation_layer(piece) for piece in pieces]


def _observation_layer(piece: Any) -> torch.nn.Module:
    if type(piece) is env_to_module.MeanStdFilter:
        _require_floats(piece.input_observation_space, piece)
        return layers.Normalise(filter_of(piece))
    if type(piece) is FlattenObservations:
        return _flatten(piece)
    raise ExportRefused(piece, "is a connector that is not translated")


def _flatten(piece: Any) -> torch.nn.Module:
    space = piece.input_observation_space
    if isinstance(space, spaces.Box):
        return layers.Flatten()
    if isinstance(space, spaces.Discrete) and space.start == 0:
        return layers.OneHot([space.n])
    if isinstance(space, spaces.MultiDiscrete) and space.nvec.ndim == 1 and not space.start.any():
        return layers.OneHot(space.nvec)
    raise ExportRefused(piece, _not_over(space))


def _require_floats(space: spaces.Space, part: Any) -> None:
    if not isinstance(space, spaces.Box) or space.dtype not in _FLOATS:
        raise ExportRefused(part, _not_over(space))


def _sample(module: Any, pipeline: Any) -> torch.nn.Module:
    """Return the layer that chooses an action of the module."""
    law, space = module.get_inference_action_dist_cls(), pipeline.input_action_space
    if law is TorchCategorical and isinstance(space, spaces.Discrete) and space.start == 0:
        return layers.Categorical(int(space.n))
    plain = isinstance(space, spaces.Box) and len(space.shape) == 1 and space.dtype in _FLOATS
    if law is TorchDiagGaussian and plain:
        return layers.Gaussian(space.shape[0])
    raise ExportRefused(law.__name__, _not_over(space))


def _after(pipeline: Any) -> List[torch.nn.Module]:
    """Return the layers that make the environment's action of the module's."""
    default = (module_to_env.GetActions, module_to_env.NormalizeAndClipActions)
    pieces = [piece for piece in pipeline.connectors if type(piece) not in _CARRIERS]
    for piece in pieces:
        if type(piece) not in default:
            raise ExportRefused(piece, "is a connector that is not translated")
    if tuple(type(piece) for piece in pieces) != default:
        raise ExportRefused(pipeline, "lacks RLlib's default connectors, or repeats them")
    return _rescaling(pieces[1], pipeline.input_action_space)


def _rescaling(piece: Any, space: spaces.Space) -> List[torch.nn.Module]:
    if not isinstance(space, spaces.Box):
        return []
    if piece.normalize_actions:
        # RLlib leaves actions alone where one of the box's bounds is infinite.
        bounded = space.bounded_below.all() and space.bounded_above.all()
        return [layers.Unsquash(space.low, space.high)] if bounded else []
    return [layers.Clip(space.low, space.high)] if piece.clip_actions else []


def _not_over(space: spaces.Space) -> str:
    return "over {} is not translated".format(space)
