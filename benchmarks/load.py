"""A client that keeps connections busy and measures each answer; a few microseconds a request."""

from __future__ import annotations

import select
import socket
import time
from collections.abc import Mapping
from urllib.parse import urlsplit

import attrs

_BLOCK = 1 << 16
_END_OF_HEADERS = b"\r\n\r\n"
_LAST_CHUNK = b"0\r\n\r\n"
_PATIENCE = 30.0  # seconds without any answer


@attrs.frozen(kw_only=True)
class Load:
    """What a server did under load.

    Attributes:
        rate: Answers a second.
        p50: Median time of an answer, in milliseconds.
        p99: The time that one of a hundred answers took longer than, likewise.
    """

    rate: float
    p50: float
    p99: float


@attrs.frozen(kw_only=True)
class Target:
    """Where requests go, and what they are."""

    url: str
    body: bytes
    headers: Mapping[str, str] = attrs.field(factory=dict)

    @property
    def address(self) -> tuple[str, int]:
        """Host and port."""
        parts = urlsplit(self.url)
        return str(parts.hostname), int(parts.port or 80)

    @property
    def request(self) -> bytes:
        """The bytes of one request."""
        parts = urlsplit(self.url)
        headers = {
            "Host": parts.netloc,
            "Content-Type": "application/json",
            "Content-Length": str(len(self.body)),
            **self.headers,
        }
        lines = [f"POST {parts.path} HTTP/1.1", *(f"{n}: {v}" for n, v in headers.items()), "", ""]
        return "\r\n".join(lines).encode() + self.body


def load(target: Target, *, clients: int, requests: int) -> Load:
    """Send *requests* in all from *clients* connections, each waiting for its answer.

    Raises:
        ValueError: An answer was not 200; it is shown.
    """
    request = target.request
    connections = [_Connection(target.address) for _ in range(clients)]
    poll = select.epoll()
    by_descriptor = {each.socket.fileno(): each for each in connections}
    for descriptor in by_descriptor:
        poll.register(descriptor, select.EPOLLIN)
    started = time.perf_counter()
    for each in connections:
        each.send(request)
    left = requests - clients
    seconds: list[float] = []
    while len(seconds) < requests:
        events = poll.poll(_PATIENCE)
        if not events:
            msg = f"{target.url} answered {len(seconds)} requests, and then nothing for a while."
            raise ValueError(msg)
        for descriptor, _ in events:
            connection = by_descriptor[descriptor]
            if connection.receive():
                seconds.append(time.perf_counter() - connection.sent)
                if left > 0:
                    left -= 1
                    connection.send(request)
    elapsed = time.perf_counter() - started
    for each in connections:
        each.socket.close()
    return _summary(seconds, elapsed)


def _summary(seconds: list[float], elapsed: float) -> Load:
    seconds.sort()
    return Load(
        rate=len(seconds) / elapsed,
        p50=1000 * seconds[len(seconds) // 2],
        p99=1000 * seconds[len(seconds) * 99 // 100],
    )


class _Connection:
    """One client; the answer is whole when its declared length, or its last chunk, is there."""

    def __init__(self, address: tuple[str, int]) -> None:
        self.socket = socket.create_connection(address)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.sent = 0.0
        self._answer = b""

    def send(self, request: bytes) -> None:
        self._answer = b""
        self.sent = time.perf_counter()
        self.socket.sendall(request)

    def receive(self) -> bool:
        """Read what has come; return whether the answer is whole."""
        block = self.socket.recv(_BLOCK)
        self._answer += block
        head, end, body = self._answer.partition(_END_OF_HEADERS)
        if not block or (end and not head.startswith(b"HTTP/1.1 200")):
            msg = f"The server answered {self._answer!r}."
            raise ValueError(msg)
        return bool(end) and _is_whole(head, body)


def _is_whole(head: bytes, body: bytes) -> bool:
    for line in head.split(b"\r\n"):
        if line[:15].lower() == b"content-length:":
            return len(body) >= int(line[15:])
    return body.endswith(_LAST_CHUNK)
