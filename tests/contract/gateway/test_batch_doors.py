"""The doors of batch work: what callers send arrives as it was sent, and only with a key that may."""

import gzip
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from contract.gateway.loopback import Door, gateway_before, nobody, served

from gateway.keys import digest_of
from summit_inference.http_message import HttpResponse, Receive, Scope, Send, headers_of, read_body, send_response

JSON = {"content-type": "application/json"}
BINARY = {
    "ce-specversion": "1.0",
    "ce-type": "ai.summit.extraction.requested.v1",
    "ce-source": "/tests",
    "ce-id": "1",
    "ce-subject": "Z%C3%BCrich",
    "content-type": "application/json",
}
STRUCTURED = {"content-type": "application/cloudevents+json; charset=utf-8"}
TRACE = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


@dataclass
class Behind:
    """What the gateway relays to: it keeps what arrives, and answers what it is told."""

    answer: HttpResponse = field(default_factory=lambda: HttpResponse(202, {}, b""))
    asked: list[tuple[str, str, dict[str, str], bytes]] = field(default_factory=list)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = headers_of(scope)
        body = await read_body(receive, {**headers, "content-encoding": "identity"}, 2**24)
        target = scope["raw_path"].decode() + (f"?{query}" if (query := scope["query_string"].decode()) else "")
        self.asked.append((scope["method"], target, headers, body))
        await send_response(send, self.answer)


@asynccontextmanager
async def doors(behind: Behind, **settings: Any) -> AsyncIterator[Door]:
    async with (
        served(behind) as url,
        gateway_before(nobody(), events_sink_url=f"{url}/ingress/default", eventing_url=url, **settings) as door,
    ):
        yield door


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        pytest.param(BINARY, b'{"documents": [{"text": "Z\xc3\xbcrich"}]}', id="binary"),
        pytest.param(STRUCTURED, b'{"specversion":"1.0" , "id":"1"}\n', id="structured, with its white space"),
        pytest.param({**BINARY, "content-encoding": "gzip"}, gzip.compress(b"{}", mtime=0), id="compressed"),
        pytest.param(BINARY, b"", id="without data"),
    ],
)
async def test_an_event_goes_to_the_sink_unchanged(headers: dict[str, str], body: bytes) -> None:
    behind = Behind()
    async with doors(behind) as door:
        response = await door.http.post("/events", content=body, headers={**headers, "traceparent": TRACE})
    assert (response.status_code, response.content) == (202, b"")
    ((method, target, arrived, content),) = behind.asked
    assert (method, target, content) == ("POST", "/ingress/default", body)
    assert headers.items() <= arrived.items()
    assert arrived["traceparent"] == TRACE
    assert arrived["x-request-id"] == response.headers["x-request-id"]


async def test_what_is_the_gateways_own_stays_there(tmp_path: Path) -> None:
    behind = Behind()
    async with doors(behind, keys_file=keys(tmp_path)) as door:
        await door.http.post("/events", headers={**BINARY, **shown("job"), "cookie": "a=b", "x-other": "1"})
    ((*_, arrived, _),) = behind.asked
    assert not {"authorization", "cookie", "x-other"} & arrived.keys()


async def test_jobs_and_quarantine_are_eventings_own_paths_and_answers() -> None:
    behind = Behind(HttpResponse(200, JSON, b'{"jobs": []}'))
    async with doors(behind) as door:
        for method, target in [("GET", "/jobs?state=running"), ("POST", "/jobs/a%2Fb/cancel"), ("GET", "/quarantine")]:
            response = await door.http.request(method, target)
            assert (response.status_code, response.json()) == (200, {"jobs": []})
            assert behind.asked[-1][:2] == (method, target)


async def test_an_error_of_eventing_reaches_the_caller_as_it_is() -> None:
    error = {"error": "There is no such job.", "code": "route_not_found", "request_id": "r"}
    behind = Behind(HttpResponse(404, JSON, json.dumps(error).encode()))
    async with doors(behind) as door:
        response = await door.http.get("/jobs/none")
    assert (response.status_code, response.json()) == (404, error)


@pytest.mark.parametrize(
    ("status", "told", "code"),
    [
        (302, 502, "upstream_broken"),
        (400, 400, "invalid_request"),
        (404, 502, "upstream_broken"),
        (413, 413, "too_large"),
        (429, 429, "overloaded"),
        (500, 502, "upstream_broken"),
        (503, 503, "upstream_unreachable"),
    ],
)
async def test_what_a_foreign_broker_says_does_not_leak(status: int, told: int, code: str) -> None:
    behind = Behind(HttpResponse(status, {"server": "leaky/1.0"}, b"Traceback: secret"))
    async with doors(behind) as door:
        response = await door.http.post("/events", headers=BINARY)
    assert (response.status_code, response.json()["code"]) == (told, code)
    assert "secret" not in response.text
    assert "server" not in response.headers


async def test_a_broker_that_is_away_is_said_so_and_when_to_come_back() -> None:
    async with gateway_before(nobody(), events_sink_url=nobody()) as door:
        response = await door.http.post("/events", headers=BINARY)
    assert (response.status_code, response.json()["code"]) == (503, "upstream_unreachable")
    assert response.headers["retry-after"] == "1"


async def test_an_answer_beyond_the_limit_is_not_passed_on() -> None:
    behind = Behind(HttpResponse(200, JSON, b"[" + b"0," * 2000 + b"0]"))
    async with doors(behind, max_body_bytes=2048) as door:
        response = await door.http.get("/jobs")
    assert (response.status_code, response.json()["code"]) == (502, "upstream_broken")


@pytest.mark.parametrize("path", ["/jobs/../admin", "/jobs/%2e%2e/admin", "/quarantine/%2e"])
async def test_a_path_that_climbs_out_is_refused(path: str) -> None:
    behind = Behind()
    async with doors(behind) as door:
        request = door.http.build_request("GET", "/")
        request.url = request.url.copy_with(raw_path=path.encode())
        assert (await door.http.send(request)).status_code == 404
    assert behind.asked == []


async def test_without_their_settings_the_doors_are_not_there() -> None:
    async with gateway_before(nobody()) as door:
        for method, path in [("POST", "/events"), ("GET", "/jobs"), ("GET", "/quarantine/1")]:
            response = await door.http.request(method, path)
            assert (response.status_code, response.json()["code"]) == (404, "route_not_found")


def shown(name: str) -> dict[str, str]:
    return {"authorization": f"Bearer {name}-token-0123456789"}


def keys(folder: Path) -> Path:
    scopes = {"web": ["extract"], "job": ["batch"], "ops": ["admin"]}
    entries = [
        {"name": name, "sha256": digest_of(f"{name}-token-0123456789"), "scopes": each} for name, each in scopes.items()
    ]
    path = folder / "keys.json"
    path.write_text(json.dumps(entries))
    return path


@pytest.mark.parametrize(
    ("method", "path", "opens"),
    [
        ("POST", "/events", {"job"}),
        ("GET", "/jobs", {"job"}),
        ("GET", "/jobs/1", {"job"}),
        ("HEAD", "/quarantine", {"job"}),
        ("POST", "/jobs/1/cancel", {"ops"}),
        ("DELETE", "/quarantine/1", {"ops"}),
        ("GET", "/jobsearch", {"web"}),
    ],
)
async def test_scopes_open_the_doors_of_batch(method: str, path: str, opens: set[str], tmp_path: Path) -> None:
    async with doors(Behind(), keys_file=keys(tmp_path)) as door:
        refused = {
            name: (await door.http.request(method, path, headers=shown(name))).status_code == 403
            for name in ("web", "job", "ops")
        }
    assert refused == {name: name not in opens for name in refused}
