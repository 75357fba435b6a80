import asyncio
import json
from collections.abc import MutableMapping
from typing import Any

import pytest

from summit_inference.context import current
from summit_inference.errors import Overloaded
from summit_inference.tensors import InferRequest, InferResponse, ModelMetadata, Tensor
from summit_inference.v2_http import V2App
from summit_inference.v2_limits import Limits

_BODY = b'{"inputs":[{"name":"a","shape":[1],"datatype":"INT8","data":[1]}],"id":"42"}'


class Model:
    """Does what the test sets as `does`."""

    name = "m"

    def __init__(self) -> None:
        self.is_loaded = True
        self.seen: list[InferRequest] = []
        self.does = self._answer

    async def _answer(self, _request: InferRequest) -> InferResponse:
        return InferResponse("m", (Tensor.of_bytes("id", [current().request_id.encode()]),), "3")

    async def metadata(self, _model_version: str | None) -> ModelMetadata:
        return ModelMetadata("m", ("3",), "toy", (), ())

    async def is_ready(self, _model_version: str | None) -> bool:
        return self.is_loaded

    async def infer(self, request: InferRequest) -> InferResponse:
        self.seen.append(request)
        return await self.does(request)


class Answer:
    """What an application sent."""

    def __init__(self, messages: list[MutableMapping[str, Any]]) -> None:
        start, self.end = messages
        self.status: int = start["status"]
        self.headers = {name.decode(): value.decode() for name, value in start["headers"]}

    @property
    def document(self) -> Any:
        return json.loads(self.end["body"])


@pytest.fixture
def model() -> Model:
    return Model()


@pytest.fixture
def app(model: Model) -> V2App:
    return V2App({"m": model}, server_name="s", server_version="1", limits=Limits(max_body_bytes=200))


async def messages(  # noqa: PLR0913 -- what a request has
    app: V2App, method: str, path: str, *, body: bytes = b"", root_path: str = "", is_gone: bool = False, **headers: str
) -> list[MutableMapping[str, Any]]:
    sent: list[MutableMapping[str, Any]] = []
    waiting: list[dict[str, Any]] = [{"type": "http.request", "body": body}]
    if is_gone:
        waiting.append({"type": "http.disconnect"})

    async def receive() -> MutableMapping[str, Any]:
        return waiting.pop(0) if waiting else await asyncio.Event().wait()  # type: ignore[return-value]

    async def send(message: MutableMapping[str, Any]) -> None:
        sent.append(message)

    raw = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    scope = {"type": "http", "method": method, "path": path, "root_path": root_path, "headers": raw}
    await app(scope, receive, send)
    return sent


async def call(app: V2App, method: str, path: str, **options: Any) -> Answer:
    return Answer(await messages(app, method, path, **options))


async def test_an_inference_is_answered_with_its_id_and_its_version(app: V2App, model: Model) -> None:
    answer = await call(app, "POST", "/v2/models/m/versions/3/infer", body=_BODY, x_request_id="abc")
    assert answer.status == 200
    assert answer.headers["x-model-version"] == "3"
    assert answer.headers["x-request-id"] == "abc"
    assert int(answer.headers["content-length"]) == len(answer.end["body"])
    assert answer.document["id"] == "42"
    assert answer.document["outputs"][0]["data"] == ["abc"]
    assert model.seen[0].model_version == "3"


@pytest.mark.parametrize(
    ("path", "root_path"),
    [
        pytest.param("/v2/health/live", "", id="alone"),
        pytest.param("/api/v2/health/live", "/api", id="mounted"),
        pytest.param("/v2/health/live", "/v2", id="mounted at its own prefix"),
        pytest.param("/api/v2/health/live", "/api/v2/", id="mounted under its own prefix"),
        pytest.param("/v2/health/live", "/api", id="behind a proxy that strips"),
    ],
)
async def test_routes_are_found_wherever_the_application_is_mounted(app: V2App, path: str, root_path: str) -> None:
    assert (await call(app, "GET", path, root_path=root_path)).document == {"live": True}


async def test_the_server_metadata_is_found_when_mounted_at_its_own_prefix(app: V2App) -> None:
    for path in ("/v2", "/v2/"):
        assert (await call(app, "GET", path, root_path="/v2")).document["name"] == "s"


@pytest.mark.parametrize(
    "path", ["/", "/v2x", "/v2/models", "/v2/models/", "/v2/models/m/", "/v2/models/m/versions/", "/v3", "/v2/health"]
)
async def test_another_path_is_an_error_in_the_one_form(app: V2App, path: str) -> None:
    answer = await call(app, "GET", path, x_request_id="abc")
    assert answer.status == 404
    assert answer.document["code"] == "route_not_found"
    assert answer.document["request_id"] == answer.headers["x-request-id"] == "abc"


async def test_head_is_answered_as_get_without_a_body(app: V2App) -> None:
    answer = await call(app, "HEAD", "/v2")
    assert (answer.status, answer.end["body"]) == (200, b"")
    assert int(answer.headers["content-length"]) > 0


@pytest.mark.parametrize(("method", "allow"), [("DELETE", "POST"), ("HEAD", "POST"), ("OPTIONS", "POST")])
async def test_a_wrong_method_is_answered_with_the_right_ones(app: V2App, method: str, allow: str) -> None:
    answer = await call(app, method, "/v2/models/m/infer")
    assert (answer.status, answer.headers["allow"]) == (405, allow)


async def test_what_is_not_ready_is_503_with_a_time_to_come_back(app: V2App, model: Model) -> None:
    model.is_loaded = False
    for path in ("/v2/health/ready", "/v2/models/m/ready", "/v2/models/m/versions/3/ready"):
        answer = await call(app, "GET", path)
        assert (answer.status, answer.headers["retry-after"]) == (503, "1")
    assert (await call(app, "GET", "/v2/health/live")).status == 200


async def test_a_server_that_stops_is_not_live(model: Model) -> None:
    app = V2App({"m": model}, server_name="s", server_version="1", is_live=lambda: False)
    assert (await call(app, "GET", "/v2/health/live")).status == 503


async def test_an_unknown_model_is_refused_before_its_body_is_read(app: V2App) -> None:
    assert (await call(app, "POST", "/v2/models/x/infer", is_gone=True)).status == 404


async def test_a_body_over_the_limit_is_413(app: V2App, model: Model) -> None:
    answer = await call(app, "POST", "/v2/models/m/infer", body=b"0" * 201)
    assert (answer.status, answer.document["code"]) == (413, "too_large")
    assert not model.seen


async def test_a_busy_model_says_when_to_come_back(app: V2App, model: Model) -> None:
    async def refuse(_request: InferRequest) -> InferResponse:
        raise Overloaded("The queue is full; come back.", retry_after_seconds=2.1)

    model.does = refuse
    answer = await call(app, "POST", "/v2/models/m/infer", body=_BODY)
    assert (answer.status, answer.headers["retry-after"]) == (429, "3")
    assert answer.document["error"] == "The queue is full; come back."


async def test_a_bug_is_answered_without_its_text(app: V2App, model: Model, caplog: pytest.LogCaptureFixture) -> None:
    async def fail(_request: InferRequest) -> InferResponse:
        raise ValueError("secret")

    model.does = fail
    answer = await call(app, "POST", "/v2/models/m/infer", body=_BODY)
    assert (answer.status, answer.document["code"]) == (500, "internal")
    assert b"secret" not in answer.end["body"]
    assert "secret" in caplog.text


async def test_a_deadline_cuts_the_work_off(app: V2App, model: Model) -> None:
    async def wait(_request: InferRequest) -> InferResponse:
        await asyncio.Event().wait()
        raise AssertionError

    model.does = wait
    answer = await call(app, "POST", "/v2/models/m/infer", body=_BODY, x_request_timeout_ms="10")
    assert (answer.status, answer.document["code"]) == (504, "deadline_exceeded")


@pytest.mark.parametrize("path", ["/v2", "/v2/models/m/infer"])
async def test_a_bad_deadline_is_the_callers_fault_on_every_route(app: V2App, path: str) -> None:
    answer = await call(app, "GET", path, x_request_timeout_ms="soon", x_request_id="abc")
    assert (answer.status, answer.headers["x-request-id"]) == (400, "abc")


async def test_a_caller_that_hangs_up_gets_nothing_and_stops_the_work(app: V2App, model: Model) -> None:
    stopped = asyncio.Event()

    async def wait(_request: InferRequest) -> InferResponse:
        try:
            await asyncio.Event().wait()
        finally:
            stopped.set()
        raise AssertionError

    model.does = wait
    assert await messages(app, "POST", "/v2/models/m/infer", body=_BODY, is_gone=True) == []
    assert stopped.is_set()


async def test_the_lifespan_of_a_server_is_followed(app: V2App) -> None:
    waiting = [{"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}]
    sent: list[MutableMapping[str, Any]] = []

    async def receive() -> MutableMapping[str, Any]:
        return waiting.pop(0)

    async def send(message: MutableMapping[str, Any]) -> None:
        sent.append(message)

    await app({"type": "lifespan"}, receive, send)
    assert [message["type"] for message in sent] == ["lifespan.startup.complete", "lifespan.shutdown.complete"]


async def test_a_websocket_is_turned_away(app: V2App) -> None:
    sent: list[MutableMapping[str, Any]] = []

    async def receive() -> MutableMapping[str, Any]:
        raise AssertionError

    async def send(message: MutableMapping[str, Any]) -> None:
        sent.append(message)

    await app({"type": "websocket"}, receive, send)
    assert sent == [{"type": "websocket.close"}]
