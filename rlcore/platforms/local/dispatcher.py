"""Requests on their way to an endpoint's workers: queued, batched, answered.

Whatever has come while a worker was busy goes to it as one batch, so a batch is as large as the
load and nobody waits for it to fill. A worker that dies is started again; what it was answering is
refused, since one of those requests may be what killed it. Part of the front, so light.
"""

from __future__ import annotations

import asyncio
import json
import socket
import time
from collections import deque
from typing import TYPE_CHECKING, Any, NamedTuple

from rlserving import frames
from rlserving.frames import Answer, Request

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable

_LARGEST_BATCH = 64
_HANG_UP = 2.0  # seconds from the socket's end to the process's
_INTERVAL = 0.01  # seconds
_LONGEST_PAUSE = 30.0  # seconds before another try
_DIED = "The worker died while it was answering; it is started again. Try again."
_SLOW = "The worker did not answer within {:g} s; it is started again."


class QueueFull(Exception):
    """More requests wait than may."""


class NoWorker(Exception):
    """There is no worker, and none is about to be there; the message says why.

    Attributes:
        explained: Whether the worker itself said why.
    """

    def __init__(self, reason: str, *, explained: bool = True) -> None:
        """Keep the reason."""
        super().__init__(reason)
        self.explained = explained


class Limits(NamedTuple):
    """What a dispatcher allows.

    Attributes:
        workers: How many workers there are.
        queue_size: How many requests may wait.
        timeout: Seconds that a worker has for a batch.
    """

    workers: int = 1
    queue_size: int = 1000
    timeout: float = 60.0


class _Waiting(NamedTuple):
    request: Request
    answer: asyncio.Future[Answer]


class Dispatcher:
    """Hands requests to workers.

    Attributes:
        policies: Names of the policies that the workers serve; None before the first is ready.
        failure: Why no worker runs now; None while one does, or is being started.
        restarts: How often a worker died and was started again.
    """

    def __init__(
        self,
        spawn: Callable[[int], subprocess.Popen[bytes]],
        limits: Limits,
        *,
        tell: Callable[[str], object],
        changed: Callable[[], object],
    ) -> None:
        """Start nothing yet.

        Args:
            spawn: Starts a worker that has the descriptor given as its end of the socket.
            limits: What is allowed.
            tell: Takes a line for the log.
            changed: Called when an attribute has changed.
        """
        self.policies: tuple[str, ...] | None = None
        self.failure: str | None = None
        self.restarts = 0
        self._spawn = spawn
        self._limits = limits
        self._tell = tell
        self._changed = changed
        self._queue: deque[_Waiting] = deque()
        self._idle: list[_Worker] = []
        self._workers: set[_Worker] = set()
        self._scheduled = False
        self._closing = False
        self._failed_starts = 0
        self._beginnings: set[asyncio.Future[_Worker]] = set()

    async def start(self) -> None:
        """Start the workers, and return when one is ready.

        Raises:
            NoWorker: It could not load the model, for the reason given.
        """
        first = await self._begin()
        await first.ready
        for _ in range(1, self._limits.workers):
            await self._begin()

    def ask(self, request: Request) -> asyncio.Future[Answer]:
        """Return what will be a worker's answer.

        Raises:
            QueueFull: Too many requests wait already.
            NoWorker: No worker can be started.
        """
        if len(self._queue) >= self._limits.queue_size:
            raise QueueFull
        if self.failure:
            raise NoWorker(self.failure)
        loop = asyncio.get_running_loop()
        waiting = _Waiting(request, loop.create_future())
        self._queue.append(waiting)
        if self._idle and not self._scheduled:
            # Not at once: whatever else this turn of the loop brings belongs to the same batch.
            self._scheduled = True
            loop.call_soon(self._hand_out)
        return waiting.answer

    async def close(self, patience: float = 10.0) -> None:
        """End the workers; what they are answering they answer first."""
        self._closing = True
        workers = [worker.process for worker in self._workers]
        for process in workers:
            process.terminate()
        await asyncio.gather(*(_ended(process, patience) for process in workers))

    async def _begin(self) -> _Worker:
        ours, theirs = socket.socketpair()
        ours.setblocking(False)  # noqa: FBT003 - takes no keyword
        with theirs:
            process = self._spawn(theirs.fileno())
        loop = asyncio.get_running_loop()
        _, worker = await loop.create_connection(lambda: _Worker(self, process), sock=ours)
        self._workers.add(worker)
        return worker

    def _hand_out(self) -> None:
        self._scheduled = False
        while self._queue and self._idle:
            worker = self._idle.pop()
            largest = _LARGEST_BATCH if worker.batches else 1
            size = min(largest, len(self._queue))
            worker.send([self._queue.popleft() for _ in range(size)], self._limits.timeout)

    # What a worker tells its dispatcher.

    def became_ready(self, worker: _Worker, policies: tuple[str, ...]) -> None:
        """Note a worker that has loaded the model."""
        self.policies = policies
        self.failure = None
        self._idle.append(worker)
        self._changed()
        self._hand_out()

    def became_idle(self, worker: _Worker) -> None:
        """Give a worker that has answered the next batch."""
        self._idle.append(worker)
        if self._queue:
            self._hand_out()

    def ended(self, worker: _Worker, reason: str) -> None:
        """Start a worker in place of one that ended; later, where that one never served."""
        self._workers.discard(worker)
        if worker in self._idle:
            self._idle.remove(worker)
        if self._closing or self.policies is None:
            return
        self.restarts += 1
        self._tell(f"{reason} It is started again.")
        self._failed_starts = 0 if worker.served else self._failed_starts + 1
        if self._failed_starts and not self._workers:
            self._refuse_waiting(reason)
        self._changed()
        pause = min(_LONGEST_PAUSE, 2.0**self._failed_starts - 1)
        asyncio.get_running_loop().call_later(pause, self._begin_again)

    def _refuse_waiting(self, reason: str) -> None:
        self.failure = reason
        while self._queue:
            _resolve(self._queue.popleft(), _refusal(503, reason))

    def _begin_again(self) -> None:
        if not self._closing:
            task = asyncio.ensure_future(self._begin())
            self._beginnings.add(task)  # the loop alone would let go of it
            task.add_done_callback(self._beginnings.discard)


class _Worker(asyncio.Protocol):
    """One worker's process and its socket."""

    def __init__(self, dispatcher: Dispatcher, process: subprocess.Popen[bytes]) -> None:
        self.process = process
        self.batches = False
        self.served = False
        loop = asyncio.get_running_loop()
        self.ready: asyncio.Future[None] = loop.create_future()
        self.ready.add_done_callback(lambda future: future.cancelled() or future.exception())
        self._loop = loop
        self._dispatcher = dispatcher
        self._frames = frames.Splitter()
        self._asked: list[_Waiting] = []
        self._limit: asyncio.TimerHandle | None = None
        self._reason: str | None = None

    def connection_made(self, transport: Any) -> None:
        self._transport = transport

    def send(self, batch: list[_Waiting], timeout: float) -> None:
        self._asked = batch
        self._limit = self._loop.call_later(timeout, self._give_up, timeout)
        self._transport.write(frames.pack_requests([waiting.request for waiting in batch]))

    def data_received(self, data: bytes) -> None:
        for payload in self._frames.feed(data):
            if self.ready.done():
                self._answered(payload)
            else:
                self._greeted(json.loads(payload))

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's signature
        if self._limit:
            self._limit.cancel()
        self._refuse(503, _DIED)
        self._ending = asyncio.ensure_future(self._end())

    def _greeted(self, greeting: dict[str, Any]) -> None:
        if "error" in greeting:
            self._reason = greeting["error"]
            return
        self.served = True
        self.batches = greeting["batches"]
        self.ready.set_result(None)
        self._dispatcher.became_ready(self, tuple(greeting["policies"]))

    def _answered(self, payload: bytes) -> None:
        if self._limit:
            self._limit.cancel()
        for waiting, answer in zip(self._asked, frames.unpack_answers(payload), strict=True):
            _resolve(waiting, answer)
        self._asked = []
        self._dispatcher.became_idle(self)

    def _give_up(self, timeout: float) -> None:
        self._reason = _SLOW.format(timeout)
        self._refuse(504, self._reason)
        self.process.kill()

    def _refuse(self, status: int, reason: str) -> None:
        for waiting in self._asked:
            _resolve(waiting, _refusal(status, reason))
        self._asked = []

    async def _end(self) -> None:
        """See the process out: it hung up, and is given a moment to end by itself."""
        code = await _ended(self.process, _HANG_UP)
        reason = self._reason or f"The worker ended with the exit code {code}."
        if not self.ready.done():
            self.ready.set_exception(NoWorker(reason, explained=self._reason is not None))
        self._dispatcher.ended(self, reason)


async def _ended(process: subprocess.Popen[bytes], patience: float) -> int:
    """Wait for a process to end, kill it when it does not in time, and return its exit code."""
    deadline = time.monotonic() + patience
    while process.poll() is None:
        if time.monotonic() > deadline:
            process.kill()
        await asyncio.sleep(_INTERVAL)
    return process.returncode


def _resolve(waiting: _Waiting, answer: Answer) -> None:
    if not waiting.answer.done():  # its client may have left
        waiting.answer.set_result(answer)


def _refusal(status: int, reason: str) -> Answer:
    return Answer(status, "application/json", json.dumps({"error": reason}).encode(), 0)
