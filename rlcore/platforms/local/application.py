"""The endpoint's HTTP interface, as an ASGI application. Part of the front, so light.

`GET /ping` says whether the endpoint is in service, `POST /invocations` answers as the worker does;
every refusal is a status with a JSON object, `{"error": ...}`.
"""

from __future__ import annotations

import asyncio
import hmac
import json
import time
from typing import TYPE_CHECKING, Any, NamedTuple

from rlcore.platforms.local.dispatcher import QueueFull
from rlcore.platforms.local.worker import NoWorker
from rlserving import frames
from rlserving.frames import Answer, Request

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable

    from rlcore.platforms.local.dispatcher import Dispatcher

    Receive = Callable[[], Awaitable[dict[str, Any]]]
    Send = Callable[[dict[str, Any]], Awaitable[None]]

_JSON = "application/json"
_UNAVAILABLE = 503
_HOSTS = (b"127.0.0.1", b"localhost", b"[::1]")
_RETRY_AFTER = (b"retry-after", b"1")
_CLOSE = (b"connection", b"close")
_OVERRUN = 64 * 1024**2  # bytes too many that are read, so that their sender hears the refusal


class Rules(NamedTuple):
    """What the application asks of requests.

    Attributes:
        token: What they must carry, as `Authorization: Bearer TOKEN`.
        port: The port of the `Host` header.
        max_body_size: Bytes of a body.
        body_timeout: Seconds in which a body must have come.
    """

    token: str
    port: int
    max_body_size: int = 6 * 1024**2
    body_timeout: float = 20.0


class Refused(Exception):
    """A request that is answered with an error."""

    def __init__(
        self, status: int, message: str, headers: Iterable[tuple[bytes, bytes]] = ()
    ) -> None:
        """Keep what the answer is made of."""
        super().__init__(message)
        self.status = status
        self.headers = tuple(headers)


class _Headers(NamedTuple):
    """The headers of a request that matter."""

    host: bytes = b""
    authorization: bytes = b""
    content_type: str = ""
    accept: str = ""
    attributes: str = ""
    length: bytes = b""


# By the names of `_Headers`, in their order.
_NAMES = {
    b"host": 0,
    b"authorization": 1,
    b"content-type": 2,
    b"accept": 3,
    b"x-amzn-sagemaker-custom-attributes": 4,
    b"content-length": 5,
}
_TEXTS = (2, 3, 4)


class Application:
    """Answers requests by a dispatcher, and notes each one.

    Attributes:
        requests: How many requests to `/invocations` were answered.
        outside: How many observations were outside their bounds.
    """

    def __init__(
        self,
        dispatcher: Dispatcher,
        rules: Rules,
        *,
        stage: Callable[[], str],
        note: Callable[[str], object],
    ) -> None:
        """Hold what is needed.

        Args:
            dispatcher: Who answers.
            rules: What is asked of requests.
            stage: Returns what the endpoint is doing while it is not in service yet.
            note: Takes a line for each request.
        """
        self.requests = 0
        self.outside = 0
        self._dispatcher = dispatcher
        self._rules = rules
        self._stage = stage
        self._note = note
        self._hosts = {*_HOSTS, *(b"%s:%d" % (host, rules.port) for host in _HOSTS)}
        self._bearer = b"Bearer " + rules.token.encode()
        self._deadlines = _Deadlines(rules.body_timeout)

    async def __call__(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            return
        started = time.perf_counter()
        headers: Iterable[tuple[bytes, bytes]] = ()
        try:
            answer = await self._answer(scope, receive)
        except Refused as refusal:
            answer, headers = frames.refusal(refusal.status, str(refusal)), refusal.headers
        await _send(send, answer, headers)
        milliseconds = 1000 * (time.perf_counter() - started)
        self._note(
            f"{time.time():.3f} {answer.status} {scope['method']} {scope['path']!r}"
            f" {len(answer.body)} {milliseconds:.2f} {answer.outside}\n"
        )

    async def _answer(self, scope: dict[str, Any], receive: Receive) -> Answer:
        """Answer a request that is as it should be.

        Raises:
            Refused: It is not.
        """
        headers = _headers(scope["headers"])
        if headers.host not in self._hosts:
            raise Refused(403, "this endpoint is asked by its loopback address alone")
        path = scope["path"]
        if path == "/invocations":
            self._check(scope["method"], "POST")
            self._authorise(headers)
            return await self._invoke(headers, receive)
        if path == "/ping":
            self._check(scope["method"], "GET")
            return self._ping()
        raise Refused(404, f"no {path!r} here; there are /invocations and /ping")

    def _check(self, method: str, allowed: str) -> None:
        if method != allowed:
            msg = f"the method {method!r} is not allowed; {allowed} is"
            raise Refused(405, msg, [(b"allow", allowed.encode())])

    def _authorise(self, headers: _Headers) -> None:
        if not hmac.compare_digest(headers.authorization, self._bearer):
            given = "a wrong token" if headers.authorization else "no token"
            msg = f"{given} was given; send 'Authorization: Bearer TOKEN' with the endpoint's own"
            raise Refused(401, msg, [(b"www-authenticate", b"Bearer")])

    async def _invoke(self, headers: _Headers, receive: Receive) -> Answer:
        body = await self._body(headers, receive)
        if self._dispatcher.policies is None:
            msg = f"the endpoint is not in service yet: {self._stage()}"
            raise Refused(_UNAVAILABLE, msg)
        request = Request(body, headers.content_type, headers.accept, headers.attributes)
        try:
            answer = await self._dispatcher.ask(request)
        except QueueFull as error:
            msg = "too many requests are waiting already; try again"
            raise Refused(_UNAVAILABLE, msg) from error
        except NoWorker as error:
            raise Refused(_UNAVAILABLE, f"no worker runs: {error}") from error
        except asyncio.CancelledError as error:  # by the server, which ends
            raise Refused(_UNAVAILABLE, "the endpoint is being deleted") from error
        self.requests += 1
        self.outside += answer.outside
        return answer

    async def _body(self, headers: _Headers, receive: Receive) -> bytes:
        """Return the body; refuse one that does not come in time."""
        begun = self._deadlines.begin()
        try:
            return await self._whole(int(headers.length or 0), receive)
        except asyncio.CancelledError as error:
            msg = f"the body did not come within {self._rules.body_timeout:g} s"
            raise Refused(408, msg, [_CLOSE]) from error
        finally:
            self._deadlines.end(begun)

    async def _whole(self, declared: int, receive: Receive) -> bytes:
        """Return the body; refuse one that is too large, or whose client leaves."""
        allowed = self._rules.max_body_size
        body, size, more = bytearray(), declared if declared > allowed + _OVERRUN else 0, True
        while more and size <= allowed + _OVERRUN:
            message = await receive()
            if message["type"] == "http.disconnect":
                raise Refused(400, "the client left in the middle of the body", [_CLOSE])
            size += len(message["body"])
            if size <= allowed:
                body += message["body"]
            more = message["more_body"]
        if size > allowed:
            msg = (
                f"a body has {allowed} bytes at most; ask in smaller batches, or deploy with a"
                " larger max_body_size"
            )
            raise Refused(413, msg, [_CLOSE])
        return bytes(body)

    def _ping(self) -> Answer:
        dispatcher = self._dispatcher
        ready = dispatcher.policies is not None and not dispatcher.failure
        state = {
            "state": "InService" if ready else "OutOfService" if dispatcher.failure else "Creating",
            "reason": dispatcher.failure or self._stage(),
            "restarts": dispatcher.restarts,
            "requests": self.requests,
        }
        return Answer(200 if ready else _UNAVAILABLE, _JSON, json.dumps(state).encode())


class _Deadlines:
    """Cancels tasks that take too long, with one timer for all of them: most take no time."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._begun: dict[asyncio.Task[Any], float] = {}  # the first is the earliest
        self._watching = False

    def begin(self) -> asyncio.Task[Any]:
        """Give this task its time, and return it."""
        task = asyncio.current_task()
        assert task  # noqa: S101 - servers call applications in tasks
        loop = task.get_loop()
        self._begun[task] = loop.time()
        if not self._watching:
            self._watching = True
            loop.call_later(self._seconds, self._look)
        return task

    def end(self, task: asyncio.Task[Any]) -> None:
        """Note that a task was in time."""
        del self._begun[task]

    def _look(self) -> None:
        loop = asyncio.get_running_loop()
        for task, begun in self._begun.items():
            left = begun + self._seconds - loop.time()
            if left > 0:
                loop.call_later(left, self._look)
                return
            task.cancel()
        self._watching = False


def _headers(raw: Iterable[tuple[bytes, bytes]]) -> _Headers:
    found: list[Any] = list(_Headers())
    for name, value in raw:
        index = _NAMES.get(name)
        if index is not None:
            found[index] = value.decode("latin-1") if index in _TEXTS else value
    return _Headers(*found)


async def _send(send: Send, answer: Answer, headers: Iterable[tuple[bytes, bytes]]) -> None:
    fields = [
        (b"content-type", answer.content_type.encode("latin-1", "replace")),
        (b"content-length", b"%d" % len(answer.body)),
        *headers,
    ]
    if answer.status == _UNAVAILABLE:
        fields.append(_RETRY_AFTER)
    await send({"type": "http.response.start", "status": answer.status, "headers": fields})
    await send({"type": "http.response.body", "body": answer.body})
