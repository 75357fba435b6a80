"""Spans of one process, into an exporter in memory; the whole way over real processes is in tests/local/telemetry."""

import asyncio
import sys
from collections.abc import Iterator

import numpy as np
import pytest
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, StatusCode

from summit_inference import context, tracing
from summit_inference.context import RequestContext
from summit_inference.errors import ConfigurationError, InternalError, InvalidRequest, SummitError
from summit_inference.http_message import CallerGone
from summit_inference.tensors import Datatype, InferRequest, InferResponse, Tensor
from summit_inference.text_tensors import text_tensor

TRACE_ID, PARENT_ID = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
CALLERS = {"traceparent": f"00-{TRACE_ID}-{PARENT_ID}-01", "tracestate": "vendor=1", "baggage": "team=a"}
ROUTE = "POST /somewhere"


@pytest.fixture
def spans(monkeypatch: pytest.MonkeyPatch) -> Iterator[InMemorySpanExporter]:
    exporter, provider = InMemorySpanExporter(), TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    monkeypatch.setattr(tracing._process, "tracer", provider.get_tracer("test"))
    yield exporter
    provider.shutdown()


def request(trace: dict[str, str] | None = None) -> RequestContext:
    return RequestContext("request-1", trace=trace or {})


def only(spans: InMemorySpanExporter) -> ReadableSpan:
    (span,) = spans.get_finished_spans()
    return span


def attributes(spans: InMemorySpanExporter) -> dict[str, object]:
    return dict(only(spans).attributes or {})


def test_off_the_callers_headers_pass_as_they_came() -> None:
    with context.working_on(request(CALLERS)), tracing.serving(ROUTE):
        assert context.current().as_headers() == {"x-request-id": "request-1", **CALLERS}
        with tracing.calling(ROUTE, "http://upstream:1") as headers:
            assert headers == {}


def test_off_nothing_is_noted() -> None:
    tracing.note_inference(InferRequest("m", ()), InferResponse("m", ()))


def test_without_an_endpoint_nothing_is_switched_on() -> None:
    with tracing.exporting("gateway", None, 1.0):
        assert tracing._process.tracer is None


def test_an_endpoint_without_the_exporter_stops_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "opentelemetry.exporter.otlp.proto.http.trace_exporter", None)
    with pytest.raises(ConfigurationError, match="extra `tracing`"), tracing.exporting("gateway", "http://c:4318", 1.0):
        pass


def test_the_servers_span_is_below_the_callers_in_the_same_trace(spans: InMemorySpanExporter) -> None:
    with context.working_on(request(CALLERS)), tracing.serving(ROUTE):
        assert context.current().trace_id == TRACE_ID
    span = only(spans)
    assert (span.name, span.kind) == (ROUTE, SpanKind.SERVER)
    assert span.parent is not None
    assert f"{span.parent.span_id:016x}" == PARENT_ID
    assert attributes(spans)["http.route"] == "/somewhere"


def test_the_next_hop_is_told_of_the_calls_span_and_of_what_else_the_caller_sent(spans: InMemorySpanExporter) -> None:
    with (
        context.working_on(request(CALLERS)),
        tracing.serving(ROUTE),
        tracing.calling(ROUTE, "http://upstream:1/base") as headers,
    ):
        sent = {**context.current().as_headers(), **headers}
    call, server = spans.get_finished_spans()
    assert call.kind is SpanKind.CLIENT
    assert call.parent is not None
    assert server.context is not None
    assert call.parent.span_id == server.context.span_id
    assert call.context is not None
    assert sent["traceparent"] == f"00-{TRACE_ID}-{call.context.span_id:016x}-01"
    assert (sent["tracestate"], sent["baggage"]) == ("vendor=1", "team=a")
    assert dict(call.attributes or {}) == {"server.address": "upstream", "server.port": 1}


def test_a_trace_begins_here_where_the_caller_began_none(spans: InMemorySpanExporter) -> None:
    with context.working_on(request()), tracing.serving(ROUTE):
        begun = context.current().trace_id
    span = only(spans)
    assert span.parent is None
    assert span.context is not None
    assert begun == f"{span.context.trace_id:032x}"


@pytest.mark.parametrize("traceparent", ["nonsense", f"00-{'0' * 32}-{PARENT_ID}-01", "00-\u00e9-x-01"])
def test_a_broken_traceparent_is_replaced_and_its_tracestate_dropped(
    spans: InMemorySpanExporter, traceparent: str
) -> None:
    with context.working_on(request({**CALLERS, "traceparent": traceparent})), tracing.serving(ROUTE):
        trace = context.current().trace
    assert only(spans).parent is None
    assert trace["traceparent"] != traceparent
    assert "tracestate" not in trace


def test_outside_of_a_request_a_call_is_no_span(spans: InMemorySpanExporter) -> None:
    with tracing.calling(ROUTE, "http://upstream:1") as headers:
        assert headers == {}
    assert spans.get_finished_spans() == ()


@pytest.mark.parametrize(
    ("error", "outcome", "is_error"),
    [
        pytest.param(InvalidRequest("text"), InvalidRequest.code, False, id="the caller's fault is no error of ours"),
        pytest.param(InternalError("text"), InternalError.code, True, id="ours is"),
        pytest.param(ValueError("text"), InternalError.code, True, id="a foreign one is ours too"),
        pytest.param(CallerGone(), "cancelled", False, id="the caller left"),
        pytest.param(asyncio.CancelledError(), "cancelled", False, id="the work was cancelled"),
    ],
)
def test_a_failure_is_its_code_and_never_its_sentence(
    spans: InMemorySpanExporter, error: BaseException, outcome: str, *, is_error: bool
) -> None:
    with pytest.raises(type(error)), context.working_on(request()), tracing.serving(ROUTE):
        raise error
    span = only(spans)
    assert attributes(spans)["summit.outcome"] == outcome
    assert (span.status.status_code is StatusCode.ERROR) is is_error
    assert span.events == ()
    assert "text" not in str(span.status.description)


@pytest.mark.parametrize(
    ("parameters", "expected"),
    [
        ({"degraded": False}, {"summit.outcome": "model", "summit.degraded": False}),
        (
            {"degraded": True, "degraded_reason": "cold"},
            {"summit.outcome": "degraded", "summit.degraded": True, "summit.degraded_reason": "cold"},
        ),
        ({}, {"summit.outcome": "model", "summit.degraded": False}),
    ],
)
def test_an_inference_says_who_answered_and_how_much_was_asked(
    spans: InMemorySpanExporter, parameters: dict[str, bool | str], expected: dict[str, object]
) -> None:
    asked = InferRequest("m", (text_tensor(["Angela Merkel", "Berlin"]),))
    with context.working_on(request()), tracing.serving("POST /extract"):
        tracing.note_inference(asked, InferResponse("m", (), "3", parameters=parameters))
    said = attributes(spans)
    assert said == {
        "http.route": "/extract",
        "summit.request_id": "request-1",
        "summit.model_version": "3",
        "summit.texts": 2,
        **expected,
    }


def test_tokens_are_counted_and_not_said(spans: InMemorySpanExporter) -> None:
    ids = Tensor("input_ids", Datatype.INT64, np.arange(7, dtype="<i8")[np.newaxis])
    lengths = Tensor("sequence_lengths", Datatype.INT64, np.array([3, 4], dtype="<i8"))
    with context.working_on(request()), tracing.serving(ROUTE):
        tracing.note_inference(InferRequest("m", (ids, lengths)), InferResponse("m", (), "3"))
    assert attributes(spans)["summit.tokens"] == 7


def test_requests_that_are_worked_on_at_once_do_not_mix(spans: InMemorySpanExporter) -> None:
    async def work(name: str) -> None:
        with context.working_on(request()), tracing.serving(f"POST /{name}"):
            await asyncio.sleep(0)
            with tracing.calling(f"POST /{name}", "http://upstream:1"):
                await asyncio.sleep(0)

    async def both() -> None:
        await asyncio.gather(work("a"), work("b"))

    asyncio.run(both())
    by_kind = {kind: [each for each in spans.get_finished_spans() if each.kind is kind] for kind in SpanKind}
    servers = {each.name: each.context.span_id for each in by_kind[SpanKind.SERVER] if each.context}
    parents = {each.name: each.parent.span_id for each in by_kind[SpanKind.CLIENT] if each.parent}
    assert servers == parents
    assert len(servers) == 2


def test_what_a_body_raises_is_not_swallowed_by_a_call(spans: InMemorySpanExporter) -> None:
    with (
        pytest.raises(SummitError),
        context.working_on(request()),
        tracing.serving(ROUTE),
        tracing.calling(ROUTE, "http://upstream:1"),
    ):
        raise InvalidRequest("text")
    assert [dict(each.attributes or {})["summit.outcome"] for each in spans.get_finished_spans()] == [
        InvalidRequest.code
    ] * 2
