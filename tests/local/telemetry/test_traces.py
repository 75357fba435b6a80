"""One request, one trace: through real processes, by what a collector receives of them."""

import secrets
import subprocess
import sys
import time
from pathlib import Path

import grpc
import httpx
import pytest
from servers import stages
from servers.otlp import TraceSpan, collector
from servers.processes import free_ports
from servers.traced_stages import TracedStages

from summit_inference import context, tracing
from summit_inference.context import RequestContext
from summit_inference.v2_grpc_messages import SERVICE, message_class

SERVER, CLIENT = 2, 3
PARENT_ID = "00f067aa0ba902b7"
V2_ROUTE = "POST /v2/models/{model}/infer"
TEXT = "Xylophonist Quillfeather encountered Zanzibari"


def traceparent(trace_id: str, *, is_sampled: bool = True) -> dict[str, str]:
    return {"traceparent": f"00-{trace_id}-{PARENT_ID}-{is_sampled:02d}"}


def answered_by_model(traced: TracedStages, **headers: str) -> httpx.Response:
    """An answer of the model; the first requests may find it cold."""
    end = time.monotonic() + 30
    while (response := traced.extract(TEXT, headers=headers)).json()["degraded"]:
        assert time.monotonic() < end, response.text
        headers |= traceparent(secrets.token_hex(16))
    return response


def whole(spans: list[TraceSpan], trace_id: str) -> bool:
    return sum(span.trace_id == trace_id for span in spans) == 5


@pytest.fixture
def trace(traced: TracedStages) -> list[TraceSpan]:
    """The trace of one request that the model has answered."""
    answered_by_model(traced)
    trace_id = secrets.token_hex(16)
    response = answered_by_model(traced, **traceparent(trace_id), **{"x-request-id": "from-the-caller"})
    assert response.json()["request_id"] == "from-the-caller"
    traced.collector.wait(lambda spans: whole(spans, trace_id))
    return traced.collector.trace(trace_id)


def test_a_request_is_one_trace_from_the_caller_to_the_predictor(trace: list[TraceSpan]) -> None:
    path, parent = [], PARENT_ID
    while found := next((span for span in trace if span.parent_id == parent), None):
        path.append((found.component, found.kind, found.name))
        parent = found.span_id
    assert path == [
        ("gateway", SERVER, "POST /extract"),
        ("gateway", CLIENT, V2_ROUTE),
        ("transformer", SERVER, V2_ROUTE),
        ("transformer", CLIENT, V2_ROUTE),
        ("predictor", SERVER, V2_ROUTE),
    ]


def test_every_server_says_version_outcome_and_request(trace: list[TraceSpan]) -> None:
    for span in (each for each in trace if each.kind == SERVER):
        said = span.attributes
        assert (said["summit.model_version"], said["summit.outcome"], said["summit.degraded"]) == ("3", "model", False)
        assert said["summit.request_id"] == "from-the-caller"


def test_texts_and_tokens_are_counted_where_they_are_known(trace: list[TraceSpan]) -> None:
    counted = {span.component: span.attributes for span in trace if span.kind == SERVER}
    assert counted["gateway"]["summit.texts"] == counted["transformer"]["summit.texts"] == 1
    assert isinstance(counted["predictor"]["summit.tokens"], int)
    assert counted["predictor"]["summit.tokens"] > len(TEXT.split())


@pytest.mark.usefixtures("trace")
def test_nothing_of_the_callers_text_is_inside(traced: TracedStages) -> None:
    sent = b"".join(traced.collector.bodies)
    assert b"summit.texts" in sent
    assert [word for word in TEXT.split() if word.encode() in sent] == []


def test_a_trace_that_the_caller_does_not_sample_is_not_recorded(traced: TracedStages) -> None:
    unsampled, sampled = secrets.token_hex(16), secrets.token_hex(16)
    answered_by_model(traced)
    assert not traced.extract(TEXT, headers=traceparent(unsampled, is_sampled=False)).json()["degraded"]
    answered_by_model(traced, **traceparent(sampled))
    traced.collector.wait(lambda spans: whole(spans, sampled))
    assert traced.collector.trace(unsampled) == []


def test_an_answer_of_the_fallback_says_why_and_that_nobody_was_called(traced: TracedStages) -> None:
    trace_id = secrets.token_hex(16)
    traced.extract(TEXT, headers=traceparent(trace_id), params={"degradation": "only"})
    (span,) = [each for each in traced.collector.wait(lambda spans: _any(spans, trace_id)) if each.trace_id == trace_id]
    assert (span.attributes["summit.outcome"], span.attributes["summit.degraded_reason"]) == ("degraded", "flag")
    assert not span.is_error


def test_a_refused_request_says_its_code(traced: TracedStages) -> None:
    trace_id = secrets.token_hex(16)
    httpx.post(f"{traced.gateway.url}/extract", json={"txt": TEXT}, headers=traceparent(trace_id))
    (span,) = [each for each in traced.collector.wait(lambda spans: _any(spans, trace_id)) if each.trace_id == trace_id]
    assert (span.attributes["summit.outcome"], span.is_error) == ("invalid_request", False)


def test_a_call_over_grpc_is_traced_as_well(traced: TracedStages) -> None:
    trace_id = secrets.token_hex(16)
    request = message_class("ModelInferRequest")(model_name="summit-extract")
    tensor = request.inputs.add(name="text", datatype="BYTES", shape=[1])
    tensor.contents.bytes_contents.append(TEXT.encode())
    method = f"/{SERVICE}/ModelInfer"
    with grpc.insecure_channel(traced.gateway.grpc_address) as channel:
        channel.unary_unary(method)(
            request.SerializeToString(), metadata=tuple(traceparent(trace_id).items()), timeout=30
        )
    traced.collector.wait(lambda spans: any(span.name == method for span in spans if span.trace_id == trace_id))


def test_what_is_left_is_sent_at_the_end(tmp_path: Path) -> None:
    (nobody,) = free_ports(1)
    with collector() as traces:
        tracing_settings = {"OTEL_EXPORTER_OTLP_ENDPOINT": traces.url, "OTEL_BSP_SCHEDULE_DELAY": "600000"}
        with stages.gateway(f"http://127.0.0.1:{nobody}", tmp_path, **tracing_settings) as gateway:
            trace_id = secrets.token_hex(16)
            httpx.post(f"{gateway.url}/extract", json={"text": TEXT}, headers=traceparent(trace_id))
            assert traces.bodies == []
        assert [span.name for span in traces.trace(trace_id)] == ["POST /extract"]
        assert traces.paths == {"/v1/traces"}


def test_a_collector_that_is_away_holds_up_neither_requests_nor_the_end() -> None:
    (nobody,) = free_ports(1)
    began = time.monotonic()
    with (
        tracing.exporting("gateway", f"http://127.0.0.1:{nobody}", 1.0),
        context.working_on(RequestContext("request-1")),
        tracing.serving("POST /extract"),
    ):
        pass
    assert time.monotonic() - began < 10  # the exporter alone would try for a minute


@pytest.mark.parametrize("module", ["summit_inference.client", "summit_inference.v2_http", "summit_inference.v2_grpc"])
def test_an_untraced_process_does_not_load_the_library(module: str) -> None:
    code = f"import sys, {module}; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-P", "-c", code], capture_output=True, text=True, check=True)
    assert "summit_inference.tracing" in done.stdout.split()
    assert [name for name in done.stdout.split() if name.startswith("opentelemetry")] == []


def _any(spans: list[TraceSpan], trace_id: str) -> bool:
    return any(span.trace_id == trace_id for span in spans)


def test_an_error_says_the_trace_that_began_here(traced: TracedStages) -> None:
    refused = httpx.post(f"{traced.gateway.url}/extract", json={"text": 5})
    assert refused.status_code == 400
    trace_id = refused.json()["trace_id"]
    traced.collector.wait(lambda spans: any(span.trace_id == trace_id for span in spans))
