"""Whether an export answers as RLlib itself does, but for rounding; it is not published otherwise.

Discrete actions must be equal wherever the two best differ by more than 1e-5 (at most one in a
thousand may differ below that), continuous ones within 1e-5 max(1, |action|); what actions are
chosen from, and the states of a recurrent policy, within 1e-3.
"""

import os
from typing import Any, Sequence, Tuple

import numpy as np

from rlscript_ray.refusals import ExportWrong

# How many rows carry their states side by side through a recurrent policy.
ROWS = 16

# Two logits nearer than this may order either way in another implementation of the same sums, as
# those of a policy that has not been trained sometimes are: one row is no reason for a refusal.
_TIE = 1e-5
_MOST_TIES = 0.001
_TOLERANCE = 1e-5
# Large logits round by more, and a gate may be steep just where an observation is.
WIDE_TOLERANCE = 1e-3


def session_of(graph: bytes) -> Any:
    """Return ONNX Runtime's session of an exported graph."""
    # Official builds of ONNX Runtime report home unless they find this when they are loaded.
    os.environ["ORT_DISABLE_TELEMETRY"] = "1"
    import onnxruntime  # noqa: PLC0415

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])


def require_equal(space: Any, observations: Sequence[Any], answers: Tuple[np.ndarray, ...]) -> None:
    """Compare an export's answers with RLlib's own.

    Args:
        space: The environment's space of actions.
        observations: What was asked.
        answers: RLlib's actions, the export's, what RLlib's are chosen from, and which rows' inputs
            or states went astray.

    Raises:
        ExportWrong: They differ.
    """
    expected, actual, inputs, strayed = answers
    wrong = differing(space, expected, actual, inputs)
    if wrong.any():
        at = int(np.argmax(wrong))
        msg = "the exported policy differs from RLlib's on {} of {}: {} instead of {} for {}"
        seen = observations[at]
        raise ExportWrong(msg.format(wrong.sum(), len(wrong), actual[at], expected[at], seen))
    if strayed.any():
        seen = observations[int(np.argmax(strayed))]
        msg = "the exported distribution or state differs from RLlib's on {} of {}, as for {}"
        raise ExportWrong(msg.format(strayed.sum(), len(strayed), seen))


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
    accepted = (differ & tie).any(axis=-1).sum() <= max(1.0, _MOST_TIES * rows)
    return np.asarray((differ & ~tie if accepted else differ).any(axis=-1))


def far(expected: np.ndarray, actual: np.ndarray, tolerance: float) -> np.ndarray:
    """Tell for each number whether it is further away than a share of it, or of 1."""
    allowed = tolerance * np.maximum(1.0, np.abs(expected))
    # Written so that a value that is no number is far from everything.
    return np.asarray(~(np.abs(expected - actual) <= allowed))


def _is_tie(logits: np.ndarray) -> np.ndarray:
    best = np.sort(logits, axis=-1)[:, -2:]
    return np.asarray(best[:, -1] - best[:, 0] <= _TIE)
