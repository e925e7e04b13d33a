"""The training script as a process, and everything that it starts.

Python 3.6, standard library alone.
"""

import contextlib
import ctypes
import math
import os
import pathlib
import select
import signal
import subprocess
import time
from typing import Any, Dict, List, Optional

_PR_SET_CHILD_SUBREAPER = 36
_TAIL = 16384  # bytes of output kept for the failure file
_GRACE = 2.0  # seconds that descendants have after the script's end
_LONGEST_WAIT = 3600.0  # seconds; select takes no infinity
_GIVE_UP = 10.0  # seconds after which a process that no signal ends is left behind


def become_subreaper() -> None:
    """Make this process the parent of every orphan below it, daemons included."""
    ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def _parent_of(process: pathlib.Path) -> Optional[int]:
    try:
        return int((process / "stat").read_bytes().rpartition(b")")[2].split()[1])
    except (OSError, IndexError):
        return None  # it has ended meanwhile


def descendants(pid: int) -> List[int]:
    """Return every process below *pid*, from `/proc`."""
    children: Dict[Optional[int], List[int]] = {}
    for process in pathlib.Path("/proc").iterdir():
        if process.name.isdigit():
            children.setdefault(_parent_of(process), []).append(int(process.name))
    found: List[int] = []
    wanted = [pid]
    while wanted:
        below = children.get(wanted.pop(), [])
        found += below
        wanted += below
    return found


def _signal_all(pids: List[int], number: int) -> None:
    for pid in pids:
        with contextlib.suppress(OSError):  # it has ended meanwhile
            os.kill(pid, number)


class Script:
    """A running training script.

    Attributes:
        words: Its command.
        tail: The last bytes of its output.
    """

    def __init__(
        self,
        words: List[str],
        environment: Dict[str, str],
        folder: str,
        *,
        is_program: bool = False,
        liveness: Optional[int],
    ) -> None:
        """Start it in a session of its own; its output passes through `run`.

        Args:
            words: Its command.
            environment: Its environment, all of it.
            folder: Where it runs.
            is_program: Whether it is a shell or the like, which passes no signal on.
            liveness: A descriptor that closes when whoever watches over us has died or has lost
                patience; everything is killed at once then.
        """
        self.words = words
        self._is_program = is_program
        self._wakeups = _wakeups()
        self._output, writer = os.pipe()
        self._process = subprocess.Popen(
            words,
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=writer,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        os.close(writer)
        self._liveness = liveness
        self._watched = True
        self._sources = {self._output, self._wakeups}
        if liveness is not None:
            self._sources.add(liveness)
        self._is_quiet = False
        self._status: Optional[int] = None
        self.tail = b""

    def terminate(self) -> None:
        """Ask the script to end, and its children where it passes nothing on."""
        if self._status is None:
            target = -self._process.pid if self._is_program else self._process.pid
            _signal_all([target], signal.SIGTERM)

    def run(self, limit: float = math.inf, *, is_quiet: bool = False) -> int:
        """Pass output on until the script has ended, end what it left, and return its status.

        Args:
            limit: Seconds after which it is killed.
            is_quiet: Whether its output is only kept, its tail, and not passed on.
        """
        self._is_quiet = is_quiet
        deadline = time.monotonic() + limit
        while self._watched and self._status is None and time.monotonic() < deadline:
            self._serve(min(max(deadline - time.monotonic(), 0.0), _LONGEST_WAIT))
            self._reap()
        self._end_descendants(0.0 if self._status is None or not self._watched else _GRACE)
        while self._output in self._sources and self._serve(0.0):
            pass
        return signal.SIGKILL if self._status is None else self._status

    def _serve(self, timeout: Optional[float]) -> bool:
        """Wait for output or an event and handle it; return whether there was output."""
        ready = select.select(list(self._sources), [], [], timeout)[0]
        if self._wakeups in ready:
            os.read(self._wakeups, 4096)
        if self._liveness in ready:
            self._sources.discard(self._liveness)
            self._watched = False
        if self._output in ready:
            self._pass_on()
        return self._output in ready

    def _pass_on(self) -> None:
        """Move what there is from the script to our own output."""
        data = os.read(self._output, 65536)
        if not data:
            self._sources.discard(self._output)
        self.tail = (self.tail + data)[-_TAIL:]
        if self._is_quiet:
            return
        try:
            while data:
                data = data[os.write(1, data) :]
        except BrokenPipeError:  # nobody reads it any more
            self._watched = False

    def _reap(self) -> bool:
        """Collect children that have ended; return whether any are left."""
        try:
            while True:
                pid, status = os.waitpid(-1, os.WNOHANG)
                if pid == 0:
                    return True
                if pid == self._process.pid:
                    self._status = self._process.returncode = status
        except ChildProcessError:
            return False

    def _end_descendants(self, grace: float) -> None:
        """End every process below us: SIGTERM, and SIGKILL after *grace* seconds."""
        if not self._reap():
            return
        started = time.monotonic()
        if grace:
            _signal_all(descendants(os.getpid()), signal.SIGTERM)
        while self._reap() and time.monotonic() < started + grace + _GIVE_UP:
            if time.monotonic() >= started + grace or not self._watched:
                _signal_all(descendants(os.getpid()), signal.SIGKILL)
            self._serve(0.05)


def _wakeups() -> int:
    """Return a descriptor that becomes readable when a child ends or a signal is handled."""
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    signal.set_wakeup_fd(writer)
    signal.signal(signal.SIGCHLD, _nothing)
    return reader


def _nothing(_number: int, _frame: Any) -> None:
    """Handle SIGCHLD by being a handler: the wake-up descriptor does the rest."""
