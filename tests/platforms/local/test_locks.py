"""Locks that the kernel lets go of."""

from __future__ import annotations

import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from rlcore.platforms.local.locks import locked

if TYPE_CHECKING:
    from pathlib import Path

HOLD = """
import sys, time
from pathlib import Path
from rlcore.platforms.local.locks import locked

with locked(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(60)
"""


def test_exclusive_lock_keeps_everybody_out(tmp_path: Path) -> None:
    """Neither an exclusive nor a shared lock can be had meanwhile; afterwards both can."""
    path = tmp_path / "one.lock"
    with locked(path):
        for shared in (False, True):
            with pytest.raises(BlockingIOError), locked(path, shared=shared, wait=False):
                pass
    with locked(path, wait=False):
        pass


def test_shared_lock_keeps_the_exclusive_out(tmp_path: Path) -> None:
    """Many may use what nobody may remove."""
    path = tmp_path / "one.lock"
    with (
        locked(path, shared=True),
        locked(path, shared=True, wait=False),
        pytest.raises(BlockingIOError),
        locked(path, wait=False),
    ):
        pass


def test_killed_holder_lets_go(tmp_path: Path) -> None:
    """A process that dies holds nothing."""
    path = tmp_path / "one.lock"
    command = [sys.executable, "-c", HOLD, str(path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert "held\n" == process.stdout.readline()
        with pytest.raises(BlockingIOError), locked(path, wait=False):
            pass
        process.send_signal(signal.SIGKILL)
    with locked(path, wait=False):
        pass
