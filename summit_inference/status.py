"""The one table from an error's code to what HTTP and gRPC call it."""

from collections.abc import Iterator
from dataclasses import dataclass

from summit_inference import errors


@dataclass(frozen=True, slots=True)
class Status:
    """How an error travels.

    Units: `http` is a status code, `grpc` the number of a `google.rpc.Code`.
    """

    http: int
    grpc: int
    is_retryable: bool
    """The same request may succeed when it is sent again, later."""


_INVALID_ARGUMENT, _DEADLINE_EXCEEDED, _NOT_FOUND, _PERMISSION_DENIED = 3, 4, 5, 7
_RESOURCE_EXHAUSTED, _ABORTED, _UNIMPLEMENTED, _INTERNAL, _UNAVAILABLE, _UNAUTHENTICATED = 8, 10, 12, 13, 14, 16

STATUSES: dict[type[errors.SummitError], Status] = {
    errors.InvalidRequest: Status(400, _INVALID_ARGUMENT, is_retryable=False),
    errors.Unauthenticated: Status(401, _UNAUTHENTICATED, is_retryable=False),
    errors.Forbidden: Status(403, _PERMISSION_DENIED, is_retryable=False),
    errors.RouteNotFound: Status(404, _UNIMPLEMENTED, is_retryable=False),
    errors.ModelNotFound: Status(404, _NOT_FOUND, is_retryable=False),
    errors.ModelVersionNotFound: Status(404, _NOT_FOUND, is_retryable=False),
    errors.MethodNotAllowed: Status(405, _UNIMPLEMENTED, is_retryable=False),
    errors.Conflict: Status(409, _ABORTED, is_retryable=False),
    errors.TooLarge: Status(413, _INVALID_ARGUMENT, is_retryable=False),
    errors.Overloaded: Status(429, _RESOURCE_EXHAUSTED, is_retryable=True),
    errors.Throttled: Status(429, _RESOURCE_EXHAUSTED, is_retryable=True),
    errors.InternalError: Status(500, _INTERNAL, is_retryable=False),
    errors.ArtifactError: Status(500, _INTERNAL, is_retryable=False),
    errors.ConfigurationError: Status(500, _INTERNAL, is_retryable=False),
    errors.UpstreamBroken: Status(502, _UNAVAILABLE, is_retryable=True),
    errors.UpstreamUnreachable: Status(503, _UNAVAILABLE, is_retryable=True),
    errors.ModelNotReady: Status(503, _UNAVAILABLE, is_retryable=True),
    errors.DegradedRefused: Status(503, _UNAVAILABLE, is_retryable=True),
    errors.DeadlineExceeded: Status(504, _DEADLINE_EXCEEDED, is_retryable=False),
}


def status_of(error: errors.SummitError) -> Status:
    """The row of the error's own class. Every class with a code has one: `tests/contract` proves it."""
    return STATUSES[type(error)]


def error_with(code: str, message: str, *, retry_after_seconds: float = 1.0) -> errors.SummitError:
    """The error that a server behind this one named by its `code`; a code that we do not know is UpstreamBroken."""
    kind = _BY_CODE.get(code, errors.UpstreamBroken)
    if issubclass(kind, errors.BusyError):
        return kind(message, retry_after_seconds=retry_after_seconds)
    return kind(message)


def error_kinds(root: type[errors.SummitError] = errors.SummitError) -> Iterator[type[errors.SummitError]]:
    """Every class of the tree that can be raised: those with a code of their own."""
    for kind in root.__subclasses__():
        if "code" in vars(kind):
            yield kind
        yield from error_kinds(kind)


_BY_CODE = {kind.code: kind for kind in error_kinds()}
