"""The OpenAPI document says what the gateway does: its routes, its messages, its errors."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import schemathesis
from contract.gateway.loopback import Door, ScriptedModel, gateway_before, nobody, served
from hypothesis import HealthCheck, given, settings
from jsonschema_rs import validate
from openapi_spec_validator import OpenAPIV31SpecValidator
from servers import stages

from gateway.openapi import MESSAGES, document
from gateway.page_files import PAGE_PATHS

SCHEMAS = Path(__file__).resolve().parents[3] / "schema" / "ai"
DOCUMENT = document()
OPERATIONS: list[Any] = [each.ok() for each in schemathesis.openapi.from_dict(DOCUMENT).get_all_operations()]  # type: ignore[union-attr] # else the test above fails
EXAMPLES = 5
"""Requests an operation."""
NAMES = {message.__name__ for message in MESSAGES}
FILES = [path for path in sorted(SCHEMAS.glob("*.json")) if json.loads(path.read_text("utf-8")).get("title") in NAMES]
UNDESCRIBED = {*PAGE_PATHS, "/openapi.json", "/metrics"}
"""The page, the document itself, and Prometheus' format."""
V2_BODY = {"inputs": [{"name": "text", "shape": [1], "datatype": "BYTES", "data": ["Ada met Grace"]}]}
CALLS = [
    ("POST", "/extract", "/extract", {"text": "Ada met Grace"}),
    ("POST", "/extract", "/extract", {"texts": ["Ada", ""]}),
    ("POST", "/extract", "/extract?degradation=only", {"text": "Ada"}),
    ("POST", "/extract", "/extract", {}),
    ("GET", "/v2", "/v2", None),
    ("GET", "/v2/models/{model}", "/v2/models/summit-extract", None),
    ("GET", "/v2/models/{model}", "/v2/models/other", None),
    ("GET", "/v2/models/{model}/ready", "/v2/models/summit-extract/ready", None),
    ("POST", "/v2/models/{model}/infer", "/v2/models/summit-extract/infer", V2_BODY),
    ("POST", "/v2/models/{model}/versions/{version}/infer", "/v2/models/summit-extract/versions/3/infer", V2_BODY),
    ("POST", "/v2/models/{model}/infer", "/v2/models/summit-extract/infer", {"inputs": []}),
    ("GET", "/state", "/state", None),
    ("GET", "/ready", "/ready", None),
]


def test_it_is_openapi_3_1() -> None:
    assert list(OpenAPIV31SpecValidator(DOCUMENT).iter_errors()) == []


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_its_schemas_are_those_of_the_files(path: Path) -> None:
    in_file = json.loads(path.read_text("utf-8").replace("#/$defs/", "#/components/schemas/"))
    parts = {**in_file.pop("$defs", {}), in_file["title"]: {k: v for k, v in in_file.items() if k != "$schema"}}
    schemas = DOCUMENT["components"]["schemas"]
    assert parts.items() <= {name: schemas[name] for name in parts}.items()


def test_every_message_has_a_file() -> None:
    assert len(FILES) == len(MESSAGES)


async def test_it_is_served_as_it_is_in_the_files() -> None:
    async with gateway_before(nobody()) as door:
        response = await door.http.get("/openapi.json")
    assert response.json() == json.loads((SCHEMAS / "openapi.json").read_text("utf-8"))


async def test_every_door_is_described_and_nothing_else() -> None:
    async with gateway_before(nobody(), events_sink_url=nobody(), metrics_on_main_port=True) as door:
        refused = (await door.http.get("/none")).json()["error"]
    served_here = set(re.findall(r"(/[a-z._]*)(?=[,. ])", refused)) - UNDESCRIBED
    described = {path for path in DOCUMENT["paths"] if not path.startswith(("/v2", "/jobs", "/quarantine"))}
    assert served_here == described


def _answer_schema(method: str, path: str, status: int) -> dict[str, Any]:
    responses = DOCUMENT["paths"][path][method.lower()]["responses"]
    response = responses.get(str(status)) or DOCUMENT["components"]["responses"]["Error"]
    return {"components": DOCUMENT["components"], **response["content"]["application/json"]["schema"]}


@pytest.mark.parametrize(("method", "path", "url", "body"), CALLS)
async def test_what_is_answered_is_what_is_described(method: str, path: str, url: str, body: object) -> None:
    async with served(ScriptedModel().app()) as upstream, gateway_before(upstream, probe_seconds=5) as door:
        response = await _sent(door, method, url, body)
    validate(_answer_schema(method, path, response.status_code), response.json())


async def _sent(door: Door, method: str, url: str, body: object) -> httpx.Response:
    return await door.http.request(method, url, json=body)


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Where a gateway answers, with nobody behind it."""
    with stages.gateway(nobody(), tmp_path_factory.mktemp("gateway")) as gateway:
        yield gateway.url


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.label)
def test_no_request_makes_the_gateway_fail(operation: Any, url: str) -> None:
    """503 is for callers who refuse the fallback, while there is no model; then it says when to come again."""

    @given(case=operation.as_strategy())
    @settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
    def is_answered(case: Any) -> None:
        response = case.call(base_url=url)
        assert response.status_code < 500 or (response.status_code == 503 and "retry-after" in response.headers)

    is_answered()
