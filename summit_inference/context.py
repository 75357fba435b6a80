"""What belongs to one request, wherever in the process it is worked on: its id, its deadline, its trace.

Set once by the server at the edge; read by logs, errors, and the client that calls the next hop. A thread of an
executor does not see it: pass what it needs by value.
"""

import re
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field, replace

from summit_inference import deadline as deadlines
from summit_inference.deadline import Clock, Deadline

REQUEST_ID_HEADER = "x-request-id"
PRIORITY_HEADER = "x-request-class"
BATCH = "batch"
_TRACE_HEADERS = ("traceparent", "tracestate", "baggage")
_TRACEPARENT = re.compile(r"[0-9a-f]{2}-(?P<trace_id>[0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}.*")
_SAFE_ID = re.compile(r"[!-~]{1,128}")


@dataclass(frozen=True, slots=True)
class RequestContext:
    """One request, as every hop sees it."""

    request_id: str
    deadline: Deadline | None = None
    is_batch: bool = False
    """Batch work yields to realtime work (`X-Request-Class: batch`)."""
    trace: Mapping[str, str] = field(default_factory=dict)
    """W3C trace headers as the caller sent them."""

    @classmethod
    def from_headers(cls, headers: Mapping[str, str], clock: Clock | None = None) -> "RequestContext":
        """The context of a request with these headers (names in lower case).

        An id that is missing, over 128 characters or not printable ASCII is replaced: it is echoed in headers and logs.

        Raises:
            InvalidRequest: the deadline is not a number of milliseconds.
        """
        asked = headers.get(REQUEST_ID_HEADER, "")
        timeout = headers.get(deadlines.HEADER)
        return cls(
            request_id=asked if _SAFE_ID.fullmatch(asked) else str(uuid.uuid4()),
            deadline=Deadline.from_header(timeout, clock) if clock else Deadline.from_header(timeout),
            is_batch=headers.get(PRIORITY_HEADER) == BATCH,
            trace={name: headers[name] for name in _TRACE_HEADERS if name in headers},
        )

    @property
    def trace_id(self) -> str | None:
        """The trace's id out of `traceparent`; None where the caller sent none."""
        match = _TRACEPARENT.fullmatch(self.trace.get("traceparent", ""))
        return match["trace_id"] if match else None

    def as_headers(self) -> dict[str, str]:
        """What the next hop must know, as headers (or gRPC metadata)."""
        headers = {REQUEST_ID_HEADER: self.request_id, **self.trace}
        if self.deadline:
            headers[deadlines.HEADER] = self.deadline.as_header()
        if self.is_batch:
            headers[PRIORITY_HEADER] = BATCH
        return headers


_current: ContextVar[RequestContext | None] = ContextVar("request", default=None)


def current_or_none() -> RequestContext | None:
    """The request that this task works on, None outside of any."""
    return _current.get()


def current() -> RequestContext:
    """The request that this task works on; outside of any, a fresh one without a deadline."""
    return _current.get() or RequestContext(request_id=str(uuid.uuid4()))


@contextmanager
def working_on(request: RequestContext) -> Iterator[RequestContext]:
    """Make `request` the current one for the body."""
    token = _current.set(request)
    try:
        yield request
    finally:
        _current.reset(token)


def follow_trace(trace: Mapping[str, str]) -> None:
    """Put the current request into this trace, to its end: its error is told and logged after the span has ended."""
    _current.set(replace(current(), trace=trace))
