"""Traces over OTLP: a server span for each inference and a client span for each hop, in the trace the caller began.

Off until a server enters `exporting` with an endpoint: until then opentelemetry is not imported (this is the only file
that does), and the caller's trace headers pass through as they came. Spans say ids, versions, counts and codes, never a
text, and never the sentence of an error.
"""

import asyncio
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from summit_inference import __version__, context
from summit_inference.errors import ConfigurationError, InternalError, SummitError
from summit_inference.http_message import CallerGone
from summit_inference.status import status_of
from summit_inference.tensors import InferRequest, InferResponse

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.trace import Span, Tracer

INFER_ROUTE = "POST /v2/models/{model}/infer"
OUTCOME = "summit.outcome"
_SIZES = {"text": "summit.texts", "input_ids": "summit.tokens"}
"""Input tensors whose number of elements a span says."""
_BAGGAGE = "baggage"
_EXPORT_TIMEOUT_SECONDS = 3.0
"""For one batch, retries included: a collector that is away must not hold up the end of a process."""


@dataclass(slots=True)
class _Process:
    tracer: "Tracer | None" = None


_process = _Process()
_current: ContextVar["Span | None"] = ContextVar("trace_span", default=None)


@contextmanager
def exporting(component: str, endpoint: str | None, sample_ratio: float) -> Iterator[None]:
    """Trace while the body runs, and send what is left at its end; without an endpoint, only run the body.

    Raises:
        ConfigurationError: the exporter is not installed.
    """
    if not endpoint:
        yield
        return
    provider = _provider(component, endpoint, sample_ratio)
    _process.tracer = provider.get_tracer("summit_inference", __version__)
    try:
        yield
    finally:
        _process.tracer = None
        provider.shutdown()


@contextmanager
def serving(route: str) -> Iterator[None]:
    """One inference of the current request, as a span of this server below the caller's.

    To be entered within `context.working_on`, whose request is in this trace from then on.
    """
    if _process.tracer is None:
        yield
        return
    from opentelemetry.trace import SpanKind  # noqa: PLC0415 - only a traced process pays for it

    request = context.current()
    parent = _propagator().extract(request.trace)
    attributes = {"http.route": route.partition(" ")[2], "summit.request_id": request.request_id}
    span = _process.tracer.start_span(route, parent, SpanKind.SERVER, attributes)
    kept = {name: value for name, value in request.trace.items() if name == _BAGGAGE}
    context.follow_trace(kept | _headers(span))
    with _as_current(span):
        yield


@contextmanager
def calling(route: str, url: str) -> Iterator[Mapping[str, str]]:
    """One call upstream, as a span below this server's, with the headers that say so; outside of a request none."""
    parent = _current.get()
    if parent is None or _process.tracer is None:
        yield {}
        return
    from opentelemetry.trace import SpanKind, set_span_in_context  # noqa: PLC0415 - as above

    address = urlsplit(url)
    attributes: dict[str, str | int] = {"server.address": address.hostname or "", "server.port": address.port or 0}
    span = _process.tracer.start_span(route, set_span_in_context(parent), SpanKind.CLIENT, attributes)
    with _as_current(span):
        yield _headers(span)


def note_inference(request: InferRequest, response: InferResponse) -> None:
    """Say on the current span what was asked, how much of it, and who answered."""
    span = _current.get()
    if span is None:
        return
    is_degraded = bool(response.parameters.get("degraded", False))
    span.set_attributes(
        {
            "summit.model_version": response.model_version or "",
            "summit.degraded": is_degraded,
            OUTCOME: "degraded" if is_degraded else "model",
            **{_SIZES[tensor.name]: tensor.data.size for tensor in request.inputs if tensor.name in _SIZES},
        }
    )
    if is_degraded:
        span.set_attribute("summit.degraded_reason", str(response.parameters.get("degraded_reason", "")))


@contextmanager
def _as_current(span: "Span") -> Iterator[None]:
    token = _current.set(span)
    try:
        yield
    except BaseException as error:
        _note_failure(span, error)
        raise
    finally:
        _current.reset(token)
        span.end()


def _note_failure(span: "Span", error: BaseException) -> None:
    """Its code; only a fault of ours makes the span an error. A caller that leaves, or whose time is over, cancels."""
    from opentelemetry.trace import Status, StatusCode  # noqa: PLC0415 - as above

    if isinstance(error, asyncio.CancelledError | CallerGone):
        span.set_attribute(OUTCOME, "cancelled")
        return
    known = error if isinstance(error, SummitError) else InternalError("")
    span.set_attribute(OUTCOME, known.code)
    if status_of(known).http >= HTTPStatus.INTERNAL_SERVER_ERROR:
        span.set_status(Status(StatusCode.ERROR, known.code))


def _headers(span: "Span") -> dict[str, str]:
    from opentelemetry.trace import set_span_in_context  # noqa: PLC0415 - as above

    headers: dict[str, str] = {}
    _propagator().inject(headers, set_span_in_context(span))
    return headers


def _propagator() -> Any:
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator  # noqa: PLC0415 - as above

    return TraceContextTextMapPropagator()


def _provider(component: str, endpoint: str, sample_ratio: float) -> "TracerProvider":
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter  # noqa: PLC0415 - as above
        from opentelemetry.sdk.resources import Resource  # noqa: PLC0415 - as above
        from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415 - as above
        from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415 - as above
        from opentelemetry.sdk.trace.sampling import ParentBased, TraceIdRatioBased  # noqa: PLC0415 - as above
    except ImportError as error:
        raise ConfigurationError(
            "OTEL_EXPORTER_OTLP_ENDPOINT is set and nothing here can export traces; install the extra `tracing`."
        ) from error

    provider = TracerProvider(
        ParentBased(TraceIdRatioBased(sample_ratio)),
        Resource.create({"service.name": f"summit-{component}", "service.version": __version__}),
        shutdown_on_exit=False,  # `exporting` does, while the process still has its threads
    )
    exporter = OTLPSpanExporter(f"{endpoint.rstrip('/')}/v1/traces", timeout=_EXPORT_TIMEOUT_SECONDS)
    provider.add_span_processor(BatchSpanProcessor(exporter))
    return provider
