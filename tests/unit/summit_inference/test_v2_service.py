import asyncio
import logging

import pytest

from summit_inference.deadline import Deadline
from summit_inference.errors import (
    ArtifactError,
    BusyError,
    DeadlineExceeded,
    InternalError,
    InvalidRequest,
    ModelNotFound,
    ModelVersionNotFound,
    SummitError,
    TooLarge,
)
from summit_inference.tensors import InferRequest, InferResponse, ModelMetadata, RequestedOutput, Servable, Tensor
from summit_inference.v2_service import V2Service, answerable, context_of, version_header, within


class Model:
    """Version 1 of a model with two outputs."""

    def __init__(self, name: str = "m", *, is_loaded: bool = True) -> None:
        self.name = name
        self._is_loaded = is_loaded

    async def metadata(self, model_version: str | None) -> ModelMetadata:
        if model_version not in {None, "1"}:
            raise ModelVersionNotFound("This model has version 1.")
        return ModelMetadata(self.name, ("1",), "toy", (), ())

    async def is_ready(self, model_version: str | None) -> bool:
        return self._is_loaded and model_version in {None, "1"}

    async def infer(self, request: InferRequest) -> InferResponse:
        assert request.model_name == self.name
        outputs = (Tensor.of_bytes("a", [b"1"]), Tensor.of_bytes("b", [b"2"]))
        return InferResponse(self.name, outputs, "1", id="not the request's")


def service(*models: Servable) -> V2Service:
    return V2Service({model.name: model for model in models}, server_name="s", server_version="1")


async def test_a_model_that_is_not_here_is_named_with_those_that_are() -> None:
    with pytest.raises(ModelNotFound, match="it has: m, n"):
        await service(Model("m"), Model("n")).infer(InferRequest("x", ()))
    with pytest.raises(ModelNotFound, match="it has: none"):
        await service().metadata("x", None)


async def test_the_server_is_ready_if_every_model_is() -> None:
    assert await service(Model("m"), Model("n")).is_ready()
    assert not await service(Model("m"), Model("n", is_loaded=False)).is_ready()


async def test_a_version_that_is_not_here_is_an_error_and_not_merely_unready() -> None:
    assert await service(Model()).is_model_ready("m", "1")
    assert not await service(Model(is_loaded=False)).is_model_ready("m", "1")
    with pytest.raises(ModelVersionNotFound):
        await service(Model()).is_model_ready("m", "2")


async def test_an_answer_has_the_requests_id_and_the_outputs_asked_for() -> None:
    response = await service(Model()).infer(InferRequest("m", (), id="42", outputs=(RequestedOutput("b"),)))
    assert response.id == "42"
    assert [tensor.name for tensor in response.outputs] == ["b"]
    assert (await service(Model()).infer(InferRequest("m", ()))).id is None


async def test_what_has_no_deadline_is_not_hurried() -> None:
    async with within(None):
        await asyncio.sleep(0)


async def test_work_that_takes_longer_than_the_deadline_is_cut_off() -> None:
    with pytest.raises(DeadlineExceeded):
        async with within(Deadline.after(0.01)):
            await asyncio.Event().wait()


async def test_work_does_not_start_after_the_deadline() -> None:
    with pytest.raises(DeadlineExceeded):
        async with within(Deadline.after(-1)):
            raise AssertionError


async def test_a_timeout_of_the_work_itself_is_not_the_callers_deadline() -> None:
    with pytest.raises(TimeoutError):
        async with within(Deadline.after(60)):
            raise TimeoutError


def test_a_callers_fault_is_answered_as_it_is_and_not_logged(caplog: pytest.LogCaptureFixture) -> None:
    error = TooLarge("Send less.")
    assert answerable(error) is error
    assert not caplog.records


@pytest.mark.parametrize(
    "error", [ValueError("secret"), SummitError("secret"), BusyError("secret")], ids=["foreign", "root", "no code"]
)
def test_an_error_without_a_code_is_logged_and_its_text_stays_here(
    error: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    said = answerable(error)
    assert isinstance(said, InternalError)
    assert "secret" not in said.message
    assert caplog.records[0].levelno == logging.ERROR
    assert caplog.records[0].exc_info
    assert caplog.records[0].exc_info[1] is error


@pytest.mark.parametrize("kind", [InternalError, ArtifactError])
def test_a_fault_of_the_server_that_was_recognised_is_logged_too(
    kind: type[SummitError], caplog: pytest.LogCaptureFixture
) -> None:
    error = kind("The head has no label 7.")
    assert answerable(error) is error
    assert len(caplog.records) == 1


@pytest.mark.parametrize("version", [None, "", "3\r\nx: y", "drei ü", "3" * 200])
def test_a_version_that_no_header_can_carry_is_left_out(version: str | None) -> None:
    assert version_header(InferResponse("m", (), version)) == {}
    assert version_header(InferResponse("m", (), "3")) == {"x-model-version": "3"}


def test_a_bad_deadline_leaves_the_request_its_id() -> None:
    context, fault = context_of({"x-request-id": "abc", "x-request-timeout-ms": "soon"})
    assert context.request_id == "abc"
    assert context.deadline is None
    assert isinstance(fault, InvalidRequest)
    assert context_of({"x-request-id": "abc"})[1] is None
