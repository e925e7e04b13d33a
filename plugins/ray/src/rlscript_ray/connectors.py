"""RLlib's connectors as layers: each is translated exactly, or refused by the name of its class."""

from itertools import takewhile
from typing import Any, List, Optional

import numpy as np
import torch
from gymnasium import spaces
from ray.rllib.connectors import env_to_module, module_to_env
from ray.rllib.connectors.common.flatten_observations import FlattenObservations

from rlscript_ray import layers
from rlscript_ray.refusals import ExportRefused
from rlscript_ray.seats import Seat
from rlscript_ray.signature import Leaf, leaves_of

FLOATS = (np.float32, np.float64)

# RLlib's own connectors as it puts them together. All but the one that rescales only carry data
# between episodes, batches and tensors.
_TO_MODULE = (
    env_to_module.AddObservationsFromEpisodesToBatch,
    env_to_module.AddTimeDimToBatchAndZeroPad,
    env_to_module.AddStatesFromEpisodesToBatch,
    env_to_module.AgentToModuleMapping,
    env_to_module.BatchIndividualItems,
    env_to_module.NumpyToTensor,
)
_TO_ENVIRONMENT = (
    module_to_env.GetActions,
    module_to_env.TensorToNumpy,
    module_to_env.UnBatchToIndividualItems,
    module_to_env.ModuleToAgentUnmapping,
    module_to_env.RemoveSingleTsTimeRankFromBatch,
    module_to_env.NormalizeAndClipActions,
    module_to_env.ListifyDataForVectorEnv,
)
_FOR_SEVERAL = (env_to_module.AgentToModuleMapping, module_to_env.ModuleToAgentUnmapping)


def observation_layers(seat: Seat) -> List[torch.nn.Module]:
    """Return a layer for each connector that changes observations.

    The first takes the observation's leaves, each further one what the one before it gave.

    Raises:
        ExportRefused: A connector is not translated, or not over this space.
    """
    leading = _leading(seat.observations)
    _require_default(seat, seat.observations, seat.observations.connectors[len(leading) :])
    pieces = observation_pieces(seat)
    if not pieces:
        _require_floats(seat.observation_space, seat.observations)
    return [_observation_layer(seat, piece) for piece in pieces]


def observed_leaves(seat: Seat) -> List[Leaf]:
    """Return the parts of an observation that the policy looks at."""
    return _kept(seat.observation_space, *observation_pieces(seat))


def action_layers(seat: Seat) -> List[torch.nn.Module]:
    """Return the layers that make the environment's action of the module's.

    Raises:
        ExportRefused: A connector is not translated, or RLlib's own ones are not there.
    """
    pieces = seat.actions.connectors
    _require_default(seat, seat.actions, pieces)
    return _rescaling(pieces[-2], seat.action_space)


def observation_pieces(seat: Seat) -> List[Any]:
    """Return the connectors that change what the policy's agents observe."""
    return [piece for piece in _leading(seat.observations) if not _passes_by(seat, piece)]


def filter_of(piece: Any, agent: Optional[str]) -> Any:
    """Return the running statistics of a `MeanStdFilter` connector for an agent."""
    piece.get_state()  # makes the statistics where no observation has come yet
    return piece._filters[agent]  # noqa: SLF001  # its state leaves out what it derives


def removed_keys(piece: Any) -> List[str]:
    """Return the keys of a dictionary that a connector leaves out."""
    if type(piece) is not FlattenObservations:
        return []
    return list(piece._keys_to_remove)  # noqa: SLF001  # nowhere else


def not_over(space: Any) -> str:
    """Return the reason for refusing a part that is translated over other spaces."""
    return "over {} is not translated".format(space)


def _leading(pipeline: Any) -> List[Any]:
    """Return the connectors before RLlib's own: those after have no say, or another one."""
    return list(takewhile(lambda piece: type(piece) not in _TO_MODULE, pipeline.connectors))


def _require_default(seat: Seat, pipeline: Any, pieces: List[Any]) -> None:
    """Check that connectors are RLlib's own, in its order."""
    default = _TO_MODULE if pipeline is seat.observations else _TO_ENVIRONMENT
    expected = [kind for kind in default if seat.agents or kind not in _FOR_SEVERAL]
    for piece in pieces:
        if type(piece) not in expected:
            raise ExportRefused(piece, "is a connector that is not translated there")
    if [type(piece) for piece in pieces] != expected:
        raise ExportRefused(pipeline, "lacks one of RLlib's default connectors, or has them twice")


def _passes_by(seat: Seat, piece: Any) -> bool:
    """Tell whether a connector leaves the policy's agents out.

    Where it leaves out some of them, RLlib asks that it change nothing for the others either.
    """
    listed = piece._agent_ids if type(piece) is FlattenObservations else None  # noqa: SLF001
    return bool(seat.agents) and listed is not None and seat.agent not in listed


def _observation_layer(seat: Seat, piece: Any) -> torch.nn.Module:
    if type(piece) not in (env_to_module.MeanStdFilter, FlattenObservations):
        raise ExportRefused(piece, "is a connector that is not translated")
    if bool(piece._multi_agent) != bool(seat.agents):  # noqa: SLF001  # nowhere else
        raise ExportRefused(piece, "needs multi_agent=True for several agents, and only then")
    space = seat.part(piece.input_observation_space)
    if type(piece) is FlattenObservations:
        return layers.Join([_leaf_layer(piece, leaf) for leaf in _kept(space, piece)])
    _require_floats(space, piece)
    if len(seat.agents) > 1:
        msg = "keeps statistics of each agent, and {} share a policy"
        raise ExportRefused(piece, msg.format(", ".join(seat.agents)))
    return layers.Normalise(filter_of(piece, seat.agent))


def _kept(space: Any, *pieces: Any) -> List[Leaf]:
    removed = {key for piece in pieces for key in removed_keys(piece)}
    return [leaf for leaf in leaves_of(space) if not (leaf.path and leaf.path[0] in removed)]


def _leaf_layer(piece: Any, leaf: Leaf) -> torch.nn.Module:
    space = leaf.space
    if isinstance(space, (spaces.Box, spaces.MultiBinary)):
        return layers.Flatten()
    if isinstance(space, spaces.Discrete) and space.start == 0:
        return layers.OneHot([space.n])
    if isinstance(space, spaces.MultiDiscrete) and space.nvec.ndim == 1 and not space.start.any():
        return layers.OneHot(space.nvec)
    raise ExportRefused(piece, not_over(space))


def _require_floats(space: Any, part: Any) -> None:
    if not isinstance(space, spaces.Box) or space.dtype not in FLOATS:
        raise ExportRefused(part, not_over(space))


def _rescaling(piece: Any, space: Any) -> List[torch.nn.Module]:
    if not isinstance(space, spaces.Box):
        return []
    if piece.normalize_actions:
        # RLlib leaves actions alone where one of the box's bounds is infinite.
        bounded = space.bounded_below.all() and space.bounded_above.all()
        return [layers.Unsquash(space.low, space.high)] if bounded else []
    return [layers.Clip(space.low, space.high)] if piece.clip_actions else []
