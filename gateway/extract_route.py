"""`POST /extract`: the gateway's own contract, as JSON in and out around the one path of inference."""

from collections.abc import Callable, Sequence
from typing import Any
from urllib.parse import parse_qs

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from gateway.caller import Caller, current
from gateway.dispatch import Dispatcher
from gateway.model_answer import Answer
from summit_inference import tracing
from summit_inference.deadline import Clock
from summit_inference.errors import InvalidRequest
from summit_inference.extraction import (
    ExtractListResponse,
    ExtractRequest,
    ExtractResponse,
    ModelIdentity,
    TextResult,
)
from summit_inference.http_message import HttpResponse, Receive, Scope, headers_of, read_body, unless_gone
from summit_inference.spans import Span, in_utf16
from summit_inference.tensors import InferRequest
from summit_inference.text_tensors import text_tensor
from summit_inference.v2_limits import Limits
from summit_inference.v2_service import MODEL_VERSION_HEADER

_UNITS: dict[str, Callable[[str, Sequence[Span]], Sequence[Span]]] = {
    "codepoints": lambda _, spans: spans,
    "utf16": in_utf16,
}
_SHAPE = 'Send JSON such as {"text": "Angela Merkel was in Berlin."} or {"texts": ["…", "…"]}'
_ONLY_DEGRADED = {"requested_model_version", "degraded_reason"}


class ExtractRoute:
    """The route, over a dispatcher."""

    def __init__(self, dispatcher: Dispatcher, model_name: str, limits: Limits, clock: Clock) -> None:
        self._dispatcher = dispatcher
        self._model_name = model_name
        self._limits = limits
        self._clock = clock

    async def __call__(self, scope: Scope, receive: Receive) -> HttpResponse:
        """The answer to one request.

        Raises:
            SummitError: as `Dispatcher.answer`, and InvalidRequest for what is not the contract.
            CallerGone: the caller has closed the connection.
        """
        with tracing.serving("POST /extract"):
            return await self._answered(scope, receive)

    async def _answered(self, scope: Scope, receive: Receive) -> HttpResponse:
        counted = _offset_unit(scope["query_string"])
        body = await read_body(
            receive,
            headers_of(scope),
            self._limits.max_body_bytes,
            timeout_seconds=self._limits.body_timeout_seconds,
        )
        asked = _request(body)
        texts = asked.all_texts()
        caller = current()
        request = InferRequest(self._model_name, (text_tensor(texts),))
        answer = await unless_gone(receive, self._dispatcher.answer(request, caller))
        tracing.note_inference(request, answer.response)
        results = [TextResult.of(counted(text, spans)) for text, spans in zip(texts, answer.spans, strict=True)]
        lineage = self._lineage(answer, caller)
        message = (
            ExtractListResponse(results=results, **lineage)
            if asked.texts is not None
            else ExtractResponse(entities=results[0].entities, spans=results[0].spans, **lineage)
        )
        unsaid = None if message.degraded else _ONLY_DEGRADED
        headers = {"content-type": "application/json", MODEL_VERSION_HEADER: message.model.version}
        return HttpResponse(200, headers, message.model_dump_json(exclude=unsaid).encode())

    def _lineage(self, answer: Answer, caller: Caller) -> dict[str, Any]:
        response = answer.response
        said = response.parameters
        identity = ModelIdentity(
            name=response.model_name, version=response.model_version or "", run_id=str(said.get("run_id") or "") or None
        )
        return {
            "latency_ms": max(0, round((self._clock() - caller.arrived_at) * 1000)),
            "model": identity,
            "requested_model_version": said.get("requested_model_version"),
            "degraded": bool(said["degraded"]),
            "degraded_reason": said.get("degraded_reason"),
            "request_id": caller.request.request_id,
        }


def _offset_unit(query: bytes) -> Callable[[str, Sequence[Span]], Sequence[Span]]:
    if not query:
        return _UNITS["codepoints"]
    asked = parse_qs(query.decode("latin-1")).get("offsets", ["codepoints"])[-1]
    if asked not in _UNITS:
        raise InvalidRequest(f"?offsets= must be one of {', '.join(_UNITS)}.")
    return _UNITS[asked]


def _request(body: bytes) -> ExtractRequest:
    try:
        return ExtractRequest.model_validate_json(body)
    except ValidationError as error:
        faults = [_fault(each) for each in error.errors(include_url=False, include_input=False, include_context=False)]
        raise InvalidRequest(f"{_SHAPE}: {'; '.join(faults)}.") from None


def _fault(found: ErrorDetails) -> str:
    place = ".".join(map(str, found["loc"]))
    return f"{place}: {found['msg']}" if place else found["msg"]
