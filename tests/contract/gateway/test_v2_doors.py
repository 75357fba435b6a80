"""V2 over REST and gRPC is the same gateway: the same keys, policies, degradation and counts."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, nullcontext
from typing import Any

import grpc
import pytest
from contract.gateway.loopback import Door, ScriptedModel, gateway_before, nobody, served
from prometheus_client import REGISTRY
from servers.processes import free_ports

from fallback import NAME
from summit_inference import __version__
from summit_inference.errors import Overloaded
from summit_inference.v2_grpc import ERROR_CODE_KEY
from summit_inference.v2_grpc_messages import SERVICE, message_class

TOKEN = "web-token-0123456789"  # noqa: S105 -- of these tests
PATH = "/v2/models/summit-extract/infer"


def body(**parameters: object) -> dict[str, Any]:
    inputs = [{"name": "text", "shape": [1], "datatype": "BYTES", "data": ["Ada met Grace"]}]
    return {"id": "r-1", "inputs": inputs, "parameters": parameters}


async def test_a_model_answers_over_v2_with_its_lineage() -> None:
    async with served(ScriptedModel().app()) as url, gateway_before(url) as door:
        response = await door.http.post(PATH, json=body())
    answer = response.json()
    assert (answer["model_name"], answer["model_version"], answer["id"]) == ("summit-extract", "3", "r-1")
    assert answer["parameters"] == {"run_id": "run-7", "degraded": False}
    assert response.headers["x-model-version"] == "3"


async def test_a_degraded_answer_over_v2_says_so_under_parameters() -> None:
    async with gateway_before(nobody()) as door:
        answer = (await door.http.post(PATH, json=body())).json()
    assert (answer["model_name"], answer["model_version"]) == (NAME, __version__)
    assert answer["parameters"] == {"run_id": "", "degraded": True, "degraded_reason": "cold"}
    assert {output["name"] for output in answer["outputs"]} >= {
        "text_index",
        "start",
        "end",
        "label",
        "entity",
        "score",
    }


@pytest.mark.parametrize(
    ("policy", "status"), [("allow", 200), ("refuse", 503), ("only", 200), ("maybe", 400), (5, 400)]
)
async def test_the_policy_can_be_a_parameter_of_the_request(policy: object, status: int) -> None:
    async with gateway_before(nobody()) as door:
        response = await door.http.post(PATH, json=body(degradation=policy))
    assert response.status_code == status


async def test_what_is_said_to_the_gateway_is_not_said_to_the_model_and_the_rest_is() -> None:
    """Above all `binary_data_output`: between gateway and model, tensors are always raw."""
    model = ScriptedModel()
    async with served(model.app()) as url, gateway_before(url) as door:
        await door.http.post(PATH, json=body(degradation="allow", binary_data_output=False, priority="7"))
    assert model.requests[0].parameters == {"binary_data_output": True, "priority": "7"}


async def test_a_deadline_over_v2_is_kept_by_degrading() -> None:
    async with served(ScriptedModel(seconds=3).app()) as url, gateway_before(url) as door:
        response = await door.http.post(PATH, json=body(), headers={"x-request-timeout-ms": "300"})
    assert response.json()["parameters"]["degraded_reason"] == "timeout"


@asynccontextmanager
async def grpc_before(model: ScriptedModel | None, **settings: Any) -> AsyncIterator[tuple[grpc.aio.Channel, Door]]:
    (port,) = free_ports(1)
    async with (
        served((model or ScriptedModel()).app()) as url,
        gateway_before(url if model else nobody(), grpc_port=port, **settings) as door,
    ):
        server = door.gateway.grpc_server()
        await server.start()
        async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
            yield channel, door
        await server.stop(None)


async def called(channel: grpc.aio.Channel, method: str, request: Any, **options: Any) -> Any:
    answer = await channel.unary_unary(f"/{SERVICE}/{method}")(request.SerializeToString(), **options)
    return message_class(f"{method}Response").FromString(answer)


def asked(text: bytes = b"Ada met Grace") -> Any:
    request = message_class("ModelInferRequest")(model_name="summit-extract", id="r-1")
    tensor = request.inputs.add(name="text", datatype="BYTES", shape=[1])
    tensor.contents.bytes_contents.append(text)
    return request


async def test_a_model_answers_over_grpc() -> None:
    async with grpc_before(ScriptedModel()) as (channel, _):
        answer = await called(channel, "ModelInfer", asked())
    assert (answer.model_name, answer.model_version, answer.id) == ("summit-extract", "3", "r-1")
    assert answer.parameters["degraded"].bool_param is False


async def test_a_call_without_an_id_gets_one_that_the_model_gets_too() -> None:
    model = ScriptedModel()
    async with grpc_before(model) as (channel, _):
        call = channel.unary_unary(f"/{SERVICE}/ModelInfer")(asked().SerializeToString())
        await call
        trailing = dict(await call.trailing_metadata())
    assert model.headers[-1]["x-request-id"] == trailing["x-request-id"]


async def test_grpc_callers_are_answered_by_the_fallback_too() -> None:
    async with grpc_before(None) as (channel, _):
        answer = await called(channel, "ModelInfer", asked())
    assert answer.model_name == NAME
    assert answer.parameters["degraded_reason"].string_param == "cold"


async def test_the_deadline_of_a_call_is_kept_by_degrading() -> None:
    async with grpc_before(ScriptedModel(seconds=9), fallback_margin_seconds=0.5) as (channel, _):
        answer = await called(channel, "ModelInfer", asked(), timeout=1)
    assert answer.parameters["degraded_reason"].string_param == "timeout"


async def test_a_policy_travels_as_metadata_and_a_refusal_says_when_to_come_back() -> None:
    async with grpc_before(ScriptedModel(error=Overloaded("Full."))) as (channel, _):
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await called(channel, "ModelInfer", asked(), metadata=(("x-degradation", "refuse"),))
    trailing = dict(caught.value.trailing_metadata() or ())
    assert caught.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
    assert trailing[ERROR_CODE_KEY] == "overloaded"
    assert trailing["retry-after"] == "1"


@pytest.mark.parametrize("metadata", [(), (("authorization", "Bearer another-token-0123456789"),)])
@pytest.mark.parametrize("method", ["ModelInfer", "ModelMetadata", "ServerMetadata", "ModelReady"])
async def test_without_a_known_key_grpc_is_closed(method: str, metadata: tuple[tuple[str, str], ...]) -> None:
    async with grpc_before(ScriptedModel(), token=TOKEN) as (channel, _):
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await called(channel, method, message_class(f"{method}Request")(), metadata=metadata)
    assert caught.value.code() is grpc.StatusCode.UNAUTHENTICATED
    assert dict(caught.value.trailing_metadata() or ())[ERROR_CODE_KEY] == "unauthenticated"


async def test_a_key_opens_grpc_and_health_takes_none() -> None:
    async with grpc_before(ScriptedModel(), token=TOKEN) as (channel, _):
        metadata = (("authorization", f"Bearer {TOKEN}"),)
        assert (await called(channel, "ModelInfer", asked(), metadata=metadata)).model_version == "3"
        assert (await called(channel, "ServerLive", message_class("ServerLiveRequest")())).live
        assert (await called(channel, "ServerReady", message_class("ServerReadyRequest")())).ready


@pytest.mark.parametrize(
    ("model", "request_", "outcome"),
    [
        pytest.param(ScriptedModel(), asked(), "model", id="the model answers"),
        pytest.param(ScriptedModel(error=RuntimeError()), asked(), "degraded", id="the fallback answers"),
        pytest.param(ScriptedModel(), asked(b"\xff"), "caller_error", id="a wrong request"),
        pytest.param(
            ScriptedModel(), message_class("ModelInferRequest")(model_name="m"), "caller_error", id="an unknown model"
        ),
    ],
)
async def test_a_call_is_counted_once(model: ScriptedModel, request_: Any, outcome: str) -> None:
    def counted() -> float:
        return sum(
            sample.value
            for metric in REGISTRY.collect()
            for sample in metric.samples
            if sample.name == "ai_requests_total" and sample.labels["outcome"] == outcome
        )

    async with grpc_before(model) as (channel, _):
        before = counted()
        is_refused = outcome == "caller_error"
        with pytest.raises(grpc.aio.AioRpcError) if is_refused else nullcontext():
            await called(channel, "ModelInfer", request_)
        assert counted() == before + 1
