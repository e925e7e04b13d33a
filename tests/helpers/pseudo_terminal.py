"""A terminal for commands that write otherwise into a pipe."""

from __future__ import annotations

import os
import pty
import subprocess
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


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
