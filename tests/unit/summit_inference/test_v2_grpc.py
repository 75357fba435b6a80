import asyncio
from collections.abc import Mapping
from typing import Any, NoReturn

import grpc
import pytest

from summit_inference.context import current
from summit_inference.errors import Overloaded
from summit_inference.tensors import InferRequest, InferResponse, ModelMetadata, Tensor
from summit_inference.v2_grpc import generic_handler, server_options
from summit_inference.v2_grpc_messages import message_class
from summit_inference.v2_limits import Limits


class Model:
    """Does what the test sets as `does`."""

    name = "m"

    def __init__(self) -> None:
        self.does = self._answer

    async def _answer(self, _request: InferRequest) -> InferResponse:
        return InferResponse("m", (Tensor.of_bytes("id", [current().request_id.encode()]),), "3")

    async def metadata(self, _model_version: str | None) -> ModelMetadata:
        return ModelMetadata("m", ("3",), "toy", (), ())

    async def is_ready(self, _model_version: str | None) -> bool:
        return True

    async def infer(self, request: InferRequest) -> InferResponse:
        return await self.does(request)


class Aborted(Exception):
    pass


class Call:
    """What grpc.aio gives a method, with what it was told."""

    def __init__(self, remaining_seconds: float | None = None, **metadata: str | bytes) -> None:
        self._metadata = [(name.replace("_", "-"), value) for name, value in metadata.items()]
        self._remaining_seconds = remaining_seconds
        self.trailing: dict[str, str] = {}
        self.code: grpc.StatusCode | None = None
        self.details = ""

    def invocation_metadata(self) -> list[tuple[str, str | bytes]] | None:
        return self._metadata or None

    def time_remaining(self) -> float | None:
        return self._remaining_seconds

    def set_trailing_metadata(self, metadata: tuple[tuple[str, str], ...]) -> None:
        self.trailing = dict(metadata)

    async def abort(self, code: grpc.StatusCode, details: str, trailing: tuple[tuple[str, str], ...]) -> NoReturn:
        self.code, self.details, self.trailing = code, details, dict(trailing)
        raise Aborted


@pytest.fixture
def model() -> Model:
    return Model()


@pytest.fixture
def handler(model: Model) -> grpc.GenericRpcHandler:
    return generic_handler({"m": model}, server_name="s", server_version="1")


class Details:
    def __init__(self, method: str) -> None:
        self.method = f"/inference.GRPCInferenceService/{method}"
        self.invocation_metadata = ()


async def call(handler: grpc.GenericRpcHandler, method: str, fields: Mapping[str, object], context: Call) -> Any:
    body = message_class(f"{method}Request")(**fields).SerializeToString()
    answer = await handler.service(Details(method)).unary_unary(body, context)
    return message_class(f"{method}Response").FromString(answer)


async def refusal(handler: grpc.GenericRpcHandler, context: Call, **fields: object) -> Call:
    with pytest.raises(Aborted):
        await call(handler, "ModelInfer", {"model_name": "m", **fields}, context)
    return context


async def test_an_answer_carries_its_id_and_its_version(handler: grpc.GenericRpcHandler) -> None:
    context = Call(x_request_id="abc", trace_bin=b"ignored")
    answer = await call(handler, "ModelInfer", {"model_name": "m"}, context)
    assert list(answer.outputs[0].contents.bytes_contents) == [b"abc"]
    assert context.trailing == {"x-request-id": "abc", "x-model-version": "3"}


async def test_every_method_of_the_service_answers(handler: grpc.GenericRpcHandler) -> None:
    assert (await call(handler, "ServerLive", {}, Call())).live
    assert (await call(handler, "ServerReady", {}, Call())).ready
    assert (await call(handler, "ServerMetadata", {}, Call())).name == "s"
    assert (await call(handler, "ModelReady", {"name": "m"}, Call())).ready
    assert (await call(handler, "ModelMetadata", {"name": "m"}, Call())).platform == "toy"


def test_another_service_or_method_is_not_ours(handler: grpc.GenericRpcHandler) -> None:
    assert handler.service(Details("NoSuch")) is None


async def test_an_error_has_its_code_in_the_status_and_in_the_metadata(handler: grpc.GenericRpcHandler) -> None:
    context = await refusal(handler, Call(x_request_id="abc"), model_name="x")
    assert context.code is grpc.StatusCode.NOT_FOUND
    assert "it has: m" in context.details
    assert context.trailing == {"x-error-code": "model_not_found", "x-request-id": "abc"}


async def test_a_busy_model_says_when_to_come_back(handler: grpc.GenericRpcHandler, model: Model) -> None:
    async def refuse(_request: InferRequest) -> InferResponse:
        raise Overloaded("Full.", retry_after_seconds=2.1)

    model.does = refuse
    context = await refusal(handler, Call())
    assert context.code is grpc.StatusCode.RESOURCE_EXHAUSTED
    assert context.trailing["retry-after"] == "3"


async def test_a_bug_is_answered_without_its_text(handler: grpc.GenericRpcHandler, model: Model) -> None:
    async def fail(_request: InferRequest) -> InferResponse:
        raise ValueError("secret")

    model.does = fail
    context = await refusal(handler, Call())
    assert context.code is grpc.StatusCode.INTERNAL
    assert "secret" not in context.details


@pytest.mark.parametrize(
    ("context", "below_seconds"),
    [
        pytest.param(Call(10.0), 10, id="of the call"),
        pytest.param(Call(None, x_request_timeout_ms="5000"), 5, id="of the metadata"),
        pytest.param(Call(10.0, x_request_timeout_ms="5000"), 5, id="the earlier is in the metadata"),
        pytest.param(Call(10.0, x_request_timeout_ms="50000"), 10, id="the earlier is of the call"),
    ],
)
async def test_the_earlier_deadline_counts(
    handler: grpc.GenericRpcHandler, model: Model, context: Call, below_seconds: float
) -> None:
    seen: list[float] = []

    async def look(_request: InferRequest) -> InferResponse:
        deadline = current().deadline
        assert deadline
        seen.append(deadline.remaining_seconds())
        return InferResponse("m", ())

    model.does = look
    await call(handler, "ModelInfer", {"model_name": "m"}, context)
    assert below_seconds - 1 < seen[0] <= below_seconds


async def test_work_beyond_the_deadline_is_cut_off(handler: grpc.GenericRpcHandler, model: Model) -> None:
    async def wait(_request: InferRequest) -> InferResponse:
        await asyncio.Event().wait()
        raise AssertionError

    model.does = wait
    assert (await refusal(handler, Call(0.01))).code is grpc.StatusCode.DEADLINE_EXCEEDED


async def test_a_bad_deadline_is_the_callers_fault(handler: grpc.GenericRpcHandler) -> None:
    context = await refusal(handler, Call(x_request_timeout_ms="soon", x_request_id="abc"))
    assert context.code is grpc.StatusCode.INVALID_ARGUMENT
    assert context.trailing["x-request-id"] == "abc"


def test_the_transport_lets_through_what_the_limits_allow() -> None:
    options = dict(server_options(Limits(max_body_bytes=10_000_000)))
    assert options["grpc.max_receive_message_length"] > 10_000_000
    assert options["grpc.max_send_message_length"] == -1
