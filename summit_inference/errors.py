"""Every error that the service raises on purpose, and whose fault it is.

    SummitError
    ├── CallerError              the request is wrong: sending it again does not help
    │   ├── InvalidRequest           not what the contract says
    │   ├── TooLarge                 over a limit of size or length
    │   ├── Unauthenticated          no key, or an unknown one
    │   ├── Forbidden                the key may not do this
    │   ├── RouteNotFound            no such path
    │   ├── MethodNotAllowed         the path exists, not with this method
    │   ├── Conflict                 what is there does not allow it
    │   ├── ModelNotFound            no model of this name is served here
    │   └── ModelVersionNotFound     the model is, this version is not
    ├── BusyError                nobody's fault: the same request may succeed after `retry_after_seconds`
    │   ├── Overloaded               the queue is full, or a limit of concurrency is reached
    │   ├── Throttled                over the rate that the key or an operator allows
    │   ├── ModelNotReady            loading, cold or draining
    │   └── DegradedRefused          only the fallback could answer, and the caller refuses it
    ├── DeadlineExceeded         the caller's own time is over
    ├── UpstreamError            a server behind this one failed
    │   ├── UpstreamUnreachable      no connection, or it broke before the answer was whole
    │   └── UpstreamBroken           an answer that is none: a 5xx, or against the contract
    ├── ArtifactError            a model's files are not what was published, or must not be loaded
    ├── ConfigurationError       a setting, or the machine, does not allow the start
    └── InternalError            a bug of ours; the log has the traceback

Nothing here knows HTTP or gRPC: `status.py` is the one table to both. Messages are sentences that say what to do,
and never repeat a caller's text, a key, or an exception of a library.
"""

from typing import ClassVar


class SummitError(Exception):
    """The root. `str(error)` is the sentence that callers see."""

    code: ClassVar[str]
    """Stable: callers and alerts match on it."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class CallerError(SummitError):
    """The request is wrong."""


class InvalidRequest(CallerError):
    """The request is not what the contract says."""

    code = "invalid_request"


class TooLarge(CallerError):
    """The request is over a limit of size or length."""

    code = "too_large"


class Unauthenticated(CallerError):
    """No key came with the request, or one that is not known."""

    code = "unauthenticated"


class Forbidden(CallerError):
    """The key is known and may not do this."""

    code = "forbidden"


class RouteNotFound(CallerError):
    """There is no such path."""

    code = "route_not_found"


class MethodNotAllowed(CallerError):
    """The path exists, but not with this method."""

    code = "method_not_allowed"


class Conflict(CallerError):
    """What is there does not allow it."""

    code = "conflict"


class ModelNotFound(CallerError):
    """No model of this name is served here."""

    code = "model_not_found"


class ModelVersionNotFound(CallerError):
    """The model is served here, this version of it is not."""

    code = "model_version_not_found"


class BusyError(SummitError):
    """The same request may succeed later."""

    def __init__(self, message: str, *, retry_after_seconds: float = 1.0) -> None:
        super().__init__(message)
        self.retry_after_seconds = retry_after_seconds


class Overloaded(BusyError):
    """The queue is full, or a limit of concurrency is reached."""

    code = "overloaded"


class Throttled(BusyError):
    """The rate that the key or an operator allows is used up."""

    code = "throttled"


class ModelNotReady(BusyError):
    """The model is loading, cold or draining."""

    code = "model_not_ready"


class DegradedRefused(BusyError):
    """Only the fallback could answer, and the caller refuses it."""

    code = "degraded_refused"


class DeadlineExceeded(SummitError):
    """The time that the caller gave is over."""

    code = "deadline_exceeded"


class UpstreamError(SummitError):
    """A server behind this one failed."""


class UpstreamUnreachable(UpstreamError):
    """There is no connection, or it broke before the answer was whole."""

    code = "upstream_unreachable"


class UpstreamBroken(UpstreamError):
    """The answer is a server's error, or against the contract."""

    code = "upstream_broken"


class ArtifactError(SummitError):
    """A model's files are not what was published, or must not be loaded."""

    code = "artifact_rejected"


class ConfigurationError(SummitError):
    """A setting, or the machine, does not allow the start."""

    code = "configuration"


class InternalError(SummitError):
    """A bug of ours."""

    code = "internal"
