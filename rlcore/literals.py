"""The literal text without which a regular expression cannot match.

Looking for a substring is many times faster than searching by regular expression, so lines that
lack the literals of a pattern need no search. The reading is conservative: what it does not
understand yields fewer literals, never wrong ones.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_SHORT = 4
"""Shorter literals stand in too many lines to be worth looking for."""

_TOKEN = re.compile(
    r"(?P<escape>\\.)"
    r"|(?P<set>\[\^?\]?(?:\\.|[^\]\\])*\])"
    r"|(?P<optional>[*?]|\{\d*,?\d*\})"
    r"|(?P<boundary>[.^$+])"
    r"|(?P<open>\()"
    r"|(?P<close>\))"
    r"|(?P<either>\|)"
    r"|(?P<character>.)",
    re.DOTALL,
)
# Flags, comments, conditions, and escapes that take more than one character.
_UNUSUAL = re.compile(r"\(\?[^:=!<>P]|\\(?![dDsSwWbBAZ])[A-Za-z0-9]")


def required_literals(regex: str) -> tuple[str, ...]:
    r"""Return texts that every match of a valid *regex* contains; possibly none.

    >>> required_literals(r"^Training>.*Total reward=(.*?),")
    ('Training>', 'Total reward=', ',')
    """
    if _UNUSUAL.search(regex):
        return ()
    runs, run, depth = [], "", 0
    for token in _TOKEN.finditer(regex):
        kind = token.lastgroup
        literal = "" if depth else _literal(kind, token.group())
        if literal:
            run += literal
            continue
        if kind == "either" and not depth:
            return ()
        # The quantifiers `?`, `*` and `{...}` may do without the character before them.
        runs.append(run[:-1] if kind == "optional" else run)
        run = ""
        depth += (kind == "open") - (kind == "close")
    return tuple(filter(None, [*runs, run]))


def _literal(kind: str | None, token: str) -> str:
    if kind == "character":
        return token
    is_class = token[-1].isalnum()
    return token[1] if kind == "escape" and not is_class else ""


def worthwhile(regex: str) -> tuple[str, ...]:
    """Return the required literals that few lines hold by chance, else the longest, if any."""
    found = required_literals(regex)
    long = tuple(literal for literal in found if len(literal) >= _SHORT)
    return long or tuple(sorted(found, key=len)[-1:])


def screen(regexes: Iterable[str]) -> tuple[str, ...]:
    """Return a few literals of which each line that any of *regexes* matches holds one.

    The empty string, which every line holds, stands for a regex without literals.
    """
    remaining = [worthwhile(regex) or ("",) for regex in regexes]
    chosen: list[str] = []
    while remaining:
        best = _most_shared(remaining)
        remaining = [found for found in remaining if best not in found]
        chosen.append(best)
    return ("",) if "" in chosen else tuple(chosen)


def _most_shared(remaining: Sequence[Sequence[str]]) -> str:
    def preference(literal: str) -> tuple[int, int, str]:
        return sum(literal in found for found in remaining), len(literal), literal

    return max((literal for found in remaining for literal in found), key=preference)
