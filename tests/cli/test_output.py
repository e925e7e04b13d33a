"""Tests of tables on a terminal, which the other tests never see."""

from __future__ import annotations

import os
import pty
import re
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Sequence

STYLE = re.compile(r"\x1b\[[0-9;]*m")
TABLE = """
from rlcore.cli.output import print_table
rows = [("one", "Succeeded", "a [b] long release"), ("two", "Failed", "short")]
print_table(("name", "state", "release"), rows, nothing="none", fold={fold})
"""


def on_terminal(command: Sequence[str], columns: int, **changes: str) -> str:
    """Return what a command writes to a terminal of this width."""
    ours, theirs = pty.openpty()
    environment = {**os.environ, "TERM": "xterm", "COLUMNS": str(columns), **changes}
    process = subprocess.Popen(command, stdin=theirs, stdout=theirs, stderr=theirs, env=environment)
    os.close(theirs)
    written = b""
    try:
        while data := os.read(ours, 4096):
            written += data
    except OSError:  # On Linux, the end of a terminal is an error.
        pass
    os.close(ours)
    assert 0 == process.wait(timeout=30)
    return written.decode().replace("\r\n", "\n")


@pytest.mark.parametrize(
    ("fold", "columns", "expected"),
    [
        (True, 80, ["one   Succeeded  a [b] long release", "two   Failed     short"]),
        (False, 25, ["one   Succeeded  a [b] l…", "two   Failed     short"]),
        (True, 24, ["one   Succeeded  a [b]", "                 long", "                 release"]),
    ],
)
def test_a_table_on_a_terminal(fold: bool, columns: int, expected: list[str]) -> None:  # noqa: FBT001
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
