"""The kinds of values that arguments have, and how a caller's value becomes one."""

from __future__ import annotations

import enum
import operator
import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable


class Kind(enum.Enum):
    """How the value of an argument is written where no Python objects are at hand."""

    TEXT = "text"
    INTEGER = "integer"
    FLAG = "flag"
    LIST = "list"
    MAPPING = "mapping"
    STRUCTURED = "structured"


WORDS: Mapping[Kind, str] = {
    Kind.TEXT: "a string",
    Kind.INTEGER: "a whole number",
    Kind.FLAG: "True or False",
    Kind.LIST: "a list",
    Kind.MAPPING: "a dictionary of strings",
}
"""What each kind is called where a value is refused; anything is structured."""


def parse(kind: Kind, value: Any) -> Any:
    """Return *value* as its kind is kept; raise `TypeError` for a value of another kind."""
    return _PARSERS[kind](value) if kind in _PARSERS else value


def strings(pairs: Iterable[tuple[Any, Any]]) -> dict[str, str]:
    """Return names and values as a dictionary; raise `TypeError` that names one of another type."""
    named = dict(pairs)
    for name, value in named.items():
        if not (isinstance(name, str) and isinstance(value, str)):
            msg = f"the value of {name!r} is of type {type(value).__name__}"
            raise TypeError(msg)
    return named


def _text(value: Any) -> str:
    text = os.fspath(value)
    if not isinstance(text, str):
        raise TypeError
    return text


def _integer(value: Any) -> int:
    if isinstance(value, bool):
        raise TypeError
    return operator.index(value)


def _flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise TypeError
    return value


def _list(value: Any) -> tuple[Any, ...]:
    if isinstance(value, (str, bytes, Mapping)):
        raise TypeError
    return tuple(value)


def _mapping(value: Any) -> dict[str, str]:
    if not isinstance(value, Mapping):
        msg = f"a value of type {type(value).__name__} was given"
        raise TypeError(msg)
    return strings(value.items())


_PARSERS: Mapping[Kind, Callable[[Any], Any]] = {
    Kind.TEXT: _text,
    Kind.INTEGER: _integer,
    Kind.FLAG: _flag,
    Kind.LIST: _list,
    Kind.MAPPING: _mapping,
}
