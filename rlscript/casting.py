"""Observations and masks as JSON values, and actions as the environment's space has them."""

from typing import Any, Callable, Dict, List

_LONGEST = 80  # characters of a value in a message


class ActionFailed(ValueError):
    """A policy answered with what is no action of the environment."""


def plain(value: Any) -> Any:
    """Return arrays and numpy's numbers, alone or in dictionaries, lists and tuples, as JSON's."""
    if isinstance(value, dict):
        return {str(name): plain(part) for name, part in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(part) for part in value]
    return value.tolist() if hasattr(value, "tolist") else value


def cast_action(space: Any, action: Any) -> Any:
    """Return an action with the types and the shape that its space asks for.

    Args:
        space: The environment's action space; of one that is unknown the action is left as it is.
        action: What the policy answered: arrays or JSON values.

    Raises:
        ActionFailed: It is no number, not finite, of another shape, or lacks a part.
    """
    cast = _CASTS.get(type(space).__name__)
    if cast is None:
        return action
    try:
        return cast(space, action)
    except (KeyError, IndexError, OverflowError, TypeError, ValueError) as cause:
        if isinstance(cause, ActionFailed):
            raise
        text = str(plain(action))
        shown = text if len(text) <= _LONGEST else text[:_LONGEST] + "..."
        msg = "the policy answered with {}, which is no action of {}: {}"
        reason = cause if str(cause) else type(cause).__name__
        raise ActionFailed(msg.format(shown, space, reason)) from cause


def _whole(space: Any, action: Any) -> int:
    value = _array(action)
    if value.size != 1:
        msg = "one number is wanted, not {}"
        raise ValueError(msg.format(value.size))
    number = value.item()
    if int(number) != number:
        msg = "{} is no whole number"
        raise ValueError(msg.format(number))
    start = int(getattr(space, "start", 0))
    if not start <= number < start + space.n:
        msg = "the least is {}, the greatest {}"
        raise ValueError(msg.format(start, start + int(space.n) - 1))
    return int(number)


def _numbers(space: Any, action: Any) -> Any:
    value = _array(action)
    if value.dtype.kind not in "biuf":
        msg = "numbers are wanted"
        raise ValueError(msg)
    if value.dtype.kind == "f" and not (abs(value) < float("inf")).all():  # NaN is not less either
        msg = "it is not finite"
        raise ValueError(msg)
    return value.astype(space.dtype).reshape(space.shape)


def _parts_by_name(space: Any, action: Dict[str, Any]) -> Dict[str, Any]:
    return {name: cast_action(part, action[name]) for name, part in space.spaces.items()}


def _parts_by_place(space: Any, action: List[Any]) -> Any:
    if len(action) != len(space.spaces):
        msg = "{} parts are wanted, not {}"
        raise ValueError(msg.format(len(space.spaces), len(action)))
    return tuple(cast_action(part, given) for part, given in zip(space.spaces, action))


def _array(value: Any) -> Any:
    import numpy as np  # noqa: PLC0415  # an environment with spaces has it

    return np.asarray(value)


_CASTS: Dict[str, Callable[[Any, Any], Any]] = {
    "Box": _numbers,
    "Discrete": _whole,
    "MultiDiscrete": _numbers,
    "MultiBinary": _numbers,
    "Dict": _parts_by_name,
    "Tuple": _parts_by_place,
}
