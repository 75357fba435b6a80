"""A collector for traces in the test's own process: it takes OTLP over HTTP and keeps the spans."""

import contextlib
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

_WAIT_SECONDS = 15


@dataclass(frozen=True)
class TraceSpan:
    """One span as it was received; ids in hexadecimal."""

    component: str
    name: str
    kind: int
    trace_id: str
    span_id: str
    parent_id: str
    attributes: dict[str, object]
    is_error: bool


class Collector:
    """What was received so far."""

    def __init__(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self.bodies: list[bytes] = []
        self.paths: set[str] = set()
        self._arrived = threading.Condition()

    def take(self, path: str, body: bytes) -> None:
        """Keep one request of an exporter."""
        with self._arrived:
            self.paths.add(path)
            self.bodies.append(body)
            self._arrived.notify_all()

    def trace(self, trace_id: str) -> list[TraceSpan]:
        """The spans of this trace so far."""
        return [span for span in self._spans() if span.trace_id == trace_id]

    def wait(self, is_there: Callable[[list[TraceSpan]], bool]) -> list[TraceSpan]:
        """All spans, once they are what is waited for."""
        end = time.monotonic() + _WAIT_SECONDS
        with self._arrived:
            while not is_there(spans := list(self._spans())):
                left = end - time.monotonic()
                assert left > 0, f"after {_WAIT_SECONDS} s there are only {spans}"
                self._arrived.wait(left)
        return spans

    def _spans(self) -> Iterator[TraceSpan]:
        for body in list(self.bodies):
            for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
                component = str(_values(resource.resource.attributes)["service.name"])
                for scope in resource.scope_spans:
                    for span in scope.spans:
                        yield TraceSpan(
                            component.removeprefix("summit-"),
                            span.name,
                            span.kind,
                            span.trace_id.hex(),
                            span.span_id.hex(),
                            span.parent_span_id.hex(),
                            _values(span.attributes),
                            is_error=span.status.code == 2,
                        )


@contextlib.contextmanager
def collector() -> Iterator[Collector]:
    """A collector on a free port, until the block ends."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            kept.take(self.path, self.rfile.read(int(self.headers["content-length"])))
            self.send_response(200)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the standard library's name
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        kept = Collector(server.server_port)
        thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        try:
            yield kept
        finally:
            server.shutdown()
            thread.join()


def _values(attributes: Iterable[Any]) -> dict[str, object]:
    return {each.key: getattr(each.value, each.value.WhichOneof("value")) for each in attributes}
