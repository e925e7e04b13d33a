"""Everything from which SB3 goes on, without a pickle: tensors, arrays and JSON.

SB3's own archive holds pickles, and none of it is read or written here. Tensors are loaded with
PyTorch's `weights_only`, arrays without objects.
"""

from __future__ import annotations

import json
from collections import deque
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from stable_baselines3.common.buffers import DictReplayBuffer, ReplayBuffer
from stable_baselines3.common.save_util import recursive_getattr

import rlscript
from rlscript.fitting import misfit, shapes_of
from rlscript_sb3.normalising import set_statistics, statistics
from rlscript_sb3.refusals import CheckpointRefused

if TYPE_CHECKING:
    from pathlib import Path

_TENSORS, _ARRAYS, _COUNTERS = "tensors.pt", "arrays.npz", "counters.json"
_COUNTED = ("num_timesteps", "_episode_num", "_n_updates", "_n_calls")
_REPLAYED = ("observations", "next_observations", "actions", "rewards", "dones", "timeouts")
_LARGEST_REPLAY = 1 << 30  # bytes that are kept of a replay buffer


def save(model: Any, folder: Path) -> None:
    """Write weights, optimisers, statistics, counters and the replay buffer into a folder."""
    tensors = {
        "modules": model.get_parameters(),
        "variables": {name: recursive_getattr(model, name).data for name in _variables(model)},
    }
    torch.save(tensors, folder / _TENSORS)
    arrays = {**statistics(model.get_vec_normalize_env()), **_replayed(model)}
    np.savez(folder / _ARRAYS, **arrays)
    counters = {
        "algorithm": type(model).__name__,
        "episodes": [_plain(each) for each in model.ep_info_buffer or ()],
        **{name: getattr(model, name) for name in _COUNTED if hasattr(model, name)},
    }
    (folder / _COUNTERS).write_text(json.dumps(counters))


def restore(model: Any, folder: Path) -> None:
    """Go on from what `save` wrote.

    Raises:
        CheckpointRefused: It is another algorithm's, or another network's.
    """
    counters = json.loads((folder / _COUNTERS).read_text())
    name = type(model).__name__
    if counters.pop("algorithm") != name:
        msg = f"the checkpoint is not of {name}: go on with the algorithm that wrote it"
        raise CheckpointRefused(msg)
    tensors = torch.load(folder / _TENSORS, map_location=model.device, weights_only=True)
    given, own = tensors["modules"]["policy"], model.policy.state_dict()
    told = misfit(shapes_of(given), shapes_of(own), "checkpoint")
    if told:
        msg = f"{told} Go on with the policy_kwargs and the environment that it was written with"
        raise CheckpointRefused(msg)
    model.set_parameters(tensors["modules"], exact_match=True, device=model.device)
    for variable, value in tensors["variables"].items():
        recursive_getattr(model, variable).data = value
    with np.load(folder / _ARRAYS, allow_pickle=False) as arrays:
        set_statistics(model.get_vec_normalize_env(), arrays, CheckpointRefused)
        _replay(model, arrays)
    # SB3 makes both when it begins to learn, unless the first is there.
    window = model._stats_window_size  # noqa: SLF001 - nowhere else
    model.ep_info_buffer = deque(counters.pop("episodes"), maxlen=window)
    model.ep_success_buffer = deque(maxlen=window)
    for counter, value in counters.items():
        setattr(model, counter, value)


def _variables(model: Any) -> list[str]:
    """Return the names of tensors that belong to no module, as SAC's entropy coefficient."""
    return list(model._get_torch_save_params()[1])  # noqa: SLF001 - SB3's only list of them


def _plain(episode: dict[str, Any]) -> dict[str, Any]:
    return {name: float(episode[name]) for name in ("r", "l", "t") if name in episode}


def _replayed(model: Any) -> dict[str, Any]:
    """Return the filled part of a replay buffer that is SB3's plain one and not too large."""
    buffer = getattr(model, "replay_buffer", None)
    if buffer is None or not buffer.size():
        return {}
    if type(buffer) not in (ReplayBuffer, DictReplayBuffer) or buffer.optimize_memory_usage:
        rlscript.announce(f"the checkpoint is without the {type(buffer).__name__}'s transitions")
        return {}
    found = {"replay/pos": buffer.pos, "replay/full": buffer.full}
    for name, array in _columns(buffer):
        found["replay/" + name] = array[: buffer.size()]
    size = sum(np.asarray(each).nbytes for each in found.values())
    if size > _LARGEST_REPLAY:
        rlscript.announce(f"the checkpoint is without the {size >> 20} MiB of the replay buffer")
        return {}
    return found


def _replay(model: Any, arrays: Any) -> None:
    buffer = getattr(model, "replay_buffer", None)
    if buffer is None or "replay/pos" not in arrays:
        return
    for name, array in _columns(buffer):
        kept = arrays["replay/" + name]
        if len(kept) > len(array) or kept.shape[1:] != array.shape[1:]:
            msg = "the checkpoint's replay buffer is larger: go on with its buffer_size and n_envs"
            raise CheckpointRefused(msg)
        array[: len(kept)] = kept
    size = len(arrays["replay/rewards"])
    full = bool(arrays["replay/full"]) and size == buffer.buffer_size
    buffer.full, buffer.pos = full, int(arrays["replay/pos"]) if full else size % len(buffer.dones)


def _columns(buffer: Any) -> list[tuple[str, np.ndarray]]:
    """Return the arrays of a replay buffer by name; those of dictionaries have a key each."""
    found = []
    for name in _REPLAYED:
        column = getattr(buffer, name)
        parts = column.items() if isinstance(column, dict) else [("", column)]
        found += [(f"{name}/{key}" if key else name, array) for key, array in parts]
    return found
