"""Observation and action spaces of Gymnasium as JSON values, for a policy's manifest."""

from typing import Any, Dict


def describe_space(space: Any) -> Dict[str, Any]:
    """Return a space as JSON values.

    Bounds that are all equal are one number, and infinite ones are null.

    Raises:
        ValueError: Policies over such a space cannot be served: text, graph, sequence, custom.
    """
    kind = type(space).__name__
    if kind not in _DESCRIPTIONS:
        msg = "the space {} cannot be described; allowed are {}"
        raise ValueError(msg.format(space, ", ".join(sorted(_DESCRIPTIONS))))
    return dict({"type": kind}, **_DESCRIPTIONS[kind](space))


def _box(space: Any) -> Dict[str, Any]:
    return {
        "shape": list(space.shape),
        "dtype": str(space.dtype),
        "low": _bounds(space.low),
        "high": _bounds(space.high),
    }


def _bounds(array: Any) -> Any:
    distinct = set(array.reshape(-1).tolist())
    return _finite(distinct.pop() if len(distinct) == 1 else array.tolist())


def _finite(value: Any) -> Any:
    if isinstance(value, list):
        return [_finite(item) for item in value]
    return None if value in (float("inf"), float("-inf")) else value


def _discrete(space: Any) -> Dict[str, Any]:
    return {"n": int(space.n), "start": int(getattr(space, "start", 0))}


def _multi_discrete(space: Any) -> Dict[str, Any]:
    # Earlier releases of gym count from 0 alone.
    start = getattr(space, "start", None)
    first = {} if start is None else {"start": start.tolist()}
    return dict({"nvec": space.nvec.tolist(), "dtype": str(space.dtype)}, **first)


def _multi_binary(space: Any) -> Dict[str, Any]:
    return {"shape": list(space.shape), "dtype": str(space.dtype)}


def _dict(space: Any) -> Dict[str, Any]:
    return {"spaces": {name: describe_space(part) for name, part in space.spaces.items()}}


def _tuple(space: Any) -> Dict[str, Any]:
    return {"spaces": [describe_space(part) for part in space.spaces]}


_DESCRIPTIONS = {
    "Box": _box,
    "Discrete": _discrete,
    "MultiDiscrete": _multi_discrete,
    "MultiBinary": _multi_binary,
    "Dict": _dict,
    "Tuple": _tuple,
}
