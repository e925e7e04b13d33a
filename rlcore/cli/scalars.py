"""The type of a value written without quotes, by YAML 1.2's core schema.

YAML 1.1, which PyYAML reads, makes `3e-4` a string, `no` a boolean and `010` the number eight.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

SCALARS: tuple[tuple[str, re.Pattern[str], Callable[[str], Any]], ...] = (
    ("null", re.compile(r"(?:~|null|Null|NULL)\Z"), lambda _: None),
    ("bool", re.compile(r"(?:true|True|TRUE|false|False|FALSE)\Z"), lambda t: t[0] in "tT"),
    ("int", re.compile(r"[-+]?[0-9]+\Z"), int),
    ("float", re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?\Z"), float),
)
"""Name, pattern and constructor of each type; what none matches is a string."""


def scalar(text: str) -> Any:
    """Return the number, boolean or None that *text* is, else *text* itself."""
    for _, pattern, construct in SCALARS:
        if pattern.match(text):
            return construct(text)
    return text
