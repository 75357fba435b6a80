"""The reference with something between it and its callers that bends what passes: a server broken in one way."""

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import grpc
from contract.v2 import wire
from google.protobuf.message import DecodeError

from summit_inference.http_message import HttpResponse, Receive, Scope, Send, read_body, send_response
from summit_inference.v2_grpc_messages import message_class

Document = dict[str, Any]


@dataclass(frozen=True)
class Request:
    """An HTTP request that is whole."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def is_infer(self) -> bool:
        return self.path.endswith("/infer")

    def parts(self) -> tuple[Document, bytes]:
        """The JSON, and the raw bytes behind it."""
        at = int(self.headers.get(wire.JSON_LENGTH) or len(self.body))
        return json.loads(self.body[:at]), self.body[at:]

    def with_parts(self, document: Document, tail: bytes) -> "Request":
        text = json.dumps(document).encode()
        headers = (
            {**self.headers, wire.JSON_LENGTH: str(len(text))} if wire.JSON_LENGTH in self.headers else self.headers
        )
        return replace(self, body=text + tail, headers=headers)


@dataclass(frozen=True)
class Broken:
    """What is bent. Each function gets what passes and returns what goes on instead."""

    request: Callable[[Request], Request] = lambda request: request
    response: Callable[[Request, HttpResponse], HttpResponse] = lambda _request, response: response
    question: Callable[[str, Any], None] = lambda _method, _message: None
    """Changes the message of a gRPC request, given the method's name."""
    answer: Callable[[str, Any], None] = lambda _method, _message: None
    """Changes the message of a gRPC answer."""
    code: Callable[[grpc.StatusCode], grpc.StatusCode] = lambda code: code
    is_hidden: bool = False
    """The gRPC service is not there at all."""


WHOLE = Broken()


@dataclass
class Tampering:
    """Both transports of a server, bent by whatever is set, and every fault of the bending itself."""

    app: Any
    handler: grpc.GenericRpcHandler
    broken: Broken = WHOLE
    faults: list[Exception] = field(default_factory=list)

    async def http(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = {name.decode(): value.decode() for name, value in scope["headers"]}
        request = Request(scope["method"], scope["path"], headers, await read_body(receive, {}, 2**26))
        try:
            await send_response(send, await self._exchange(scope, request))
        except Exception as error:
            self.faults.append(error)
            raise

    async def _exchange(self, scope: Scope, request: Request) -> HttpResponse:
        bent = self.broken.request(request)
        sent: list[Any] = []

        async def keep(message: Any) -> None:
            sent.append(message)

        headers = [(name.encode(), value.encode()) for name, value in bent.headers.items() if name != "content-length"]
        await self.app(
            {**scope, "path": bent.path, "headers": headers}, _once({"type": "http.request", "body": bent.body}), keep
        )
        start, body = sent
        response_headers = {name.decode(): value.decode() for name, value in start["headers"]}
        return self.broken.response(request, HttpResponse(start["status"], response_headers, body["body"]))

    def grpc(self) -> grpc.GenericRpcHandler:
        return _TamperedHandler(self)


class _TamperedHandler(grpc.GenericRpcHandler):  # type: ignore[misc]
    def __init__(self, tampering: Tampering) -> None:
        self._tampering = tampering

    def service(self, details: Any) -> Any:
        inner = None if self._tampering.broken.is_hidden else self._tampering.handler.service(details)
        if inner is None:
            return None
        method = details.method.rpartition("/")[2]

        async def bent(body: bytes, call: Any) -> bytes:
            broken = self._tampering.broken
            question = self._changed(f"{method}Request", body, lambda message: broken.question(method, message))
            answer = await inner.unary_unary(question, _TamperedCall(call, broken))
            return self._changed(f"{method}Response", answer, lambda message: broken.answer(method, message))

        return grpc.unary_unary_rpc_method_handler(bent)

    def _changed(self, kind: str, body: bytes, change: Callable[[Any], None]) -> bytes:
        try:
            message = message_class(kind).FromString(body)
        except DecodeError:  # a body that is no message passes as it is
            return body
        try:
            change(message)
        except Exception as error:
            self._tampering.faults.append(error)
            raise
        changed: bytes = message.SerializeToString()
        return changed


class _TamperedCall:
    def __init__(self, call: Any, broken: Broken) -> None:
        self._call = call
        self._broken = broken

    def __getattr__(self, name: str) -> Any:
        return getattr(self._call, name)

    async def abort(self, code: grpc.StatusCode, *details: Any) -> None:
        await self._call.abort(self._broken.code(code), *details)


def _once(message: dict[str, Any]) -> Receive:
    """This message, and then nothing more for ever."""
    messages = [message]

    async def receive() -> Any:
        return messages.pop() if messages else await asyncio.Event().wait()

    return receive
