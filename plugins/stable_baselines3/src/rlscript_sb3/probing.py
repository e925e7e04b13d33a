"""Turns to check an export on: what the environment shows under random actions."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np

import rlscript

COUNT = 200


def random_turns(environment: Any, count: int = COUNT) -> list[rlscript.Turn]:
    """Return so many turns of an environment, with masks where it tells them; close it.

    Args:
        environment: One of Gymnasium's API.
        count: How many.
    """
    space = environment.action_space
    space.seed(0)
    turns: list[rlscript.Turn] = []
    done = True
    for number in range(count):
        if done:
            observation, info = environment.reset(seed=number)
            done = False
        else:
            action = _allowed(space, turns[-1].mask)
            observation, _, terminated, truncated, info = environment.step(action)
            done = terminated or truncated
        # Some environments show the same array each time.
        shown = copy.deepcopy((observation, info.get("action_mask")))
        turns.append(rlscript.Turn(shown[0], None, shown[1]))
    environment.close()
    return turns


def _allowed(space: Any, mask: Any) -> Any:
    """Return a random action, among those that a mask allows."""
    if mask is None:
        return space.sample()
    flat = np.asarray(mask, np.int8).ravel()
    if not hasattr(space, "nvec"):
        binary = type(space).__name__ == "MultiBinary"
        return _binary(space, flat) if binary else space.sample(mask=flat)
    return space.sample(mask=tuple(np.split(flat, np.cumsum(space.nvec)[:-1])))


def _binary(space: Any, mask: np.ndarray) -> Any:
    """Return binary actions whose pairs of a mask allow 0, 1 or both."""
    drawn, pairs = space.sample(), mask.reshape(-1, 2)
    return np.where(pairs[np.arange(len(pairs)), drawn], drawn, 1 - drawn).astype(space.dtype)
