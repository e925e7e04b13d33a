"""Values of hyperparameters: numbers, texts, and Coach's types by an allow-list, never `eval`.

`EnvironmentSteps(2048)`, `LinearSchedule(1.0, 0.01, 10000)` and `[Dense(64), Dense(64)]` are read
as Python writes them; nothing else of Python is.
"""

import ast
import difflib
import enum
import importlib
from typing import Any, Dict, NamedTuple, Tuple

from rlscript.settings import HyperparameterError

_STEPS = "rl_coach.core_types"
_SCHEDULES = "rl_coach.schedules"
# The types that a value may name, and where Coach has them.
TYPES = {
    "ConstantSchedule": _SCHEDULES,
    "Dense": "rl_coach.architectures.layers",
    "EnvironmentEpisodes": _STEPS,
    "EnvironmentSteps": _STEPS,
    "ExponentialSchedule": _SCHEDULES,
    "LinearSchedule": _SCHEDULES,
    "PieceWiseSchedule": _SCHEDULES,
    "TrainingSteps": _STEPS,
}
STEPS = ("EnvironmentEpisodes", "EnvironmentSteps", "TrainingSteps")
_NUMBERS = (int, float)


class Typed(NamedTuple):
    """A value of one of Coach's types, before Coach is there to make it."""

    kind: str
    arguments: Tuple[Any, ...]
    named: Dict[str, Any]


def parse(name: str, value: Any) -> Any:
    """Return a value with `Typed` in place of texts that name a type; other texts as they are.

    Raises:
        HyperparameterError: The text names a type that is not allowed, or is no literal within it.
    """
    if isinstance(value, list) and any("(" in str(each) for each in value):
        # What reads YAML takes `[Dense(64), Dense(64)]` for a list of texts.
        text = "[{}]".format(", ".join(map(str, value)))
    elif isinstance(value, str):
        text = value.strip()
    else:
        return value
    if not (text.endswith(")") or (text.startswith("[") and "(" in text)):
        return value
    try:
        tree = ast.parse(text, mode="eval").body
    except SyntaxError:
        return value
    if isinstance(tree, (ast.Call, ast.List, ast.Tuple)):
        return _read(name, value, tree)
    return value


def typed(name: str, kind: str, value: Any) -> Typed:
    """Return a value whose type stands in the hyperparameter's name: `rl.x:EnvironmentSteps`.

    Raises:
        HyperparameterError: The type is not allowed.
    """
    _require_allowed(name, kind)
    try:
        argument = ast.literal_eval(value) if isinstance(value, str) else value
    except (SyntaxError, ValueError):
        argument = value
    arguments = argument if isinstance(argument, tuple) else (argument,)
    return _checked(name, value, Typed(kind, arguments, {}))


def require_likeness(name: str, value: Any, present: Any) -> None:
    """Check that a value of Coach's types may stand where another one stands.

    Raises:
        HyperparameterError: Steps are given for a number, a schedule for steps, and so on.
    """
    if present is None:
        return
    if isinstance(value, Typed):
        alike = _family(value.kind) == _family(type(present).__name__)
    else:
        # Layers are a list, or a member of an enum that stands for one.
        alike = isinstance(present, (list, tuple, enum.Enum))
    if not alike:
        msg = "hyperparameter {!r} stands for {!r}, in whose place {} cannot stand"
        given = value.kind if isinstance(value, Typed) else "a list of layers"
        raise HyperparameterError(msg.format(name, present, given))


def build(name: str, value: Any) -> Any:
    """Return a value with Coach's own objects in place of `Typed`.

    Raises:
        HyperparameterError: One does not take these arguments.
    """
    if isinstance(value, Typed):
        kind = getattr(importlib.import_module(TYPES[value.kind]), value.kind)
        arguments = [build(name, each) for each in value.arguments]
        named = {key: build(name, each) for key, each in value.named.items()}
        try:
            return kind(*arguments, **named)
        except TypeError as cause:
            msg = "hyperparameter {!r}: {} cannot be made: {}"
            raise HyperparameterError(msg.format(name, value.kind, cause)) from cause
    if isinstance(value, (list, tuple)):
        return type(value)(build(name, each) for each in value)
    return value


def _family(kind: str) -> str:
    """Return the module that a type is from: its types can stand for each other."""
    return TYPES.get(kind, "schedule" if kind.endswith("Schedule") else kind)


def _read(name: str, text: str, node: Any) -> Any:
    if isinstance(node, ast.Call):
        return _called(name, text, node)
    if isinstance(node, ast.List):
        return [_read(name, text, each) for each in node.elts]
    if isinstance(node, ast.Tuple):
        return tuple(_read(name, text, each) for each in node.elts)
    try:
        return ast.literal_eval(node)
    except ValueError as cause:
        msg = "hyperparameter {!r}: {!r} holds something that is no number, text or type; {}"
        raise HyperparameterError(msg.format(name, text, _allowed())) from cause


def _called(name: str, text: str, node: Any) -> Typed:
    if not isinstance(node.func, ast.Name):
        msg = "hyperparameter {!r}: {!r} calls something that is no type; {}"
        raise HyperparameterError(msg.format(name, text, _allowed()))
    _require_allowed(name, node.func.id)
    if any(each.arg is None for each in node.keywords):
        msg = "hyperparameter {!r}: {!r} unpacks a dictionary; write the arguments one by one"
        raise HyperparameterError(msg.format(name, text))
    arguments = tuple(_read(name, text, each) for each in node.args)
    named = {each.arg: _read(name, text, each.value) for each in node.keywords}
    return _checked(name, text, Typed(node.func.id, arguments, named))


def _checked(name: str, given: Any, value: Typed) -> Typed:
    """Return steps that hold one number of steps; of the rest Coach tells what it wants."""
    if value.kind not in STEPS:
        return value
    steps = [*value.arguments, *value.named.values()]
    counts = [each for each in steps if type(each) in _NUMBERS and each >= 0]
    whole = len(steps) == 1 and bool(counts) and float(counts[0]).is_integer()
    if not whole or set(value.named) - {"num_steps"}:
        msg = "hyperparameter {!r}: {} takes one whole number, such as {}(1000), not {!r}"
        raise HyperparameterError(msg.format(name, value.kind, value.kind, given))
    return Typed(value.kind, (int(steps[0]),), {})


def _require_allowed(name: str, kind: str) -> None:
    if kind not in TYPES:
        nearest = difflib.get_close_matches(kind, list(TYPES), n=1)
        hint = "; did you mean {!r}?".format(nearest[0]) if nearest else "."
        msg = "hyperparameter {!r}: the type {!r} is not allowed{} {}"
        raise HyperparameterError(msg.format(name, kind, hint, "A" + _allowed()[1:]))


def _allowed() -> str:
    return "allowed are numbers, texts, lists and {}".format(", ".join(sorted(TYPES)))
