"""What a classic policy's export answers to what RLlib is asked too."""

from typing import Any, Callable, List, Sequence, Tuple

import numpy as np

from rlscript_ray.classic.reference import Reference, rows
from rlscript_ray.classic.surroundings import Surroundings
from rlscript_ray.comparison import ROWS, WIDE_TOLERANCE, far, require_equal, session_of

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

    Args:
        reference: How RLlib acts.
        around: What the export says of itself.
        onnx: The exported graph.
        run: Runs the same graph before it became ONNX.
        observations: What to ask.

    Raises:
        ExportWrong: They differ.
    """
    together = ROWS if around.signature.states else len(observations)
    rounds = ((observations, min(together, len(observations))), (observations[:_SINGLE], 1))
    for asked in (run, _onnx_runtime(onnx, around)):
        for seen, size in rounds:
            answers = _answered(reference, around, asked, seen, size)
            require_equal(around.action, seen, answers)


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
    session, signature = session_of(onnx), around.signature
    return lambda arrays: list(session.run(signature.outputs, dict(zip(signature.inputs, arrays))))
