"""The outermost layer of gRPC, as `edge.py` is of HTTP: who calls, whether they may, and one count for each inference.

Deadlines are kept twice: the V2 methods inside end at the call's own, when the caller listens no more, and the
dispatcher answers before it.
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import grpc

from gateway.access import Access
from gateway.caller import POLICY_HEADER, Caller, Outcome, policy_of, serving
from gateway.tally import Tally
from summit_inference.context import REQUEST_ID_HEADER
from summit_inference.deadline import Clock
from summit_inference.errors import BusyError, SummitError
from summit_inference.status import STATUSES, status_of
from summit_inference.v2_grpc import trailing_metadata, with_call_deadline
from summit_inference.v2_service import context_of

_METHOD = "POST"
"""Of HTTP/2: every call is one."""
_INFERENCE = "/ModelInfer"
_CODES = {code.value[0]: code for code in grpc.StatusCode}
_BUSY_CODES = {_CODES[status.grpc] for kind, status in STATUSES.items() if issubclass(kind, BusyError)}
_SERVER_CODES = {grpc.StatusCode.INTERNAL, grpc.StatusCode.UNKNOWN, grpc.StatusCode.DEADLINE_EXCEEDED}

_Behaviour = Callable[[bytes, Any], Awaitable[bytes]]


class GrpcEdge(grpc.aio.ServerInterceptor):  # type: ignore[misc] # grpc has no types
    """An interceptor before the V2 methods, all of which are unary."""

    def __init__(self, access: Access, tally: Tally, clock: Clock) -> None:
        self._access = access
        self._tally = tally
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
            caller = Caller(with_call_deadline(request, call.time_remaining()), self._clock())

            def count(code: Any) -> None:
                if method.endswith(_INFERENCE):
                    caller.outcome = caller.outcome or _outcome_of(code)
                    self._tally.count(caller)

            seen = _Call(call, metadata, request.request_id, on_abort=count)
            with serving(caller):
                try:
                    caller.policy = policy_of(metadata.get(POLICY_HEADER))
                    with self._access.admitted(_METHOD, method, metadata, caller):
                        return await inside(body, seen)
                except SummitError as error:
                    caller.note_error(error)
                    trailing = trailing_metadata(error, request.request_id)
                    await seen.abort(_CODES[status_of(error).grpc], error.message, trailing)
                    raise
                finally:
                    count(call.code())

        return behaviour


class _Call:
    """A call as the V2 methods see it: with the request id that we chose, where the caller sent none of use.

    `on_abort` is called with the code before the caller can see the end.
    """

    def __init__(
        self, call: Any, metadata: Mapping[str, str], request_id: str, *, on_abort: Callable[[Any], None]
    ) -> None:
        self._call = call
        self._metadata = tuple({**metadata, REQUEST_ID_HEADER: request_id}.items())
        self._on_abort = on_abort

    def __getattr__(self, name: str) -> Any:
        return getattr(self._call, name)

    def invocation_metadata(self) -> tuple[tuple[str, str], ...]:
        return self._metadata

    async def abort(self, code: Any, details: str, trailing_metadata: tuple[tuple[str, str], ...]) -> None:
        self._on_abort(code)
        await self._call.abort(code, details, trailing_metadata)


def _outcome_of(code: Any) -> Outcome:
    """What a call is that ended with this code inside, without an outcome: the caller's error where no other."""
    if code in _BUSY_CODES:
        return Outcome.REFUSED
    return Outcome.ERROR if code in _SERVER_CODES else Outcome.CALLER_ERROR
