"""Whether an export answers as SB3 itself does, but for rounding; it is not published otherwise.

Discrete actions must be equal wherever the two best differ by more than 1e-5 (at most one in a
thousand may differ below that), continuous ones within 1e-5 max(1, |action|); what actions are
chosen from, and the states of a recurrent policy, within 1e-3.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import numpy as np
from gymnasium import spaces

from rlscript_sb3.refusals import ExportWrong

if TYPE_CHECKING:
    from collections.abc import Sequence

    import rlscript
    from rlscript_sb3.reference import Reference
    from rlscript_sb3.signature import Signature

# How many rows carry their states side by side through a recurrent policy.
ROWS = 16
# Two logits nearer than this may order either way in another implementation of the same sums, as
# those of a policy that has not been trained sometimes are: one row is no reason for a refusal.
_TIE = 1e-5
_MOST_TIES = 0.001
_TOLERANCE = 1e-5
# Large logits round by more, and a gate may be steep just where an observation is.
_WIDE_TOLERANCE = 1e-3


def check_export(
    reference: Reference, signature: Signature, graph: bytes, turns: Sequence[rlscript.Turn]
) -> None:
    """Compare a graph's greedy actions with SB3's own, in batches and one by one.

    In each step both are given SB3's state, so that rounding does not add up.

    Args:
        reference: SB3's own answers.
        signature: What the graph takes and gives.
        graph: The export.
        turns: What to ask, without states: these are carried from turn to turn.

    Raises:
        ExportWrong: They differ.
    """
    session = session_of(graph)
    together = ROWS if signature.states else len(turns)
    for size in (min(together, len(turns)), 1):
        found: list[tuple[np.ndarray, ...]] = []
        states: list[Any] = [None] * size
        for at in range(0, len(turns) - size + 1, size):
            asked = [
                each._replace(state=state)
                for each, state in zip(turns[at : at + size], states, strict=True)
            ]
            states, columns = _compared(reference, session, signature, asked)
            found.append(columns)
        _require_equal(signature, turns, [np.concatenate(each) for each in zip(*found)])


def session_of(graph: bytes) -> Any:
    """Return ONNX Runtime's session of an exported graph."""
    # Official builds of ONNX Runtime report home unless they find this when they are loaded.
    os.environ["ORT_DISABLE_TELEMETRY"] = "1"
    import onnxruntime  # noqa: PLC0415

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])


def _compared(
    reference: Reference, session: Any, signature: Signature, turns: Sequence[rlscript.Turn]
) -> tuple[list[Any], tuple[np.ndarray, ...]]:
    """Return SB3's next states, and by row: its actions, the graph's, ties, what went astray."""
    answers = reference.act(turns)
    chosen_from = reference.inputs(turns)
    arrays = signature.arrays(turns)
    outputs = session.run(signature.outputs, dict(zip(signature.inputs, arrays, strict=True)))
    strayed = _far(chosen_from, outputs[-1], _WIDE_TOLERANCE)
    for name, column in zip(signature.states, outputs[1:-1], strict=True):
        kept = np.stack([state[name] for _, state in answers])
        strayed = strayed | _far(kept, column, _WIDE_TOLERANCE)
    expected = np.stack([np.asarray(action) for action, _ in answers])
    ties = _ties(signature, chosen_from, turns)
    return [state for _, state in answers], (expected, outputs[0], ties, strayed)


def _require_equal(
    signature: Signature, turns: Sequence[rlscript.Turn], columns: Sequence[np.ndarray]
) -> None:
    expected, actual, ties, strayed = columns
    wrong = differing(signature.action, expected, actual, ties)
    if wrong.any():
        at = int(np.argmax(wrong))
        msg = "the exported policy differs from SB3's on {} of {}: {} instead of {} for {}"
        seen = turns[at].observation
        raise ExportWrong(msg.format(wrong.sum(), len(wrong), actual[at], expected[at], seen))
    if strayed.any():
        seen = turns[int(np.argmax(strayed))].observation
        msg = "what the exported policy chooses from, or its state, differs on {} of {}, as for {}"
        raise ExportWrong(msg.format(strayed.sum(), len(strayed), seen))


def differing(space: Any, expected: np.ndarray, actual: np.ndarray, ties: np.ndarray) -> np.ndarray:
    """Tell for each row whether the actions differ by more than rounding.

    Args:
        space: The environment's space of actions.
        expected: SB3's actions.
        actual: The export's.
        ties: For each row whether two of SB3's own choices are as good as equal.
    """
    if isinstance(space, spaces.Box):
        return _far(expected, actual, _TOLERANCE)
    differ = (expected != actual).reshape(len(expected), -1).any(axis=1)
    accepted = (differ & ties).sum() <= max(1.0, _MOST_TIES * len(expected))
    found: np.ndarray = differ & ~ties if accepted else differ
    return found


def _far(expected: np.ndarray, actual: np.ndarray, tolerance: float) -> np.ndarray:
    """Tell for each row whether a number is further away than a share of it, or of 1."""
    allowed = tolerance * np.maximum(1.0, np.abs(expected))
    # Written so that a value that is no number is far from everything.
    near = np.abs(expected.astype(np.float64) - actual) <= allowed
    far: np.ndarray = ~near.reshape(len(expected), -1).all(axis=1)
    return far


def _ties(
    signature: Signature, chosen_from: np.ndarray, turns: Sequence[rlscript.Turn]
) -> np.ndarray:
    """Tell for each row whether SB3's two best choices are as good as equal."""
    rows = len(turns)
    space = signature.action
    if isinstance(space, spaces.Box):
        return np.zeros(rows, bool)
    if isinstance(space, spaces.MultiBinary) and not signature.mask:
        found: np.ndarray = (np.abs(chosen_from) <= _TIE).any(axis=1)
        return found
    sizes = _sizes(space)
    if signature.mask:
        allowed = np.stack([np.asarray(turn.mask, bool).ravel() for turn in turns])
        chosen_from = np.where(allowed, chosen_from, -np.inf)
    parts = np.split(chosen_from, np.cumsum(sizes)[:-1], axis=1)
    return np.asarray(np.stack([_is_tie(part) for part in parts], axis=1).any(axis=1))


def _sizes(space: Any) -> Sequence[int]:
    """Return from how many each part of an action is chosen."""
    if isinstance(space, spaces.Discrete):
        return [int(space.n)]
    return list(space.nvec) if isinstance(space, spaces.MultiDiscrete) else [2] * int(space.n)


def _is_tie(values: np.ndarray) -> np.ndarray:
    if values.shape[1] == 1:
        return np.zeros(len(values), bool)
    best = np.sort(values, axis=1)[:, -2:]
    # Where a single action is allowed the others are infinitely worse.
    return np.asarray(best[:, 1] - best[:, 0] <= _TIE)
