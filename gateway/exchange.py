"""One HTTP exchange as the gateway sees it: whether the body is there, what the answer is, and the headers of all."""

from collections.abc import Callable, Mapping, MutableMapping
from typing import Any

from summit_inference.http_message import Receive, Send

_SECURITY_HEADERS = ((b"x-content-type-options", b"nosniff"), (b"cache-control", b"no-store"))
_CLOSE = ((b"connection", b"close"),)

_Message = MutableMapping[str, Any]


class Exchange:
    """The two directions of one request, to be called by an application in place of its own.

    `on_end` is called with the status before the caller can see that the answer is whole.
    """

    def __init__(
        self, receive: Receive, send: Send, headers: Mapping[str, str], on_end: Callable[[int | None], None]
    ) -> None:
        self._receive = receive
        self._send = send
        self._on_end = on_end
        self._is_body_whole = headers.get("content-length", "0") == "0" and "transfer-encoding" not in headers
        self.status: int | None = None
        """Of the answer that has begun; None while none has."""

    async def receive(self) -> _Message:
        """The next message of the caller."""
        message = await self._receive()
        self._is_body_whole = self._is_body_whole or not message.get("more_body", False)
        return message

    async def send(self, message: _Message) -> None:
        """Send a message to the caller. One before the end of the body closes the connection: it is out of step."""
        if message["type"] == "http.response.start":
            self.status = message["status"]
            closing = () if self._is_body_whole else _CLOSE
            message["headers"] = [*message["headers"], *_SECURITY_HEADERS, *closing]
        elif not message.get("more_body", False):
            self._on_end(self.status)
        await self._send(message)
