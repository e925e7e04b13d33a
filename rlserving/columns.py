"""Observations, masks and states as arrays: many at once, checked, or refused with a reason."""

import reprlib
from typing import Any, Dict, Iterator, NamedTuple, Optional, Sequence, Tuple

import numpy as np

Path = Tuple[Any, ...]

_NUMBERS = "biuf"  # numpy's kinds of types that are numbers; JSON's true is one
_WHOLE = "biu"

_brief = reprlib.Repr()
_brief.maxlist = _brief.maxtuple = _brief.maxdict = 8
_brief.maxstring = _brief.maxother = _brief.maxlong = 60


class BadRequest(ValueError):
    """What was asked does not fit the policy; the message says what would."""


class Leaf(NamedTuple):
    """One array of an observation.

    Attributes:
        path: Where it is in the observation; empty for the whole.
        kind: Type of its space.
        shape: Shape of one, without the batch axis.
        dtype: Its numbers' type.
        low: Least allowed values, for the shape or for all; finite.
        high: Greatest allowed values, likewise.
    """

    path: Path
    kind: str
    shape: Tuple[int, ...]
    dtype: np.dtype
    low: Any
    high: Any

    def column(self, values: Sequence[Any]) -> np.ndarray:
        """Return the values as one array with the batch axis first.

        Raises:
            BadRequest: They are no numbers of that type, or of another shape.
        """
        return numbers(values, self.shape, self.dtype, self.name, exact=self.kind != "Box")

    def outside(self, column: np.ndarray) -> Optional[np.ndarray]:
        """Tell for each row whether it is outside the bounds of a box; None if none is.

        Raises:
            BadRequest: A number is not finite, or no element of a discrete space.
        """
        # What is no number compares as false, and the infinite is beyond every bound.
        inside = (column >= self.low) & (column <= self.high)
        if inside.all():
            return None
        if self.kind != "Box":
            msg = "{} must be from {} to {}; {} was given"
            low, high = np.asarray(self.low).tolist(), np.asarray(self.high).tolist()
            raise BadRequest(msg.format(self.name, low, high, shown(column)))
        if not np.isfinite(column).all():
            msg = f"{self.name} is not finite: {shown(column)} was given"
            raise BadRequest(msg)
        rows = inside.reshape(len(column), -1).all(axis=1)  # type: np.ndarray
        return ~rows

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
        low, high = (_bound(space[name], dtype, name) for name in ("low", "high"))
        return Leaf(path, kind, shape, dtype, low, high)
    whole = np.dtype(np.int64)
    if kind == "Discrete":
        start = space.get("start", 0)
        return Leaf(path, kind, (), whole, start, start + space["n"] - 1)
    if kind == "MultiDiscrete":
        counts, first = np.asarray(space["nvec"]), np.asarray(space.get("start", 0))
        return Leaf(path, kind, counts.shape, whole, first, first + counts - 1)
    return Leaf(path, kind, tuple(space["shape"]), whole, 0, 1)


def _bound(value: Any, dtype: np.dtype, name: str) -> np.ndarray:
    """Return a box's bounds in its own type; null, which is infinity, as the last finite one."""
    info = np.finfo(dtype) if dtype.kind == "f" else np.iinfo(dtype)
    last = {"low": info.min, "high": info.max}[name]
    filled = np.array(value, dtype=object)
    filled[filled == None] = last  # noqa: E711 - elementwise
    return filled.astype(dtype)


def numbers(
    values: Sequence[Any], shape: Tuple[int, ...], dtype: np.dtype, name: str, *, exact: bool
) -> np.ndarray:
    """Return values as an array of a type, with the batch axis first.

    Args:
        values: One for each row.
        shape: Shape of one.
        dtype: The type.
        name: What it is, for a message.
        exact: Whether a number such as 1.0 is refused where a whole one is wanted.

    Raises:
        BadRequest: They are something else, of another shape, or beyond the type.
    """
    array = _array(values)
    whole = dtype.kind in _WHOLE
    if array is None or (whole and exact and array.dtype.kind not in _WHOLE):
        msg = "{} must hold {} in the shape {}; {} was given"
        wanted = "whole numbers" if whole else "numbers"
        raise BadRequest(msg.format(name, wanted, list(shape), shown(values)))
    if array.shape[1:] != shape:
        msg = "{} must have the shape {}; one of shape {} was given"
        raise BadRequest(msg.format(name, list(shape), list(array.shape[1:])))
    with np.errstate(all="ignore"):  # an overflow becomes infinite, and is found as that
        column = array.astype(dtype, copy=False)
    if whole and array.dtype != dtype and (column != array).any():
        msg = "{} must hold numbers of the type {}; {} was given"
        raise BadRequest(msg.format(name, dtype, shown(values)))
    return column


def _array(values: Sequence[Any]) -> Optional[np.ndarray]:
    """Return values as an array of numbers; None if they are something else, or ragged."""
    try:
        array = np.asarray(values)
        if array.dtype.kind in _NUMBERS:
            return array
        # Numbers beyond 64 bits count as any other: alone, or among some that are not as large.
        large = array.dtype == object and all(type(each) in (int, float) for each in array.flat)
        return array.astype(float) if large else None
    except (ValueError, TypeError, OverflowError, RecursionError):
        return None


def cast(column: np.ndarray, dtype: np.dtype, name: str) -> np.ndarray:
    """Return the numbers of a space in the type that a graph takes them in.

    Raises:
        BadRequest: One is beyond that type.
    """
    if column.dtype == dtype:
        return column
    with np.errstate(all="ignore"):
        return finite(column.astype(dtype), name)


def finite(column: np.ndarray, name: str) -> np.ndarray:
    """Return numbers as they are.

    Raises:
        BadRequest: One is infinite, or no number.
    """
    if column.dtype.kind == "f" and not np.isfinite(column).all():
        msg = f"{name} is not finite: {shown(column)} was given"
        raise BadRequest(msg)
    return column


def masks(values: Sequence[Any], shape: Tuple[int, ...]) -> np.ndarray:
    """Return masks as an array of truth values, with the batch axis first.

    Raises:
        BadRequest: One is missing, of another shape, or holds something else than 0 and 1.
    """
    if any(value is None for value in values):
        msg = 'the policy needs a mask of the allowed actions, of shape {}: give "mask"'
        raise BadRequest(msg.format(list(shape)))
    array = numbers(values, shape, np.dtype(float), "the mask", exact=False)
    if not np.isin(array, (0, 1)).all():
        msg = "the mask must hold 0 and 1, 1 for what is allowed; {} was given"
        raise BadRequest(msg.format(shown(array)))
    if not array.reshape(len(array), -1).any(axis=1).all():
        msg = "the mask allows no action"
        raise BadRequest(msg)
    return array.astype(bool)


def part_of_state(given: Any, name: str, shape: Tuple[int, ...]) -> Any:
    """Return the part of a state that has a name.

    Raises:
        BadRequest: There is none.
    """
    if not isinstance(given, dict) or name not in given:
        msg = "the state must hold {!r} of shape {}, as the last answer gave it; {} was given"
        raise BadRequest(msg.format(name, list(shape), shown(given)))
    return given[name]


def at(value: Any, path: Path) -> Any:
    """Return the part of an observation at a path.

    Raises:
        BadRequest: There is none.
    """
    for key in path:
        try:
            value = value[key]
        except (KeyError, IndexError, TypeError, ValueError) as error:
            msg = "the observation has no part {!r}; {} was given"
            raise BadRequest(msg.format(key, shown(value))) from error
    return value


def shown(value: Any) -> str:
    """Return a value for a message, shortened in length and in depth."""
    return _brief.repr(value.tolist() if isinstance(value, np.ndarray) else value)
