"""Hyperparameters with types: declared by their defaults, given by the job or by arguments."""

import difflib
import json
import os
import sys
from types import SimpleNamespace
from typing import Any, Dict, List, Tuple

_TRUE = ("true", "1", "yes", "on")
_FALSE = ("false", "0", "no", "off")


class HyperparameterError(ValueError):
    """A hyperparameter is not known, or its value is not of the declared type."""


def hyperparameters(**defaults: Any) -> SimpleNamespace:
    """Return the hyperparameters of this run as attributes.

    In a job the values come from `SM_HPS`, otherwise from the command line (`--stop-return 475`).
    Each is read as the type of its default: `bool` is parsed ("False" is false), lists and
    dictionaries are JSON, and a default of None takes any JSON value or text.

    Args:
        **defaults: Every hyperparameter that the script knows, with its default.

    Raises:
        HyperparameterError: A name was not declared, or a value has another type.
    """
    if "SM_HPS" in os.environ:
        return parse(json.loads(os.environ["SM_HPS"]), defaults)
    if "--help" in sys.argv[1:]:
        _print_help(defaults)
        raise SystemExit(0)
    return parse(command_line_values(sys.argv[1:]), defaults)


def parse(given: Dict[str, Any], defaults: Dict[str, Any]) -> SimpleNamespace:
    """Return the defaults overridden by the given values, each converted to its default's type."""
    for name in given:
        if name not in defaults:
            raise HyperparameterError(_unknown(name, defaults))
    values = {name: convert(name, given[name], defaults[name]) for name in given}
    return SimpleNamespace(**dict(defaults, **values))


def command_line_values(arguments: List[str]) -> Dict[str, str]:
    """Return the values of `--name value` and `--name=value`; hyphens in names mean underscores."""
    values = {}  # type: Dict[str, str]
    waiting = list(arguments)
    while waiting:
        option = waiting.pop(0)
        if not option.startswith("--") or option == "--":
            msg = "expected --name value, but {!r} was given"
            raise HyperparameterError(msg.format(option))
        name, equals, value = option[2:].partition("=")
        if not equals:
            if not waiting:
                msg = "--{} needs a value: --{} VALUE"
                raise HyperparameterError(msg.format(name, name))
            value = waiting.pop(0)
        values[name.replace("-", "_")] = value
    return values


def convert(name: str, value: Any, default: Any) -> Any:
    """Return the value as the type of the default.

    Raises:
        HyperparameterError: It cannot be read as that type.
    """
    if default is None:
        return _json_or_text(value)
    if type(default) not in _READERS:
        msg = "hyperparameter {!r} has a default of type {}; allowed are {}"
        allowed = ", ".join(sorted(kind.__name__ for kind in _READERS))
        raise HyperparameterError(msg.format(name, type(default).__name__, allowed))
    try:
        return _READERS[type(default)](value)
    except (TypeError, ValueError, OverflowError):
        msg = "hyperparameter {!r} must be of type {} (its default is {!r}), but {!r} was given"
        raise HyperparameterError(
            msg.format(name, type(default).__name__, default, value)
        ) from None


def _boolean(value: Any) -> bool:
    text = str(value).lower()
    if text not in _TRUE + _FALSE:
        raise ValueError
    return text in _TRUE


def _integer(value: Any) -> int:
    if isinstance(value, str) and value.strip().lstrip("+-").isdigit():
        return int(value)
    number = value if isinstance(value, int) else float(value)
    if int(_not_boolean(number)) != number:
        raise ValueError
    return int(number)


def _number(value: Any) -> float:
    return float(_not_boolean(value))


def _text(value: Any) -> str:
    # A job's values have passed through JSON, where the text "5" may have become a number.
    if not isinstance(_not_boolean(value), (str, int, float)):
        raise TypeError
    return str(value)


def _list(value: Any) -> List[Any]:
    return list(_structure(value, (list, tuple)))


def _tuple(value: Any) -> Tuple[Any, ...]:
    return tuple(_structure(value, (list, tuple)))


def _dictionary(value: Any) -> Dict[str, Any]:
    return dict(_structure(value, dict))


def _structure(value: Any, kinds: Any) -> Any:
    decoded = json.loads(value) if isinstance(value, str) else value
    if not isinstance(decoded, kinds):
        raise TypeError
    return decoded


def _json_or_text(value: Any) -> Any:
    try:
        return json.loads(value) if isinstance(value, str) else value
    except ValueError:
        return value


def _not_boolean(value: Any) -> Any:
    if isinstance(value, bool):
        raise TypeError
    return value


_READERS = {
    bool: _boolean,
    int: _integer,
    float: _number,
    str: _text,
    list: _list,
    tuple: _tuple,
    dict: _dictionary,
}


def _unknown(name: str, defaults: Dict[str, Any]) -> str:
    nearest = difflib.get_close_matches(name, list(defaults), n=1)
    hint = "; did you mean {!r}?".format(nearest[0]) if nearest else ""
    msg = "unknown hyperparameter {!r}{} The script declares {}"
    return msg.format(name, hint or ".", ", ".join(sorted(defaults)))


def _print_help(defaults: Dict[str, Any]) -> None:
    print("Hyperparameters and their defaults:")
    for name in sorted(defaults):
        print("  --{} {!r}".format(name.replace("_", "-"), defaults[name]))
