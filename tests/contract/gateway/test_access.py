"""Keys: which doors are open, to whom, and how far."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from contract.gateway.loopback import Door, ScriptedModel, by_rules, gateway_before, nobody, served, until
from pydantic import SecretStr

from gateway.app import Gateway
from gateway.keys import digest_of
from gateway.settings import GatewaySettings
from summit_inference.errors import ConfigurationError

TOKEN = "web-token-0123456789"  # noqa: S105
BODY = {"text": "Ada"}


def shown(token: str) -> dict[str, str]:
    return {"authorization": f"Bearer {token}"}


def entry(name: str, **members: Any) -> dict[str, Any]:
    return {"name": name, "sha256": digest_of(f"{name}-token-0123456789"), **members}


async def is_refused(door: Door) -> bool:
    return (await door.extract(BODY, headers=shown(TOKEN))).status_code == 401


@asynccontextmanager
async def door_with(folder: Path, *entries: dict[str, Any], **settings: Any) -> AsyncIterator[Door]:
    keys = folder / "keys.json"
    keys.write_text(json.dumps(entries))
    async with (
        served(ScriptedModel().app()) as url,
        gateway_before(url, keys_file=keys, watch_interval_seconds=0.05, **settings) as door,
    ):
        yield door


@pytest.mark.parametrize("headers", [{}, shown("another-token-0123456789"), {"authorization": "Basic eDp5"}])
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/extract"),
        ("POST", "/v2/models/summit-extract/infer"),
        ("GET", "/v2/models/summit-extract"),
        ("GET", "/metrics"),
        ("GET", "/nothing"),
    ],
)
async def test_without_a_known_key_every_door_but_health_is_closed(
    method: str, path: str, headers: dict[str, str]
) -> None:
    async with gateway_before(nobody(), token=TOKEN, metrics_on_main_port=True) as door:
        response = await door.http.request(method, path, headers=headers)
        assert response.status_code == 401
        assert response.json()["code"] == "unauthenticated"
        assert response.headers["www-authenticate"] == "Bearer"


async def test_health_and_readiness_take_no_key() -> None:
    async with gateway_before(nobody(), token=TOKEN) as door:
        for path in ("/health", "/ready", "/v2/health/live", "/v2/health/ready"):
            assert (await door.http.get(path)).status_code == 200, path


async def test_a_known_key_opens_the_door() -> None:
    async with served(ScriptedModel().app()) as url, gateway_before(url, token=f"web:{TOKEN}") as door:
        assert (await door.extract(BODY, headers=shown(TOKEN))).json()["degraded"] is False


async def test_the_callers_key_is_not_sent_on_to_the_model() -> None:
    model = ScriptedModel()
    async with served(model.app()) as url, gateway_before(url, token=TOKEN) as door:
        await door.extract(BODY, headers=shown(TOKEN))
    assert model.headers
    assert all("authorization" not in headers for headers in model.headers)


async def test_scopes_say_what_a_key_opens(tmp_path: Path) -> None:
    keys = (entry("web", scopes=["extract"]), entry("ops", scopes=["admin"]), entry("job", scopes=["batch"]))
    async with door_with(tmp_path, *keys, metrics_on_main_port=True) as door:

        async def status(name: str, method: str, path: str, **headers: str) -> int:
            token = shown(f"{name}-token-0123456789")
            response = await door.http.request(method, path, json=BODY, headers={**token, **headers})
            return response.status_code

        assert await status("web", "POST", "/extract") == 200
        assert await status("web", "GET", "/metrics") == 403
        assert await status("ops", "GET", "/metrics") == 200
        assert await status("ops", "POST", "/extract") == 403
        assert await status("job", "POST", "/extract") == 403
        assert await status("job", "POST", "/extract", **{"x-request-class": "batch"}) == 200


async def test_a_key_over_its_rate_is_told_to_wait(tmp_path: Path) -> None:
    async with door_with(tmp_path, entry("web", requests_per_second=0.5)) as door:
        answers = [await door.extract(BODY, headers=shown(TOKEN)) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [200, 429]
    assert answers[1].json()["code"] == "throttled"
    assert int(answers[1].headers["retry-after"]) == 2


async def test_a_key_over_its_concurrency_is_told_to_wait(tmp_path: Path) -> None:
    keys = tmp_path / "keys.json"
    keys.write_text(json.dumps([entry("web", concurrency=1)]))
    model = ScriptedModel(seconds=0.3)
    async with served(model.app()) as url, gateway_before(url, keys_file=keys) as door:
        answers = await asyncio.gather(*(door.extract(BODY, headers=shown(TOKEN)) for _ in range(3)))
    assert sorted(answer.status_code for answer in answers) == [200, 429, 429]


async def test_a_key_has_a_policy_that_a_request_can_overrule(tmp_path: Path) -> None:
    keys = tmp_path / "keys.json"
    keys.write_text(json.dumps([entry("web", degradation="refuse")]))
    async with gateway_before(nobody(), keys_file=keys) as door:
        assert (await door.extract(BODY, headers=shown(TOKEN))).status_code == 503
        overruled = await door.extract(BODY, headers={**shown(TOKEN), "x-degradation": "allow"})
        assert overruled.json()["degraded"] is True


async def test_a_changed_keys_file_counts_without_a_restart(tmp_path: Path) -> None:
    async with door_with(tmp_path, entry("web")) as door:
        assert (await door.extract(BODY, headers=shown(TOKEN))).status_code == 200
        replacement = tmp_path / "new.json"
        replacement.write_text(json.dumps([entry("other")]))
        replacement.replace(tmp_path / "keys.json")
        await until(lambda: is_refused(door), seconds=2)
        assert (await door.extract(BODY, headers=shown("other-token-0123456789"))).status_code == 200


async def test_a_keys_file_that_goes_wrong_leaves_the_keys_as_they_are(tmp_path: Path) -> None:
    async with door_with(tmp_path, entry("web")) as door:
        (tmp_path / "keys.json").write_text("[{")
        await asyncio.sleep(0.2)
        assert (await door.extract(BODY, headers=shown(TOKEN))).status_code == 200


async def test_a_keys_file_that_is_emptied_closes_the_door_and_does_not_open_it(tmp_path: Path) -> None:
    async with door_with(tmp_path, entry("web")) as door:
        (tmp_path / "keys.json").write_text("[]")
        await until(lambda: is_refused(door), seconds=2)
        assert (await door.extract(BODY)).status_code == 401


async def test_an_open_door_to_other_machines_is_refused_at_the_start() -> None:
    with pytest.raises(ConfigurationError, match="AI_GATEWAY_TOKEN"):
        Gateway(GatewaySettings(listen_host="0.0.0.0"), by_rules)


async def test_with_a_key_the_gateway_may_listen_anywhere() -> None:
    Gateway(GatewaySettings(listen_host="0.0.0.0", token=SecretStr(TOKEN)), by_rules)


async def test_a_keys_file_that_is_not_there_stops_the_start(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="GATEWAY_KEYS_FILE"):
        Gateway(GatewaySettings(keys_file=tmp_path / "none"), by_rules)
