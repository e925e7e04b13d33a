"""HTTP as uvicorn speaks it, in fewer system calls. Part of the front, so light."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

if TYPE_CHECKING:
    import asyncio

_CONTINUE = b"HTTP/1.1 100"  # is no answer yet, and its client waits for it


class GatheringProtocol(HttpToolsProtocol):
    """Sends head and body of an answer together; uvicorn writes one after the other."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Put the gathering before the transport."""
        super().connection_made(_Gathering(transport))  # type: ignore[arg-type]

    def on_response_complete(self) -> None:
        """Send the answer."""
        self.transport.flush()  # type: ignore[attr-defined]
        super().on_response_complete()


class _Gathering:
    """A transport that keeps what is written until it is flushed or closed."""

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self._written: list[bytes] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)

    def write(self, data: bytes) -> None:
        self._written.append(data)
        if data.startswith(_CONTINUE):
            self.flush()

    def flush(self) -> None:
        self._transport.write(b"".join(self._written))
        self._written.clear()

    def close(self) -> None:
        self.flush()
        self._transport.close()
