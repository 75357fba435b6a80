"""`POST /extract`: what callers get, and what they are told when they send something else."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from contract.gateway.loopback import Door, ScriptedModel, gateway_before, served

from summit_inference.extraction import ExtractListResponse, ExtractResponse
from summit_inference.spans import Span


@pytest.fixture
async def door() -> AsyncIterator[Door]:
    async with served(ScriptedModel().app()) as url, gateway_before(url, max_texts=3, max_characters=50) as opened:
        yield opened


async def test_one_text_gives_its_entities_with_lineage(door: Door) -> None:
    response = await door.extract({"text": "Ada met Grace"}, headers={"x-request-id": "id-1"})
    answer = ExtractResponse.model_validate_json(response.content)
    assert answer.entities == ["Ada"]
    assert [(span.text, span.label, span.start, span.end, span.score) for span in answer.spans] == [
        ("Ada", "PER", 0, 3, 0.5)
    ]
    assert (answer.model.name, answer.model.version, answer.model.run_id) == ("summit-extract", "3", "run-7")
    assert (answer.degraded, answer.request_id) == (False, "id-1")
    assert response.headers["x-request-id"] == "id-1"
    assert response.headers["x-model-version"] == "3"


async def test_members_about_degradation_are_only_on_degraded_answers(door: Door) -> None:
    usual = (await door.extract({"text": "Ada"})).json()
    degraded = (await door.extract({"text": "Ada"}, params={"degradation": "only"})).json()
    assert not {"requested_model_version", "degraded_reason"} & set(usual)
    assert degraded["degraded_reason"] == "flag"
    assert degraded["model"] == {"name": "summit-fallback", "version": degraded["model"]["version"], "run_id": None}


async def test_several_texts_give_a_result_each_in_order(door: Door) -> None:
    response = await door.extract({"texts": ["Ada", "", "Grace Hopper"]})
    answer = ExtractListResponse.model_validate_json(response.content)
    assert [result.entities for result in answer.results] == [["Ada"], [], ["Grace"]]


@pytest.mark.parametrize("texts", [[], [""]], ids=["none", "an empty one"])
async def test_no_text_to_read_is_no_error(door: Door, texts: list[str]) -> None:
    response = await door.extract({"texts": texts})
    assert [result["spans"] for result in response.json()["results"]] == [[] for _ in texts]


async def test_offsets_can_be_utf16_units() -> None:
    model = ScriptedModel(finds=lambda text: [Span("Ada", "PER", text.index("Ada"), text.index("Ada") + 3, 0.5)])
    async with served(model.app()) as url, gateway_before(url) as door:
        plain = (await door.extract({"text": "🎈🎈 Ada"})).json()["spans"][0]
        utf16 = (await door.extract({"text": "🎈🎈 Ada"}, params={"offsets": "utf16"})).json()["spans"][0]
    assert (plain["start"], plain["end"]) == (3, 6)
    assert (utf16["start"], utf16["end"]) == (5, 8)


async def test_an_entity_that_is_mentioned_twice_is_one_entity_and_two_spans() -> None:
    model = ScriptedModel(finds=lambda _: [Span("Ada", "PER", 0, 3, 0.5), Span("Ada", "PER", 4, 7, 0.5)])
    async with served(model.app()) as url, gateway_before(url) as door:
        answer = (await door.extract({"text": "Ada Ada"})).json()
    assert answer["entities"] == ["Ada"]
    assert len(answer["spans"]) == 2


@pytest.mark.parametrize(
    ("content", "said"),
    [
        pytest.param(b"", "text", id="no body"),
        pytest.param(b"{", "JSON", id="half a JSON"),
        pytest.param(b"[]", "object", id="no object"),
        pytest.param(b"{}", "either 'text'", id="neither"),
        pytest.param(b'{"text": "a", "texts": ["a"]}', "either 'text'", id="both"),
        pytest.param(b'{"text": 5}', "text: ", id="a number"),
        pytest.param(b'{"text": null}', "either 'text'", id="null"),
        pytest.param(b'{"texts": ["a", 5]}', "texts.1", id="a number among texts"),
        pytest.param(b'{"text": "\\ud800"}', "JSON", id="half a surrogate pair"),
        pytest.param(b'{"text": "\xff"}', "JSON", id="no UTF-8"),
        pytest.param(b"\xef\xbb\xbf{}", "JSON", id="a byte order mark"),
    ],
)
async def test_another_body_is_refused_with_what_to_send(door: Door, content: bytes, said: str) -> None:
    response = await door.http.post("/extract", content=content)
    assert response.status_code == 400
    assert said in response.json()["error"]
    assert response.json()["code"] == "invalid_request"


async def test_a_refusal_never_repeats_the_text(door: Door) -> None:
    response = await door.http.post("/extract", content=b'{"texts": "a very private text"}')
    assert response.status_code == 400
    assert "private" not in response.text


@pytest.mark.parametrize(
    ("query", "headers"),
    [
        pytest.param({"offsets": "bytes"}, {}, id="an unknown unit"),
        pytest.param({"degradation": "maybe"}, {}, id="an unknown policy in the query"),
        pytest.param({}, {"x-degradation": "maybe"}, id="an unknown policy in the header"),
        pytest.param({}, {"x-request-timeout-ms": "soon"}, id="a deadline that is no number"),
        pytest.param({}, {"x-request-timeout-ms": "0"}, id="a deadline of nothing"),
    ],
)
async def test_an_unknown_wish_is_refused(door: Door, query: dict[str, str], headers: dict[str, str]) -> None:
    response = await door.extract({"text": "Ada"}, params=query, headers=headers)
    assert response.status_code == 400
    assert response.json()["code"] == "invalid_request"


@pytest.mark.parametrize(
    ("body", "limit"),
    [({"text": "a" * 51}, "50"), ({"texts": ["a"] * 4}, "3"), ({"texts": ["a", "ü" * 51]}, "50")],
    ids=["a long text", "many texts", "a long one among texts"],
)
async def test_what_is_over_a_limit_is_refused_with_the_limit(door: Door, body: Any, limit: str) -> None:
    response = await door.extract(body)
    assert response.status_code == 413
    assert limit in response.json()["error"]


async def test_a_limit_counts_characters_and_not_bytes(door: Door) -> None:
    assert (await door.extract({"text": "🎈" * 50})).status_code == 200


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/extract", 405, "method_not_allowed"),
        ("POST", "/health", 405, "method_not_allowed"),
        ("PUT", "/v2/models/summit-extract/infer", 405, "method_not_allowed"),
        ("POST", "/", 405, "method_not_allowed"),
        ("GET", "/nothing", 404, "route_not_found"),
        ("GET", "/extract/", 404, "route_not_found"),
        ("GET", "/metrics", 404, "route_not_found"),
        ("GET", "/v2/nothing", 404, "route_not_found"),
        ("GET", "/v2/models/other", 404, "model_not_found"),
    ],
)
async def test_every_error_has_the_one_form(door: Door, method: str, path: str, status: int, code: str) -> None:
    response = await door.http.request(method, path, headers={"x-request-id": "id-2"})
    assert response.status_code == status
    document = response.json()
    assert document == {"error": document["error"], "code": code, "request_id": "id-2"}
    assert response.headers["x-request-id"] == "id-2"
    if status == 405:
        assert method not in response.headers["allow"]


async def test_every_answer_has_the_headers_of_a_careful_server(door: Door) -> None:
    for response in (await door.extract({"text": "Ada"}), await door.http.get("/health"), await door.http.get("/no")):
        assert response.headers["x-content-type-options"] == "nosniff"
        assert response.headers["cache-control"] == "no-store"
        assert "server" not in response.headers


async def test_the_gateway_is_ready_whether_the_model_is_up_or_not_and_says_which(door: Door) -> None:
    assert (await door.http.get("/ready")).json() == {"ready": True, "fallback": "ready", "models": {"": "unknown"}}
    await door.extract({"text": "Ada"})
    assert (await door.http.get("/ready")).json()["models"] == {"": "ready"}


async def test_a_gateway_that_drains_is_alive_and_not_ready(door: Door) -> None:
    door.gateway.drain.begin()
    assert (await door.http.get("/health")).status_code == 200
    assert (await door.http.get("/ready")).status_code == 503
    assert (await door.http.get("/v2/health/ready")).status_code == 503
    assert (await door.extract({"text": "Ada"})).status_code == 200
