"""Whether two policies' answers are the same but for rounding."""

from typing import Any

import numpy as np

# Two logits nearer than this may order either way in another implementation of the same sums.
_TIE = 1e-5
_MOST_TIES = 0.001
_TOLERANCE = 1e-5
# Large logits round by more, and a gate may be steep just where an observation is.
WIDE_TOLERANCE = 1e-3


def differing(
    space: Any, expected: np.ndarray, actual: np.ndarray, inputs: np.ndarray
) -> np.ndarray:
    """Tell for each row whether the actions differ by more than rounding.

    Args:
        space: The environment's space of actions.
        expected: RLlib's actions.
        actual: The export's.
        inputs: RLlib's inputs of the distributions.
    """
    kind = type(space).__name__
    if kind == "Box":
        return np.asarray(far(expected, actual, _TOLERANCE).any(axis=-1))
    counts = [space.n] if kind == "Discrete" else space.nvec
    rows = len(expected)
    differ = (expected != actual).reshape(rows, -1)
    tie = np.stack(
        [_is_tie(part) for part in np.split(inputs, np.cumsum(counts)[:-1], axis=-1)], axis=-1
    )
    accepted = np.mean((differ & tie).any(axis=-1)) <= _MOST_TIES
    return np.asarray((differ & ~tie if accepted else differ).any(axis=-1))


def far(expected: np.ndarray, actual: np.ndarray, tolerance: float) -> np.ndarray:
    """Tell for each number whether it is further away than a share of it, or of 1."""
    allowed = tolerance * np.maximum(1.0, np.abs(expected))
    # Written so that a value that is no number is far from everything.
    return np.asarray(~(np.abs(expected - actual) <= allowed))


def _is_tie(logits: np.ndarray) -> np.ndarray:
    best = np.sort(logits, axis=-1)[:, -2:]
    return np.asarray(best[:, -1] - best[:, 0] <= _TIE)
