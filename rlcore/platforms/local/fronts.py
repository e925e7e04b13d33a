"""The process of an endpoint, seen from outside: started, watched and ended."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from contextlib import suppress
from typing import TYPE_CHECKING

from rlcore.errors import PlatformError
from rlcore.platforms.local import processes
from rlcore.platforms.local.locks import locked

if TYPE_CHECKING:
    from rlcore.platforms.local.endpointfolder import EndpointFolder

_FRONT = "rlcore.platforms.local.front"
_LAST_ANSWERS = 30.0  # seconds for a front to end before it is killed
_INTERVAL = 0.01  # seconds


def spawn(folder: EndpointFolder, lock: int, listening: int, mark: str) -> None:
    """Start the front in a session of its own, holding the lock and the socket."""
    command = [sys.executable, "-m", _FRONT, str(folder.path), str(lock), str(listening)]
    with folder.log.open("ab") as output:
        try:
            subprocess.run(
                command,
                cwd=folder.path,
                env={**os.environ, processes.MARK: mark},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                pass_fds=[lock, listening],
                start_new_session=True,
                check=True,
            )
        except (OSError, subprocess.SubprocessError) as error:
            said = "".join(f"\n{line}" for line in folder.last_lines())
            shutil.rmtree(folder.path, ignore_errors=True)
            msg = f"The process of the endpoint could not be started: {error}{said}"
            raise PlatformError(msg) from error


def end(folder: EndpointFolder, mark: str) -> None:
    """End the front, which answers what is in flight; kill it when that takes too long."""
    _terminate(folder, mark)
    if not _ends(folder):
        processes.kill(mark)


def _terminate(folder: EndpointFolder, mark: str) -> None:
    with suppress(FileNotFoundError, ProcessLookupError):
        front = int(folder.process.read_text("utf-8"))
        if processes.carries(front, mark):
            os.kill(front, signal.SIGTERM)


def _ends(folder: EndpointFolder) -> bool:
    """Wait for the front to end; return whether it did in time."""
    deadline = time.monotonic() + _LAST_ANSWERS
    while is_alive(folder):
        if time.monotonic() > deadline:
            return False
        time.sleep(_INTERVAL)
    return True


def is_alive(folder: EndpointFolder) -> bool:
    """Return whether the front lives."""
    try:
        with locked(folder.lock, wait=False):
            return False
    except BlockingIOError:
        return True
