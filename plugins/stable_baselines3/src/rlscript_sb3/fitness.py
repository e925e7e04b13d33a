"""Whether an environment is such that SB3 trains on it and its policies can be exported."""

from __future__ import annotations

from typing import Any

from rlscript_sb3.refusals import ExportRefused

_PLAIN = ("Box", "Discrete", "MultiDiscrete", "MultiBinary")


def check_environment(env: Any) -> None:
    """Raise for spaces that SB3 does not train over, or whose policies are not exported.

    `rlcore check-env` asks this before anything is trained; SB3 is not needed for it.

    Raises:
        ExportRefused: Observations are no box, no discrete, multi-discrete or binary numbers with
            one axis, and no dictionary of these; or actions are none of these, or of a box without
            finite bounds or of whole numbers. What is discrete counts from 0.
    """
    _check_observations(env.observation_space)
    _check_actions(env.action_space)


def _check_observations(space: Any) -> None:
    if _kind(space) != "Dict":
        _check(space, "observations")
        return
    if not all(isinstance(key, str) for key in space.spaces):
        raise ExportRefused(space, "has keys that are no strings, which JSON does not have")
    for part in space.spaces.values():
        _check(part, "observations, in a dictionary of one level,")


def _check_actions(space: Any) -> None:
    _check(space, "actions")
    if _kind(space) != "Box":
        return
    if space.dtype.kind != "f":
        raise ExportRefused(space, "of whole numbers is not translated: SB3 acts with floats")
    if not space.is_bounded("both"):
        raise ExportRefused(space, "of actions has infinite bounds, which SB3 does not take")


def _check(space: Any, what: str) -> None:
    kind = _kind(space)
    if kind not in _PLAIN:
        msg = f"of {what} is not translated; allowed are {', '.join(_PLAIN)}"
        raise ExportRefused(space, msg)
    if kind == "Discrete" and space.start != 0:
        raise ExportRefused(space, f"of {what} starts at {space.start}, and SB3 counts from 0")
    if kind == "MultiDiscrete" and (space.nvec.ndim != 1 or space.start.any()):
        raise ExportRefused(space, f"of {what} must have one axis and count from 0")
    if kind == "MultiBinary" and len(space.shape) != 1:
        raise ExportRefused(space, f"of {what} must have one axis")


def _kind(space: Any) -> str:
    """Return the name of a space's class; a subclass may do anything, and is none of ours."""
    return type(space).__name__
