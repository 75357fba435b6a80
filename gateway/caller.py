"""One request at the gateway, from its arrival to its count: who sent it, how long it may take, and how it ended."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from enum import StrEnum
from http import HTTPStatus

from gateway.degrade import Policy
from summit_inference.context import RequestContext
from summit_inference.errors import BusyError, CallerError, InvalidRequest, SummitError

POLICY_NAME = "degradation"
"""As a V2 parameter, and in a query."""
POLICY_HEADER = "x-degradation"


class Outcome(StrEnum):
    """How a request is counted."""

    MODEL = "model"
    DEGRADED = "degraded"
    REFUSED = "refused"
    CALLER_ERROR = "caller_error"
    ERROR = "error"


LIVE = "live"
_BATCH = "batch"
_BUSY_STATUSES = (HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE)


@dataclass(slots=True)
class Caller:
    """The one mutable value of a request: the doors begin it, the dispatcher fills it in, the tally counts it."""

    request: RequestContext
    arrived_at: float
    policy: Policy | None = None
    """What the request or its key says; None: neither does."""
    model_version: str = field(default="", kw_only=True)
    """The one that was asked, once it is known; only versions that the gateway routes to or that answered."""
    outcome: Outcome | None = field(default=None, kw_only=True)
    is_counted: bool = field(default=False, init=False)

    @property
    def traffic(self) -> str:
        """The metric label that keeps batch work, which may take its time, out of the objectives of live callers."""
        return _BATCH if self.request.is_batch else LIVE

    def note_status(self, status: int | None) -> None:
        """The status of the answer that was sent, None if there was none; it counts unless an outcome was noted."""
        if self.outcome is None and status is not None:
            self.outcome = _outcome_of_status(status)

    def note_error(self, error: SummitError) -> None:
        """What the answer to it is, unless something was noted before."""
        if self.outcome is None:
            self.outcome = _outcome_of(error)


def _outcome_of(error: SummitError) -> Outcome:
    if isinstance(error, CallerError):
        return Outcome.CALLER_ERROR
    return Outcome.REFUSED if isinstance(error, BusyError) else Outcome.ERROR


def _outcome_of_status(status: int) -> Outcome:
    if status in _BUSY_STATUSES:
        return Outcome.REFUSED
    return Outcome.CALLER_ERROR if status < HTTPStatus.INTERNAL_SERVER_ERROR else Outcome.ERROR


def policy_of(text: str | None) -> Policy | None:
    """The policy of this name.

    Raises:
        InvalidRequest: there is none.
    """
    if not text:
        return None
    try:
        return Policy(text.lower())
    except ValueError:
        raise InvalidRequest(f"Degradation must be one of {', '.join(Policy)}.") from None


_current: ContextVar[Caller] = ContextVar("caller")


def current() -> Caller:
    """The caller that this task works for. There is one behind every door of the gateway."""
    return _current.get()


@contextmanager
def serving(caller: Caller) -> Iterator[Caller]:
    """Make `caller` the current one for the body."""
    token = _current.set(caller)
    try:
        yield caller
    finally:
        _current.reset(token)
