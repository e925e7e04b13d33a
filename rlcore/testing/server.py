"""The fake's HTTP service: one address for every AWS service; what is not its own goes to moto."""

from __future__ import annotations

import email.utils
import http.client
import socket
import struct
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, Protocol

from rlcore.testing import operations, replies
from rlcore.testing.errors import Refusal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rlcore.testing.faults import Fault
    from rlcore.testing.operations import Call
    from rlcore.testing.replies import Reply

OWN_KEY = "FAKEITSELF"
"""Access key of the fake's own calls, which are neither noted nor disturbed."""

_RESET = struct.pack("ii", 1, 0)  # linger: the connection is reset, not closed
_HOP = {"connection", "transfer-encoding", "content-length", "date", "server", "expect"}
_OWN = {"sagemaker", "logs", "cloudwatch"}
_NOT_MEANT = b"The Host of this request is not the fake's own address."
_LENGTH = "X-Length"  # of the body that an answer to HEAD would have


class Backend(Protocol):
    """What the server asks."""

    moto: tuple[str, int]
    account: str

    def called(self, call: Call) -> Fault | None:
        """Note a call, and return the fault that is on order for it."""

    def answer(self, service: str, operation: str, request: dict[str, Any]) -> dict[str, Any]:
        """Answer an operation of SageMaker, CloudWatch or CloudWatch Logs."""

    def invoke(self, name: str, body: bytes, headers: Mapping[str, str]) -> tuple[str, bytes]:
        """Answer a request to an endpoint: content type and body."""

    def now(self) -> float:
        """Return the time of the fake's clock."""


def serve(backend: Backend) -> ThreadingHTTPServer:
    """Return a server on a free port of loopback; the caller runs and ends it."""

    class Handler(_Handler):
        """Answers for this backend."""

    Handler.backend = backend
    server = _Server(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    return server


class _Server(ThreadingHTTPServer):
    request_queue_size = 128


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    backend: Backend

    def log_message(self, *_: Any) -> None:
        """Say nothing."""

    def date_time_string(self, timestamp: float | None = None) -> str:
        """Return the time of the fake's clock."""
        return email.utils.formatdate(timestamp or self.backend.now(), usegmt=True)

    def handle_one_request(self) -> None:
        """Answer a request; a client that leaves is no error."""
        try:
            super().handle_one_request()
        except (ConnectionError, TimeoutError):
            self.close_connection = True

    def _handle(self) -> None:
        body = self._body()
        if not self._is_meant():
            self._send(replies.Reply(403, {"Content-Type": "text/plain"}, _NOT_MEANT))
            return
        headers: Any = self.headers
        call = operations.call(self.command, self.path, headers, body)
        own = operations.access_key(headers) == OWN_KEY
        fault = None if own else self.backend.called(call)
        if fault is None:
            self._send(self._reply(call, body))
        else:
            self._fail(fault, call, body)

    do_GET = do_POST = do_PUT = do_HEAD = do_DELETE = _handle  # noqa: N815 - as the library has it

    def _fail(self, fault: Fault, call: Call, body: bytes) -> None:
        """Answer as a fault has it, once the request has its effect or before."""
        time.sleep(fault.delay)
        reply = self._reply(call, body) if fault.effect else None
        if fault.status:
            refusal = Refusal(fault.code, fault.message, fault.status)
            self._send(replies.refused(call.service, refusal))
            return
        if reply and (fault.cut or not fault.broken):
            self._send(reply, cut=fault.cut)
        if fault.broken:
            self._reset()
        elif fault.cut:
            self.connection.shutdown(socket.SHUT_RDWR)
            self.close_connection = True

    def _is_meant(self) -> bool:
        """Tell whether a request names this server: a page in a browser may be led here by DNS."""
        host, port = self.connection.getsockname()[:2]
        return self.headers.get("Host", "").lower() in {f"{host}:{port}", f"localhost:{port}"}

    def _body(self) -> bytes:
        if self.headers.get("Expect", "").lower() == "100-continue":
            self.send_response_only(100)
            self.end_headers()
        if "chunked" in self.headers.get("Transfer-Encoding", ""):
            return b"".join(iter(self._chunk, b""))
        return self.rfile.read(int(self.headers.get("Content-Length") or 0))

    def _chunk(self) -> bytes:
        size = int(self.rfile.readline().split(b";")[0], 16)
        content = self.rfile.read(size)
        self.rfile.readline()
        return content

    def _reply(self, call: Call, body: bytes) -> Reply:
        try:
            if call.service == "sagemaker-runtime":
                name = call.request["EndpointName"]
                return replies.invoked(*self.backend.invoke(name, body, dict(self.headers)))
            if call.service in _OWN:
                request = dict(call.request)
                return replies.answered(self.backend.answer(*call[:2], request))
        except Refusal as refusal:
            return replies.refused(call.service, refusal)
        except Exception as error:  # noqa: BLE001 - whoever tests is told, and tries no second time
            broken = Refusal("FakeBroken", f"{type(error).__name__}: {error}")
            return replies.refused(call.service, broken)
        return self._forwarded(body)

    def _forwarded(self, body: bytes) -> Reply:
        """Return moto's answer."""
        connection = http.client.HTTPConnection(*self.backend.moto, timeout=60)
        headers = {name: value for name, value in self.headers.items() if name.lower() not in _HOP}
        headers |= {"Content-Length": str(len(body)), "x-moto-account-id": self.backend.account}
        connection.request(self.command, self.path, body, headers)
        response = connection.getresponse()
        kept = {name: value for name, value in response.getheaders() if name.lower() not in _HOP}
        length = response.headers.get("Content-Length")
        if self.command == "HEAD" and length:
            kept[_LENGTH] = length
        content = response.read()
        connection.close()
        return replies.Reply(response.status, kept, content)

    def _send(self, reply: Reply, *, cut: bool = False) -> None:
        headers = dict(reply.headers)
        length = headers.pop(_LENGTH, str(len(reply.body)))
        self.send_response(reply.status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", length)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(reply.body[: len(reply.body) // 2] if cut else reply.body)

    def _reset(self) -> None:
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        self.connection.close()
        self.close_connection = True
