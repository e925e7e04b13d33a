"""Observations, masks and states as arrays: many at once, checked, or refused with a reason."""

from typing import Any, Dict, Iterator, NamedTuple, Sequence, Tuple

import numpy as np

Path = Tuple[Any, ...]

_FLOATS = "fiu"  # a whole number will do where a broken one is wanted
_WHOLE = "iu"
_LONGEST = 100  # characters of a value in a message


class BadRequest(ValueError):
    """What was asked does not fit the policy; the message says what would."""


class Leaf(NamedTuple):
    """One array of an observation.

    Attributes:
        path: Where it is in the observation; empty for the whole.
        kind: Type of its space.
        shape: Shape of one, without the batch axis.
        low: Least allowed values; with the greatest, for the shape or for all.
        high: Greatest allowed values.
    """

    path: Path
    kind: str
    shape: Tuple[int, ...]
    low: Any
    high: Any

    def column(self, values: Sequence[Any]) -> np.ndarray:
        """Return the values as one array with the batch axis first.

        Raises:
            BadRequest: They are no numbers, of another shape, not finite, or no element of a
                discrete space.
        """
        array = numbers(values, self.shape, _FLOATS if self.kind == "Box" else _WHOLE, self.name)
        if self.kind == "Box":
            if array.dtype.kind == "f" and not np.isfinite(array).all():
                raise BadRequest(f"{self.name} is not finite")
        elif ((array < self.low) | (array > self.high)).any():
            msg = "{} must be from {} to {}; {} was given"
            bounds = np.asarray(self.low).tolist(), np.asarray(self.high).tolist()
            raise BadRequest(msg.format(self.name, bounds[0], bounds[1], shown(array)))
        return array

    def outside(self, column: np.ndarray) -> np.ndarray:
        """Tell for each row whether it is outside the bounds of a box."""
        if self.kind != "Box":
            return np.zeros(len(column), bool)
        wrong = (column < self.low) | (column > self.high)
        return wrong.reshape(len(column), -1).any(axis=1)

    @property
    def name(self) -> str:
        """The leaf, for a message."""
        return "the observation" + "".join(f"[{key!r}]" for key in self.path)


def leaves(space: Dict[str, Any], path: Path = ()) -> Iterator[Leaf]:
    """Yield the arrays that an observation of a space is made of."""
    parts = space.get("spaces")
    if isinstance(parts, dict):
        for name, part in parts.items():
            yield from leaves(part, (*path, name))
    elif isinstance(parts, list):
        for index, part in enumerate(parts):
            yield from leaves(part, (*path, index))
    else:
        yield _leaf(space, path)


def _leaf(space: Dict[str, Any], path: Path) -> Leaf:
    kind = space["type"]
    if kind == "Box":
        dtype, shape = np.dtype(space["dtype"]), tuple(space["shape"])
        low, high = (_bound(space[name], sign, dtype) for name, sign in (("low", -1), ("high", 1)))
        return Leaf(path, kind, shape, low, high)
    if kind == "Discrete":
        start = space.get("start", 0)
        return Leaf(path, kind, (), start, start + space["n"] - 1)
    if kind == "MultiDiscrete":
        counts = np.asarray(space["nvec"])
        return Leaf(path, kind, counts.shape, 0, counts - 1)
    return Leaf(path, kind, tuple(space["shape"]), 0, 1)


def _bound(value: Any, sign: int, dtype: np.dtype) -> np.ndarray:
    """Return a box's bounds; null is infinity. As precise as the space's own values, no more."""
    filled = np.asarray(value, dtype=object)
    filled = np.where(np.equal(filled, None), sign * np.inf, filled)
    return filled.astype(dtype if dtype.kind == "f" else float)


def numbers(values: Sequence[Any], shape: Tuple[int, ...], kinds: str, name: str) -> np.ndarray:
    """Return values as an array of numbers; *kinds* are the kinds of numpy's types allowed.

    Raises:
        BadRequest: They are something else, or of another shape.
    """
    try:
        array = np.array(values)
    except (ValueError, TypeError, OverflowError):  # of several lengths, or no numbers
        array = np.array(None)
    if array.dtype.kind not in kinds:
        wanted = "whole numbers" if kinds == _WHOLE else "numbers"
        msg = "{} must hold {} in the shape {}; {} was given"
        raise BadRequest(msg.format(name, wanted, list(shape), shown(values)))
    if array.shape[1:] != shape:
        msg = "{} must have the shape {}; one of shape {} was given"
        raise BadRequest(msg.format(name, list(shape), list(array.shape[1:])))
    return array


def masks(values: Sequence[Any], shape: Tuple[int, ...]) -> np.ndarray:
    """Return masks as an array of truth values, with the batch axis first.

    Raises:
        BadRequest: One is missing, of another shape, or holds something else than 0 and 1.
    """
    if any(value is None for value in values):
        msg = 'the policy needs a mask of the allowed actions, of shape {}: give "mask"'
        raise BadRequest(msg.format(list(shape)))
    array = numbers(values, shape, "biuf", "the mask")
    if not np.isin(array, (0, 1)).all():
        raise BadRequest("the mask must hold 0 and 1, 1 for what is allowed")
    if not array.astype(bool).reshape(len(array), -1).any(axis=1).all():
        raise BadRequest("the mask allows no action")
    return array.astype(bool)


def state(given: Any, part: Dict[str, Any]) -> Any:
    """Return the part of a state that an input takes.

    Raises:
        BadRequest: There is none of its name.
    """
    if not isinstance(given, dict) or part["name"] not in given:
        msg = "the state must hold {!r} of shape {}, as the last answer gave it; {} was given"
        raise BadRequest(msg.format(part["name"], list(part["shape"]), shown(given)))
    return given[part["name"]]


def at(value: Any, path: Path) -> Any:
    """Return the part of an observation at a path.

    Raises:
        BadRequest: There is none.
    """
    for key in path:
        try:
            value = value[key]
        except (KeyError, IndexError, TypeError) as error:
            msg = "the observation has no part {!r}; {} was given"
            raise BadRequest(msg.format(key, shown(value))) from error
    return value


def shown(value: Any) -> str:
    """Return a value for a message, shortened."""
    text = repr(value.tolist() if isinstance(value, np.ndarray) else value)
    return text if len(text) <= _LONGEST else text[:_LONGEST] + "..."
