"""The outermost layer of gRPC, as `edge.py` is of HTTP: who calls, whether they may, and one count for each inference.

Deadlines are kept twice: the V2 methods inside end at the call's own, when the caller listens no more, and the
dispatcher answers before it.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from typing import Any

import grpc

from gateway.access import Access
from gateway.caller import POLICY_HEADER, Caller, Outcome, policy_of, serving
from summit_inference.context import REQUEST_ID_HEADER, RequestContext
from summit_inference.deadline import Clock, Deadline
from summit_inference.errors import BusyError, SummitError
from summit_inference.status import STATUSES, status_of
from summit_inference.v2_grpc import trailing_metadata
from summit_inference.v2_service import context_of

_INFERENCE = "/ModelInfer"
_CODES = {code.value[0]: code for code in grpc.StatusCode}
_BUSY_CODES = {_CODES[status.grpc] for kind, status in STATUSES.items() if issubclass(kind, BusyError)}
_SERVER_CODES = {grpc.StatusCode.INTERNAL, grpc.StatusCode.UNKNOWN, grpc.StatusCode.DEADLINE_EXCEEDED}

_Behaviour = Callable[[bytes, Any], Awaitable[bytes]]


class GrpcEdge(grpc.aio.ServerInterceptor):  # type: ignore[misc] # grpc has no types
    """An interceptor before the V2 methods, all of which are unary."""

    def __init__(self, access: Access, clock: Clock) -> None:
        self._access = access
        self._clock = clock

    async def intercept_service(
        self, continuation: Callable[[Any], Awaitable[grpc.RpcMethodHandler | None]], details: Any
    ) -> grpc.RpcMethodHandler | None:
        handler = await continuation(details)
        if handler is None:
            return None
        return grpc.unary_unary_rpc_method_handler(self._around(details.method, handler.unary_unary))

    def _around(self, method: str, inside: _Behaviour) -> _Behaviour:
        async def behaviour(body: bytes, call: Any) -> bytes:
            metadata = {key: value for key, value in call.invocation_metadata() or () if isinstance(value, str)}
            request, _ = context_of(metadata)  # a fault of it is found again, and answered, inside
            caller = Caller(_with_call_deadline(request, call.time_remaining()), self._clock())
            with serving(caller):
                try:
                    caller.policy = policy_of(metadata.get(POLICY_HEADER))
                    with self._access.admitted(method, metadata, caller):
                        return await inside(body, _Call(call, metadata, request.request_id))
                except SummitError as error:
                    caller.note_error(error)
                    trailing = trailing_metadata(error, request.request_id)
                    await call.abort(_CODES[status_of(error).grpc], error.message, trailing)
                    raise
                finally:
                    if method.endswith(_INFERENCE):
                        caller.outcome = caller.outcome or _outcome_of(call.code())
                        caller.count(self._clock())

        return behaviour


def _with_call_deadline(request: RequestContext, remaining_seconds: float | None) -> RequestContext:
    if remaining_seconds is None:
        return request
    if request.deadline and request.deadline.remaining_seconds() < remaining_seconds:
        return request
    return replace(request, deadline=Deadline.after(remaining_seconds))


class _Call:
    """A call as the V2 methods see it: with the request id that we chose, where the caller sent none of use."""

    def __init__(self, call: Any, metadata: Mapping[str, str], request_id: str) -> None:
        self._call = call
        self._metadata = tuple({**metadata, REQUEST_ID_HEADER: request_id}.items())

    def __getattr__(self, name: str) -> Any:
        return getattr(self._call, name)

    def invocation_metadata(self) -> tuple[tuple[str, str], ...]:
        return self._metadata


def _outcome_of(code: Any) -> Outcome:
    """What a call is that ended with this code inside, without an outcome: the caller's error where no other."""
    if code in _BUSY_CODES:
        return Outcome.REFUSED
    return Outcome.ERROR if code in _SERVER_CODES else Outcome.CALLER_ERROR
