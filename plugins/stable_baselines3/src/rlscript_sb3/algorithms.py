"""The algorithms whose policies are exported, by name."""

from __future__ import annotations

import difflib
import importlib
from typing import Any

from rlscript_sb3.refusals import ExportRefused, SettingRefused

_HOMES = {
    "A2C": "stable_baselines3",
    "DDPG": "stable_baselines3",
    "DQN": "stable_baselines3",
    "MaskablePPO": "sb3_contrib",
    "PPO": "stable_baselines3",
    "QRDQN": "sb3_contrib",
    "RecurrentPPO": "sb3_contrib",
    "SAC": "stable_baselines3",
    "TD3": "stable_baselines3",
    "TRPO": "sb3_contrib",
}
_REASONS = {
    "ARS": "searches with a policy of its own, which is not translated",
    "CrossQ": "has batch renormalisation in its networks, which is not translated",
    "TQC": "is not translated",
}


def algorithm_class(algorithm: str | type) -> Any:
    """Return an algorithm's class.

    Args:
        algorithm: Its name, or the class itself.

    Raises:
        ExportRefused: Its policies are not exported.
        SettingRefused: There is none of that name.
    """
    name = algorithm if isinstance(algorithm, str) else algorithm.__name__
    if name in _REASONS:
        raise ExportRefused(name, _REASONS[name])
    if name in _HOMES:
        known = getattr(importlib.import_module(_HOMES[name]), name)
        if algorithm in {name, known}:
            return known
    if not isinstance(algorithm, str):
        raise ExportRefused(name, f"may do anything; allowed are {', '.join(_HOMES)}")
    nearest = difflib.get_close_matches(name, _HOMES, n=1, cutoff=0.4)
    hint = f"; did you mean {nearest[0]!r}?" if nearest else "."
    msg = f"there is no algorithm {name!r}{hint} Allowed are {', '.join(_HOMES)}"
    raise SettingRefused(msg)
