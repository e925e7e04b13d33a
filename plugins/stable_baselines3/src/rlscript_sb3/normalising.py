"""The statistics of `VecNormalize` as arrays: what checkpoints and models keep of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from rlscript_sb3.observations import statistics_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from stable_baselines3.common.running_mean_std import RunningMeanStd
    from stable_baselines3.common.vec_env import VecNormalize

_PREFIX = "normalise/"
_PARTS = ("mean", "var", "count")


def statistics(normaliser: VecNormalize | None) -> dict[str, np.ndarray]:
    """Return all statistics by name, those of rewards included; nothing without `VecNormalize`."""
    return {
        f"{_PREFIX}{name}/{part}": np.asarray(getattr(running, part))
        for name, running in _named(normaliser)
        for part in _PARTS
    }


def set_statistics(
    normaliser: VecNormalize | None, given: Mapping[str, Any], refusal: type[ValueError]
) -> None:
    """Take statistics over from what `statistics` returned.

    Args:
        normaliser: Where to; None without `VecNormalize`.
        given: Arrays by name; others than statistics are left alone.
        refusal: What is raised where they belong to another `normalize`.
    """
    own = {name: value.shape for name, value in statistics(normaliser).items()}
    kept = {name: given[name].shape for name in given if name.startswith(_PREFIX)}
    if own != kept:
        msg = "the statistics that were kept are of another `normalize`: {} there, {} here"
        raise refusal(msg.format(sorted(set(kept)) or "none", sorted(set(own)) or "none"))
    for name, running in _named(normaliser):
        running.mean, running.var = (given[f"{_PREFIX}{name}/{part}"] for part in _PARTS[:2])
        running.count = float(given[f"{_PREFIX}{name}/count"])


def _named(normaliser: VecNormalize | None) -> Iterator[tuple[str, RunningMeanStd]]:
    if normaliser is None:
        return
    for key, running in statistics_of(normaliser).items():
        yield "observation" if key is None else f"observation/{key}", running
    yield "return", normaliser.ret_rms
