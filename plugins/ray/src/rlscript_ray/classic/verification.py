"""An export is right when it answers as RLlib itself does, and is not published otherwise."""

import os
from typing import Any, Callable, List, Sequence, Tuple

import numpy as np

from rlscript_ray.classic.reference import Reference, rows
from rlscript_ray.classic.surroundings import Surroundings
from rlscript_ray.comparison import WIDE_TOLERANCE, differing, far
from rlscript_ray.refusals import ExportWrong

# How many rows carry their states side by side through a recurrent policy.
_ROWS = 16
# How many are asked one by one: enough to tell that the number of rows has no say.
_SINGLE = 20

Run = Callable[[Sequence[np.ndarray]], List[np.ndarray]]


def check_export(
    reference: Reference,
    around: Surroundings,
    onnx: bytes,
    run: Run,
    observations: Sequence[Any],
) -> None:
    """Compare an export's greedy actions with RLlib's own, in batches and a few one by one.

    Discrete actions must be equal wherever the two best differ by more than 1e-5 (at most one in
    a thousand may differ below that), continuous ones within 1e-5 max(1, |action|); what actions
    are chosen from, and the states of a recurrent policy, within 1e-3.

    Args:
        reference: How RLlib acts.
        around: What the export says of itself.
        onnx: The exported graph.
        run: Runs the same graph before it became ONNX.
        observations: What to ask.

    Raises:
        ExportWrong: They differ.
    """
    together = _ROWS if around.signature.states else len(observations)
    few = observations[:_SINGLE]
    for asked in (run, _onnx_runtime(onnx, around)):
        _compare(reference, around, asked, observations, min(together, len(observations)))
        _compare(reference, around, asked, few, 1)


def _compare(
    reference: Reference, around: Surroundings, run: Run, observations: Sequence[Any], size: int
) -> None:
    expected, actual, inputs, strayed = _answered(reference, around, run, observations, size)
    wrong = differing(around.action, expected, actual, inputs)
    if wrong.any():
        at = int(np.argmax(wrong))
        msg = "the exported policy differs from RLlib's on {} of {}: {} instead of {} for {}"
        seen = observations[at]
        raise ExportWrong(msg.format(wrong.sum(), len(wrong), actual[at], expected[at], seen))
    if strayed.any():
        seen = observations[int(np.argmax(strayed))]
        msg = "what the exported policy chooses from, or its state, differs on {} of {}, as for {}"
        raise ExportWrong(msg.format(strayed.sum(), len(strayed), seen))


def _answered(
    reference: Reference, around: Surroundings, run: Run, observations: Sequence[Any], size: int
) -> Tuple[np.ndarray, ...]:
    """Return RLlib's actions, the graph's, what RLlib's come from, and which rows went astray."""
    names = [each.name for each in around.signature.states]
    found = []
    states = reference.initial(size) if names else []
    for at in range(0, len(observations) - size + 1, size):
        seen = observations[at : at + size]
        outputs = run(around.signature.arrays(seen, rows(states, names, size)))
        expected = reference.step(seen, states)
        strayed = far(expected.inputs, outputs[-1], WIDE_TOLERANCE).any(axis=-1)
        for part, other in zip(expected.states, outputs[1:-1]):
            strayed |= far(part, other, WIDE_TOLERANCE).any(axis=-1)
        # Both are given RLlib's state, so that rounding does not add up.
        states = expected.states
        found.append((expected.actions, outputs[0], expected.inputs, strayed))
    return tuple(np.concatenate(parts) for parts in zip(*found))


def _onnx_runtime(onnx: bytes, around: Surroundings) -> Run:
    # Official builds of ONNX Runtime report home unless they find this when they are loaded.
    os.environ["ORT_DISABLE_TELEMETRY"] = "1"
    import onnxruntime  # noqa: PLC0415

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(onnx, options)
    signature = around.signature
    return lambda arrays: list(session.run(signature.outputs, dict(zip(signature.inputs, arrays))))
