"""The V2 protocol over gRPC: a generic handler for a `grpc.aio` server, over the same models as `v2_http.py`."""

import functools
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import replace
from typing import NoReturn, Protocol

import grpc

from summit_inference import tracing
from summit_inference.context import REQUEST_ID_HEADER, RequestContext, working_on
from summit_inference.deadline import Deadline
from summit_inference.errors import SummitError
from summit_inference.http_message import retry_after_seconds
from summit_inference.status import status_of
from summit_inference.tensors import Servable
from summit_inference.v2 import EXTENSIONS
from summit_inference.v2_grpc_codec import decode_request, encode_metadata, encode_response, parsed
from summit_inference.v2_grpc_messages import SERVICE, message_class
from summit_inference.v2_limits import Limits
from summit_inference.v2_service import V2Service, answerable, context_of, version_header, within

ERROR_CODE_KEY = "x-error-code"
_CODES = {code.value[0]: code for code in grpc.StatusCode}
_FRAMING_BYTES = 64 * 2**10

_Answer = tuple[bytes, dict[str, str]]
_Method = Callable[[bytes], Awaitable[_Answer]]


class _ServerCall(Protocol):
    """What is used of a `grpc.aio.ServicerContext`."""

    def invocation_metadata(self) -> Iterable[tuple[str, str | bytes]] | None: ...

    def time_remaining(self) -> float | None: ...

    def set_trailing_metadata(self, metadata: tuple[tuple[str, str], ...]) -> None: ...

    async def abort(self, code: object, details: str, trailing_metadata: tuple[tuple[str, str], ...]) -> NoReturn: ...


def generic_handler(
    servables: Mapping[str, Servable],
    *,
    server_name: str,
    server_version: str,
    limits: Limits | None = None,
    is_live: Callable[[], bool] = lambda: True,
) -> grpc.GenericRpcHandler:
    """All methods of GRPCInferenceService, for `grpc.aio.server(options=server_options(limits))`."""
    service = V2Service(servables, server_name=server_name, server_version=server_version, is_live=is_live)
    methods = _Methods(service, limits or Limits())
    handlers = {
        name: grpc.unary_unary_rpc_method_handler(functools.partial(_call, method))
        for name, method in methods.by_name().items()
    }
    return grpc.method_handlers_generic_handler(SERVICE, handlers)


def server_options(limits: Limits) -> list[tuple[str, int]]:
    """Options of a server whose transport lets through what the limits allow: gRPC's own default is 4 MiB."""
    return [
        ("grpc.max_receive_message_length", limits.max_body_bytes + _FRAMING_BYTES),
        ("grpc.max_send_message_length", -1),
    ]


class _Methods:
    """The methods of the service: from a request's bytes to an answer's, with its metadata."""

    def __init__(self, service: V2Service, limits: Limits) -> None:
        self._service = service
        self._limits = limits

    def by_name(self) -> dict[str, _Method]:
        return {
            "ServerLive": self._server_live,
            "ServerReady": self._server_ready,
            "ServerMetadata": self._server_metadata,
            "ModelReady": self._model_ready,
            "ModelMetadata": self._model_metadata,
            "ModelInfer": self._model_infer,
        }

    async def _server_live(self, _body: bytes) -> _Answer:
        return _encoded("ServerLiveResponse", live=self._service.is_live())

    async def _server_ready(self, _body: bytes) -> _Answer:
        return _encoded("ServerReadyResponse", ready=await self._service.is_ready())

    async def _server_metadata(self, _body: bytes) -> _Answer:
        return _encoded(
            "ServerMetadataResponse",
            name=self._service.server_name,
            version=self._service.server_version,
            extensions=EXTENSIONS,
        )

    async def _model_ready(self, body: bytes) -> _Answer:
        asked = parsed(message_class("ModelReadyRequest"), body)
        return _encoded(
            "ModelReadyResponse", ready=await self._service.is_model_ready(asked.name, asked.version or None)
        )

    async def _model_metadata(self, body: bytes) -> _Answer:
        asked = parsed(message_class("ModelMetadataRequest"), body)
        return encode_metadata(await self._service.metadata(asked.name, asked.version or None)), {}

    async def _model_infer(self, body: bytes) -> _Answer:
        with tracing.serving(f"/{SERVICE}/ModelInfer"):
            request, is_raw = decode_request(body, self._limits)
            response = await self._service.infer(request)
            return encode_response(response, is_raw=is_raw), version_header(response)


def _encoded(kind: str, **fields: object) -> _Answer:
    return message_class(kind)(**fields).SerializeToString(), {}


async def _call(method: _Method, body: bytes, call: _ServerCall) -> bytes:
    metadata = {key: value for key, value in call.invocation_metadata() or () if isinstance(value, str)}
    context, fault = context_of(metadata)
    context = with_call_deadline(context, call.time_remaining())
    outcome = fault or await _outcome(method, body, context)
    if isinstance(outcome, SummitError):
        trailer = trailing_metadata(outcome, context.request_id)
        await call.abort(_CODES[status_of(outcome).grpc], outcome.message, trailer)
    answer, trailing = outcome
    call.set_trailing_metadata(((REQUEST_ID_HEADER, context.request_id), *trailing.items()))
    return answer


async def _outcome(method: _Method, body: bytes, context: RequestContext) -> _Answer | SummitError:
    with working_on(context):
        try:
            async with within(context.deadline):
                return await method(body)
        except Exception as error:  # noqa: BLE001 -- the root of a call: whatever it is, the caller gets an answer
            return answerable(error)


def with_call_deadline(context: RequestContext, remaining_seconds: float | None) -> RequestContext:
    """The context, held to the gRPC deadline too: of two deadlines the earlier counts."""
    if remaining_seconds is None:
        return context
    if context.deadline and context.deadline.remaining_seconds() < remaining_seconds:
        return context
    return replace(context, deadline=Deadline.after(remaining_seconds))


def trailing_metadata(error: SummitError, request_id: str) -> tuple[tuple[str, str], ...]:
    """What goes with an error's status: our code, the request's id, and when to come again."""
    metadata = [(ERROR_CODE_KEY, error.code), (REQUEST_ID_HEADER, request_id)]
    if (seconds := retry_after_seconds(error)) is not None:
        metadata.append(("retry-after", str(seconds)))
    return tuple(metadata)
