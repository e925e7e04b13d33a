"""Tests of tables on a terminal, which the other tests never see."""

from __future__ import annotations

import re
import sys

import pytest
from pseudo_terminal import on_terminal

STYLE = re.compile(r"\x1b\[[0-9;]*m")
TABLE = """
from rlcore.cli.output import print_table
rows = [("one", "Succeeded", "a [b] long release"), ("two", "Failed", "short")]
print_table(("name", "state", "release"), rows, nothing="none", fold={fold})
"""


@pytest.mark.parametrize(
    ("fold", "columns", "expected"),
    [
        (True, 80, ["one   Succeeded  a [b] long release", "two   Failed     short"]),
        (False, 25, ["one   Succeeded  a [b] l…", "two   Failed     short"]),
        (True, 24, ["one   Succeeded  a [b]", "                 long", "                 release"]),
    ],
)
def test_a_table_on_a_terminal(fold: bool, columns: int, expected: list[str]) -> None:
    """Columns have titles and line up; the last one is folded or cut off."""
    command = [sys.executable, "-c", TABLE.format(fold=fold)]

    lines = on_terminal(command, columns, NO_COLOR="1").splitlines()

    plain = [STYLE.sub("", line).rstrip() for line in lines]
    assert ["name  state      release", *expected] == plain[: len(expected) + 1]


def test_states_have_colours() -> None:
    """Success is green and failure is red."""
    written = on_terminal([sys.executable, "-c", TABLE.format(fold=True)], 80)

    assert "\x1b[32mSucceeded" in written
    assert "\x1b[31mFailed" in written
