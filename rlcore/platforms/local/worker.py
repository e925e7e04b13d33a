"""One worker of an endpoint, as its front sees it: a process and a socket. Light."""

from __future__ import annotations

import asyncio
import json
import time
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from rlserving import frames

if TYPE_CHECKING:
    import subprocess

    from rlserving.frames import Answer, Request

_HANG_UP = 2.0  # seconds from the socket's end to the process's
_INTERVAL = 0.01  # seconds
_DIED = "The worker died while it was answering; it is started again. Try again."
_SLOW = "The worker did not answer within {:g} s."


class NoWorker(Exception):
    """There is no worker, and none is about to be there; the message says why.

    Attributes:
        explained: Whether that is enough; otherwise the end of the log has more.
    """

    def __init__(self, reason: str, *, explained: bool = True) -> None:
        """Keep the reason."""
        super().__init__(reason)
        self.explained = explained


class Waiting(NamedTuple):
    """A request, and what will be its answer."""

    request: Request
    answer: asyncio.Future[Answer]

    def settle(self, answer: Answer) -> None:
        """Hand the answer to whoever waits for it still."""
        if not self.answer.done():  # its client may have left
            self.answer.set_result(answer)


class Owner(Protocol):
    """What a worker tells whoever started it."""

    def became_ready(self, worker: Worker, policies: tuple[str, ...]) -> None:
        """It has loaded the model."""

    def became_idle(self, worker: Worker) -> None:
        """It has answered."""

    def hung_up(self, worker: Worker) -> None:
        """It takes no requests any more; its process is about to end."""

    def ended(self, worker: Worker, reason: str) -> None:
        """Its process has ended."""


class Worker(asyncio.Protocol):
    """One worker's process and its socket.

    Attributes:
        process: The process.
        batches: Whether it takes several requests at once; known when it is ready.
        served: Whether it has ever been ready.
        ready: Done when it has loaded the model; `NoWorker` when it could not.
    """

    def __init__(self, owner: Owner, process: subprocess.Popen[bytes]) -> None:
        """Hold a process that has been started; the socket is asyncio's to give."""
        self.process = process
        self.batches = False
        self.served = False
        loop = asyncio.get_running_loop()
        self.ready: asyncio.Future[None] = loop.create_future()
        self.ready.add_done_callback(lambda future: future.cancelled() or future.exception())
        self._loop = loop
        self._owner = owner
        self._frames = frames.Splitter()
        self._asked: list[Waiting] = []
        self._limit: asyncio.TimerHandle | None = None
        self._reason: str | None = None
        self._explained = False

    def connection_made(self, transport: Any) -> None:
        """Keep the socket."""
        self._transport = transport

    def send(self, batch: list[Waiting], timeout: float) -> None:
        """Ask for the answers to a batch; it is an error to ask for two at once."""
        self._asked = batch
        self._limit = self._loop.call_later(timeout, self._give_up, timeout)
        self._transport.write(frames.pack_requests([waiting.request for waiting in batch]))

    def data_received(self, data: bytes) -> None:
        """Take what the worker says: first what it serves, then answers."""
        for payload in self._frames.feed(data):
            if self.ready.done():
                self._answered(payload)
            else:
                self._greeted(json.loads(payload))

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's signature
        """Refuse what was asked, and see the process out."""
        if self._limit:
            self._limit.cancel()
        self._owner.hung_up(self)
        self._refuse(503, _DIED)
        self._ending = asyncio.ensure_future(self._end())

    def _greeted(self, greeting: dict[str, Any]) -> None:
        if "error" in greeting:
            self._reason = greeting["error"]
            self._explained = greeting["explained"]
            return
        self.served = True
        self.batches = greeting["batches"]
        self.ready.set_result(None)
        self._owner.became_ready(self, tuple(greeting["policies"]))

    def _answered(self, payload: bytes) -> None:
        if self._limit:
            self._limit.cancel()
        for waiting, answer in zip(self._asked, frames.unpack_answers(payload), strict=True):
            waiting.settle(answer)
        self._asked = []
        self._owner.became_idle(self)

    def _give_up(self, timeout: float) -> None:
        self._reason = _SLOW.format(timeout)
        self._refuse(504, self._reason)
        self.process.kill()

    def _refuse(self, status: int, reason: str) -> None:
        for waiting in self._asked:
            waiting.settle(frames.refusal(status, reason))
        self._asked = []

    async def _end(self) -> None:
        """See the process out: it hung up, and is given a moment to end by itself."""
        code = await ended(self.process, _HANG_UP)
        reason = self._reason or f"The worker ended with the exit code {code}."
        if not self.ready.done():
            self.ready.set_exception(NoWorker(reason, explained=self._explained))
        self._owner.ended(self, reason)


async def ended(process: subprocess.Popen[bytes], patience: float) -> int:
    """Wait for a process to end, kill it when it does not in time, and return its exit code."""
    deadline = time.monotonic() + patience
    while process.poll() is None:
        if time.monotonic() > deadline:
            process.kill()
        await asyncio.sleep(_INTERVAL)
    return process.returncode
