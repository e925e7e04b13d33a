"""An export is right when it answers as Coach's network does, and is not published otherwise."""

import os
from typing import Any, Dict, List, Sequence

import numpy as np

from rlscript_coach import graphs
from rlscript_coach.policies import Policy
from rlscript_coach.refusals import ExportWrong

# Two outputs nearer than this may order either way in another implementation of the same sums.
_TIE = 1e-5
_MOST_TIES = 0.001
_TOLERANCE = 1e-5
# Large values round by more.
_WIDE_TOLERANCE = 1e-4


def check_export(policy: Policy, content: bytes, observations: Sequence[Any]) -> None:
    """Compare a graph's answers with those of Coach's own network.

    Actions must be equal, greedy ones and those that noise draws: discrete ones wherever the two
    best outputs differ by more than 1e-5 (at most one in a thousand may differ below that),
    continuous ones within 1e-5 max(1, |action|); the network's outputs within 1e-4.

    Raises:
        ExportWrong: They differ.
    """
    dtype = policy.observation_space.dtype
    seen = np.stack([np.asarray(each, dtype) for each in observations])
    outputs = policy.outputs(seen)
    for noise in (None, _noise(policy, len(seen))):
        acted, found = _answers(policy, content, seen, noise)
        scores = policy.scores(outputs, noise)
        expected = policy.actions(scores)
        wrong = differing(policy.head.kind, expected, acted, scores)
        _require_none(wrong, "action", acted, expected, seen)
        strayed = _far(outputs[0], found, _WIDE_TOLERANCE).any(axis=-1)
        _require_none(strayed, "output", found, outputs[0], seen)


def computed(content: bytes, feeds: Dict[str, Any], outputs: Sequence[str]) -> List[Any]:
    """Return outputs of a graph by their names, as what serves it will compute them."""
    # Official builds of ONNX Runtime report home unless they find this when they are loaded.
    os.environ["ORT_DISABLE_TELEMETRY"] = "1"
    import onnxruntime  # noqa: PLC0415  # not before the line above

    session = onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])
    return list(session.run(list(outputs), feeds))


def differing(kind: str, expected: Any, actual: Any, scores: Any) -> Any:
    """Tell for each row whether the actions differ by more than rounding.

    Args:
        kind: The head's, see `Head`.
        expected: Coach's actions.
        actual: The export's.
        scores: Of what Coach takes the greatest.
    """
    if kind == "mean":
        return _far(expected, actual, _TOLERANCE).any(axis=-1)
    best = np.sort(scores, axis=-1)[:, -2:]
    tie = best[:, -1] - best[:, 0] <= _TIE * np.maximum(1.0, np.abs(best[:, -1]))
    differ = expected != actual
    return differ & ~tie if np.mean(differ & tie) <= _MOST_TIES else differ


def _require_none(wrong: Any, what: str, actual: Any, expected: Any, seen: Any) -> None:
    if wrong.any():
        at = int(np.argmax(wrong))
        msg = "the exported {} differs from Coach's on {} of {}: {} instead of {} for {}"
        shown = (actual[at], expected[at], seen[at])
        raise ExportWrong(msg.format(what, wrong.sum(), len(seen), *shown))


def _noise(policy: Policy, count: int) -> Any:
    """Return rows of noise for a policy, of which any do for a comparison."""
    shape = (count, graphs.noise_size(policy))
    return np.random.RandomState(0).normal(size=shape).astype(np.float32)


def _answers(policy: Policy, content: bytes, seen: Any, noise: Any) -> Any:
    feeds = {graphs.OBSERVATION: seen.astype(graphs.input_type(policy.observation_space))}
    if policy.head.law:
        size = graphs.noise_size(policy)
        feeds[graphs.NOISE] = np.zeros((len(seen), size), np.float32) if noise is None else noise
    return computed(content, feeds, [graphs.ACTION, graphs.CHECK])


def _far(expected: Any, actual: Any, tolerance: float) -> Any:
    allowed = tolerance * np.maximum(1.0, np.abs(expected))
    # Written so that a value that is no number is far from everything.
    return ~(np.abs(expected - actual) <= allowed)
