"""Requests to local endpoints, over connections that are kept open."""

from __future__ import annotations

import http.client
import json
import socket
import threading
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from rlcore.endpoints import Answer
from rlcore.errors import InvocationFailed

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from rlcore.platforms.local.endpointfolder import EndpointFolder

ADDRESS = "127.0.0.1"
_MARGIN = 30.0  # seconds that the client waits longer than the endpoint does for its worker
_TIMEOUT = 60.0  # seconds that a worker has by default
_LONGEST_MESSAGE = 2000  # characters of an answer that is no JSON


class Connections:
    """One connection to each endpoint and for each thread.

    Args:
        find: Returns the folder of an endpoint; raises where there is none.
    """

    def __init__(self, find: Callable[[str], EndpointFolder]) -> None:
        """Connect to nothing yet."""
        self._find = find
        self._local = threading.local()

    def __getstate__(self) -> dict[str, Any]:
        return {"_find": self._find}  # Another process opens its own connections.

    def __setstate__(self, state: dict[str, Any]) -> None:
        self._find = state["_find"]
        self._local = threading.local()

    def invoke(self, name: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        """Send a request and return the answer.

        Raises:
            InvocationFailed: The answer is an error, or there is none.
        """
        kept = name in self._kept
        try:
            response, content = self._send(name, body, headers)
        except (http.client.HTTPException, OSError) as error:
            self.forget(name)
            # Nothing was answered, and an invocation changes nothing: it may be sent again.
            if kept and not isinstance(error, TimeoutError):
                return self.invoke(name, body, headers)
            why = "".join(f"\n{line}" for line in self._find(name).last_lines())
            msg = f"The endpoint {name} did not answer: {str(error) or type(error).__name__}.{why}"
            raise InvocationFailed(msg) from error
        if response.status != http.client.OK:
            msg = f"The endpoint {name} answered {response.status}: {_message(content)}"
            raise InvocationFailed(msg, status=response.status)
        return Answer(body=content, content_type=response.headers.get("Content-Type", ""))

    def forget(self, name: str) -> None:
        """Close the connection of this thread, if there is one."""
        connection = self._kept.pop(name, None)
        if connection:
            connection.close()

    @property
    def _kept(self) -> dict[str, _Connection]:
        kept: dict[str, _Connection] = self._local.__dict__.setdefault("kept", {})
        return kept

    def _send(
        self, name: str, body: bytes, headers: Mapping[str, str]
    ) -> tuple[http.client.HTTPResponse, bytes]:
        connection = self._kept.get(name)
        if connection is None:
            connection = self._kept[name] = _Connection.to(self._find(name))
        given = {**headers, **connection.authorization}
        with suppress(BrokenPipeError, ConnectionResetError):  # a refusal may come before the end
            connection.request("POST", "/invocations", body, given)
        response = connection.getresponse()
        return response, response.read()


class _Connection(http.client.HTTPConnection):
    """A connection that sends each request at once, and knows the endpoint's token."""

    def __init__(self, port: int, timeout: float, token: str) -> None:
        super().__init__(ADDRESS, port, timeout=timeout)
        self.authorization = {"Authorization": f"Bearer {token}"}

    @classmethod
    def to(cls, folder: EndpointFolder) -> _Connection:
        """Return a connection to the endpoint of a folder."""
        document = folder.read_document()
        timeout = float(document["options"].get("timeout", _TIMEOUT)) + _MARGIN
        return cls(document["port"], timeout, folder.token.read_text("utf-8"))

    def __del__(self) -> None:
        # Who drops a predictor drops its connection.
        self.close()

    def connect(self) -> None:
        super().connect()
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


def _message(content: bytes) -> str:
    """Return what an endpoint says is wrong."""
    try:
        return str(json.loads(content)["error"])
    except (ValueError, KeyError, TypeError):
        return content.decode("utf-8", "replace")[:_LONGEST_MESSAGE]
