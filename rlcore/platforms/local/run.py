"""One run of the runner: its output into the log, its limits kept. Part of the supervisor."""

from __future__ import annotations

import os
import select
import signal
import socket
import subprocess
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from rlcore.platforms.local import processes
from rlcore.platforms.local.logs import HOST, LineSplitter

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from rlcore.platforms.local.logs import LogWriter

# The folder is run as a program, by a Python that has no rlcore.
_RUNNER = str(Path(__file__).parents[2] / "runner")
_LONGEST_WAIT = 3600.0  # seconds; select takes no infinity
_BLOCK = 1 << 16  # bytes read at once
_KILL_PATIENCE = 15.0  # seconds for the runner to kill everything, before it is killed itself


class Signals:
    """Turns SIGTERM into a request to stop, and a descriptor that `select` can wait for.

    Attributes:
        descriptor: Readable once a request has come.
        asked: Whether one has come.
    """

    def __init__(self) -> None:
        """Handle SIGTERM from now on."""
        self.descriptor, writer = os.pipe()
        os.set_blocking(writer, False)
        self.asked = False
        self._interrupting = False
        signal.set_wakeup_fd(writer)
        signal.signal(signal.SIGTERM, self._handle)

    def _handle(self, _number: int, _frame: object) -> None:
        self.asked = True
        if self._interrupting:
            self._interrupting = False
            raise Interrupted

    @contextmanager
    def interrupting(self) -> Iterator[None]:
        """Let a request raise `Interrupted` at once, whatever is being done."""
        self._interrupting = True
        try:
            if self.asked:
                raise Interrupted
            yield
        finally:
            self._interrupting = False

    def drain(self) -> None:
        """Make the descriptor wait for the next request."""
        os.read(self.descriptor, _BLOCK)


class Interrupted(Exception):
    """The job was asked to stop before its script had started."""


class Run:
    """The runner as a process, from its start to its end.

    Attributes:
        reason: Why the run was ended early, None if it was not.
    """

    def __init__(
        self,
        python: str,
        root: Path,
        environment: Mapping[str, str],
        *,
        log: LogWriter,
        signals: Signals,
    ) -> None:
        """Start the runner by *python*, for the contract tree *root*.

        The end of the connection that we keep tells the runner that we are alive.
        """
        self._log = log
        self._signals = signals
        self._job_id = environment[processes.MARK]
        watched, self._liveness = (end.detach() for end in socket.socketpair())
        self._output, written = os.pipe()
        # Neither the variables of our own Python nor its site folders concern the runner.
        self._process = subprocess.Popen(
            [python, "-E", "-S", _RUNNER, str(root)],
            env={**environment, "RLCORE_LIVENESS": str(watched)},
            stdin=subprocess.DEVNULL,
            stdout=written,
            stderr=subprocess.STDOUT,
            pass_fds=[watched],
        )
        os.close(watched)
        os.close(written)
        self._sources = {self._output, signals.descriptor, self._liveness}
        self._deadline = float("inf")
        self._at_deadline = self._kill
        self.reason: str | None = None

    def wait(self, max_run: float, grace: float, stage: Callable[[str], object]) -> None:
        """Write the log until the run is over.

        Args:
            max_run: Seconds until the script is asked to end.
            grace: Seconds that it has from then on.
            stage: Called when the runner tells that a stage begins.
        """
        self._stage = stage
        self._limit(max_run, lambda: self._end(f"max_run of {max_run:g} s reached", grace))
        try:
            self._follow(grace)
        finally:
            os.close(self._output)
            self._release()
            self._process.wait()
            if self._process.returncode < 0:  # it could not clean up behind it
                processes.kill(self._job_id)

    def _follow(self, grace: float) -> None:
        """Move output into the log until the runner has ended; see to stopping meanwhile."""
        splitter = LineSplitter()
        data = b"\n"
        while data:
            ready = self._ready()
            if self._liveness in ready:
                self._hear()
            if self._signals.descriptor in ready:
                self._signals.drain()
            if self._signals.asked and self.reason is None:
                self._end("stopped on request", grace)
            if time.monotonic() >= self._deadline:
                self._at_deadline()
            if self._output in ready:
                data = os.read(self._output, _BLOCK)
                self._log.write(HOST, splitter.feed(data))
        self._log.write(HOST, splitter.close())

    def _ready(self) -> list[int]:
        """Wait for output, a stage, a signal or the deadline."""
        remaining = max(self._deadline - time.monotonic(), 0.0)
        return select.select(self._sources, [], [], min(remaining, _LONGEST_WAIT))[0]

    def _hear(self) -> None:
        """Enter the stage that the runner tells, if it has not ended."""
        name = os.read(self._liveness, _BLOCK).decode()
        if name:
            self._stage(name)
        else:
            self._release()

    def _limit(self, seconds: float, action: Callable[[], None]) -> None:
        self._deadline = time.monotonic() + seconds
        self._at_deadline = action

    def _end(self, reason: str, grace: float) -> None:
        """Ask the script to end."""
        self.reason = reason
        self._process.terminate()
        self._limit(grace, self._kill_by_runner)

    def _kill_by_runner(self) -> None:
        """Let the runner kill the script and everything below it."""
        self._log.tell("The job did not end in time; it is killed.")
        self._release()
        self._limit(_KILL_PATIENCE, self._kill)

    def _kill(self) -> None:
        self._process.kill()
        processes.kill(self._job_id)
        self._deadline = float("inf")

    def _release(self) -> None:
        if self._liveness in self._sources:
            self._sources.remove(self._liveness)
            os.close(self._liveness)
