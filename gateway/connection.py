"""One HTTP connection, with what uvicorn leaves out: headers arrive in time and are few, nonsense gets our error."""

import asyncio
import uuid
from typing import Any, ClassVar

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from serving.listener import Address, http_options
from summit_inference.errors import InvalidRequest
from summit_inference.http_message import HttpResponse, error_response

_MAX_HEADER_BYTES = 64 * 1024


class Connection(HttpToolsProtocol):  # type: ignore[misc] # uvicorn is not followed
    """A connection of one caller."""

    header_timeout_seconds: ClassVar[float]
    _timer: asyncio.TimerHandle | None = None
    _header_bytes = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self._await_headers()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self._timer:
            self._header_bytes += len(data)
            if self._header_bytes > _MAX_HEADER_BYTES:
                self.transport.abort()

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._await_headers()

    def on_headers_complete(self) -> None:
        self._stop_timer()
        super().on_headers_complete()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_timer()
        super().connection_lost(exc)

    def send_400_response(self, _msg: str) -> None:
        self._stop_timer()
        error = InvalidRequest("This is not HTTP/1.1; send a request line, headers, an empty line and the body.")
        self.transport.write(_as_bytes(error_response(error, str(uuid.uuid4()))))
        self.transport.close()

    def _await_headers(self) -> None:
        self._stop_timer()
        self._header_bytes = 0
        self._timer = self.loop.call_later(self.header_timeout_seconds, self.transport.abort)

    def _stop_timer(self) -> None:
        if self._timer:
            self._timer.cancel()
            self._timer = None


def server_options(address: Address, *, header_timeout_seconds: float, keepalive_seconds: int) -> dict[str, Any]:
    """What makes a server of uvicorn's one of such connections."""
    connection = type("Connection", (Connection,), {"header_timeout_seconds": header_timeout_seconds})
    return http_options(address) | {"http": connection, "timeout_keep_alive": keepalive_seconds, "ws": "none"}


def _as_bytes(response: HttpResponse) -> bytes:
    headers = {**response.headers, "content-length": str(len(response.body)), "connection": "close"}
    lines = [f"HTTP/1.1 {response.status} Bad Request", *(f"{name}: {value}" for name, value in headers.items())]
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + response.body
