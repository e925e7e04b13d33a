"""Requests on their way to an endpoint's workers: queued, batched, answered.

Whatever has come while a worker was busy goes to it as one batch, so a batch is as large as the
load and nobody waits for it to fill. A worker that dies is started again; what it was answering is
refused, since one of those requests may be what killed it. Part of the front, so light.
"""

from __future__ import annotations

import asyncio
import socket
from collections import deque
from typing import TYPE_CHECKING, NamedTuple

from rlcore.platforms.local.worker import NoWorker, Waiting, Worker, ended
from rlserving import frames

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable

    from rlserving.frames import Answer, Request

_LARGEST_BATCH = 64
_LARGE = 1 << 20  # bytes of bodies after which a batch ends
_MOST_DOUBLINGS = 5  # of the pause before another try, which is half a minute then


class QueueFull(Exception):
    """More requests wait than may."""


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
        self._queue: deque[Waiting] = deque()
        self._idle: list[Worker] = []
        self._workers: set[Worker] = set()
        self._scheduled = False
        self._closing = False
        self._failed_starts = 0
        self._beginnings: set[asyncio.Future[None]] = set()

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
            self._hand_out()  # where a worker is idle, they wait for this turn of the loop alone
        if len(self._queue) >= self._limits.queue_size:
            raise QueueFull
        if self.failure:
            raise NoWorker(self.failure)
        loop = asyncio.get_running_loop()
        waiting = Waiting(request, loop.create_future())
        self._queue.append(waiting)
        if self._idle and not self._scheduled:
            # Not at once: whatever else this turn of the loop brings belongs to the same batch.
            self._scheduled = True
            loop.call_soon(self._hand_out)
        return waiting.answer

    async def close(self, patience: float = 10.0) -> None:
        """End the workers; what they are answering they answer first."""
        self._closing = True
        workers = list(self._workers)
        for worker in workers:
            if worker.served:
                worker.process.terminate()
            else:  # it loads the model still, for nobody
                worker.process.kill()
        await asyncio.gather(*(ended(worker.process, patience) for worker in workers))

    async def _begin(self) -> Worker:
        ours, theirs = socket.socketpair()
        ours.setblocking(False)  # noqa: FBT003 - takes no keyword
        with theirs:
            try:
                process = self._spawn(theirs.fileno())
            except OSError:
                ours.close()
                raise
        loop = asyncio.get_running_loop()
        _, worker = await loop.create_connection(lambda: Worker(self, process), sock=ours)
        self._workers.add(worker)
        return worker

    def _hand_out(self) -> None:
        self._scheduled = False
        while self._queue and self._idle:
            worker = self._idle.pop()
            worker.send(self._batch(worker), self._limits.timeout)

    def _batch(self, worker: Worker) -> list[Waiting]:
        """Take as many requests from the queue as a worker is to have at once."""
        most = _LARGEST_BATCH if worker.batches else 1
        batch: list[Waiting] = []
        size = 0
        while self._queue and len(batch) < most and size < _LARGE:
            batch.append(self._queue.popleft())
            size += len(batch[-1].request.body)
        return batch

    # What a worker tells its dispatcher.

    def became_ready(self, worker: Worker, policies: tuple[str, ...]) -> None:
        """Note a worker that has loaded the model."""
        self.policies = policies
        self.failure = None
        self._idle.append(worker)
        self._changed()
        self._hand_out()

    def became_idle(self, worker: Worker) -> None:
        """Give a worker that has answered the next batch."""
        self._idle.append(worker)
        if self._queue:
            self._hand_out()

    def hung_up(self, worker: Worker) -> None:
        """Ask a worker nothing any more."""
        if worker in self._idle:
            self._idle.remove(worker)

    def ended(self, worker: Worker, reason: str) -> None:
        """Start a worker in place of one that ended; later, where that one never served."""
        self._workers.discard(worker)
        if self._closing or self.policies is None:
            return
        self.restarts += 1
        self._failed_starts = 0 if worker.served else self._failed_starts + 1
        self._start_again(reason)

    def _start_again(self, reason: str) -> None:
        self._tell(f"{reason} It is started again.")
        if self._failed_starts and not self._workers:
            self._refuse_waiting(reason)
        self._changed()
        pause = 2.0 ** min(self._failed_starts, _MOST_DOUBLINGS) - 1
        beginning = asyncio.ensure_future(self._begin_after(pause))
        self._beginnings.add(beginning)  # the loop alone would let go of it
        beginning.add_done_callback(self._beginnings.discard)

    async def _begin_after(self, pause: float) -> None:
        await asyncio.sleep(pause)
        if self._closing:
            return
        try:
            await self._begin()
        except OSError as error:
            self._failed_starts += 1
            self._start_again(f"The worker could not be started: {error}.")

    def _refuse_waiting(self, reason: str) -> None:
        self.failure = reason
        while self._queue:
            self._queue.popleft().settle(frames.refusal(503, reason))
