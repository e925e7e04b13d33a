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
    """Start the front in a session of its own, holding the lock and the socket.

    Raises:
        PlatformError: It does not start; nothing is left of the endpoint.
    """
    try:
        _run(folder, lock, listening, mark)
    except BaseException as error:
        processes.kill(mark)
        said = "".join(f"\n{line}" for line in folder.last_lines())
        shutil.rmtree(folder.path, ignore_errors=True)
        if not isinstance(error, (OSError, subprocess.SubprocessError)):
            raise
        msg = f"The process of the endpoint could not be started: {error}{said}"
        raise PlatformError(msg) from error


def _run(folder: EndpointFolder, lock: int, listening: int, mark: str) -> None:
    command = [sys.executable, "-m", _FRONT, str(folder.path), str(lock), str(listening)]
    with folder.log.open("ab") as output:
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


def end(folder: EndpointFolder, mark: str) -> None:
    """End the front, which answers what is in flight; kill it when that takes too long."""
    deadline = time.monotonic() + _LAST_ANSWERS
    while is_alive(folder) and time.monotonic() < deadline:
        _terminate(folder, mark)  # again and again: one that only begins may not have told its pid
        time.sleep(_INTERVAL)
    processes.kill(mark)  # what it may have left behind as well


def _terminate(folder: EndpointFolder, mark: str) -> None:
    with suppress(FileNotFoundError, ProcessLookupError, ValueError):
        front = int(folder.process.read_text("utf-8"))
        if processes.carries(front, mark):
            os.kill(front, signal.SIGTERM)


def is_alive(folder: EndpointFolder) -> bool:
    """Return whether the front lives."""
    try:
        with locked(folder.lock, shared=True, wait=False):  # so that many may look at once
            return False
    except BlockingIOError:
        return True
