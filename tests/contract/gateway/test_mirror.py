"""A tried version reads copies of callers' requests: it costs no caller anything, and what it says is counted."""

import asyncio
import json
import logging
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from contract.gateway.loopback import Door, ScriptedModel, gateway_before, nobody, served, until
from prometheus_client import REGISTRY

from summit_inference.spans import Span

TEXT = "Ada wrote"


@asynccontextmanager
async def mirroring(
    folder: Path, champion: ScriptedModel, tried: ScriptedModel, *, shadow_percent: int = 100, **settings: Any
) -> AsyncIterator[Door]:
    """A gateway that asks the champion, and sends copies to the version that is tried."""
    routes = folder / "routes.json"
    async with served(champion.app()) as url, served(tried.app()) as other:
        document = [
            {"model_version": champion.version, "percent": 100, "url": url},
            {"model_version": tried.version, "percent": 0, "url": other, "shadow_percent": shadow_percent},
        ]
        routes.write_text(json.dumps({"generation": 1, "routes": document}))
        async with gateway_before(nobody(), routes_file=routes, **settings) as door:
            yield door


def _value(name: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(name, labels) or 0.0


async def _counted(version: str, outcome: str) -> None:
    await until(lambda: _value("ai_requests_total", model_version=version, outcome=outcome, traffic="shadow") == 1)


async def test_a_copy_is_asked_of_the_exact_version_and_the_caller_gets_the_champions_answer(tmp_path: Path) -> None:
    tried = ScriptedModel("101", finds=lambda text: [Span(text[:3], "ORG", 0, 3, 0.8)])
    async with mirroring(tmp_path, ScriptedModel("100"), tried) as door:
        answer = (await door.extract({"text": TEXT})).json()
        await _counted("101", "model")
    assert (answer["model"]["version"], answer["spans"][0]["label"]) == ("100", "PER")
    assert [request.model_version for request in tried.requests] == ["101"]
    assert _value("ai_shadow_texts_total", model_version="101", verdict="different") == 1
    assert _value("ai_shadow_spans_total", model_version="101", verdict="label_flip") == 1
    assert _value("ai_shadow_extra_seconds_count", model_version="101") == 1
    assert _value("ai_requests_total", model_version="101", outcome="model", traffic="live") == 0


async def test_agreement_is_counted_text_by_text(tmp_path: Path) -> None:
    async with mirroring(tmp_path, ScriptedModel("100"), ScriptedModel("102")) as door:
        await door.extract({"texts": [TEXT, "Grace wrote", ""]})
        await _counted("102", "model")
    assert _value("ai_shadow_texts_total", model_version="102", verdict="same") == 3
    assert _value("ai_shadow_spans_total", model_version="102", verdict="common") == 2


async def test_an_entity_that_stands_elsewhere_is_a_fault_of_the_copy_alone(tmp_path: Path) -> None:
    wrong = ScriptedModel("103", finds=lambda _: [Span("Eve", "PER", 0, 3, 0.8)])
    async with mirroring(tmp_path, ScriptedModel("100"), wrong) as door:
        answer = (await door.extract({"text": TEXT})).json()
        await _counted("103", "error")
    assert not answer["degraded"]
    assert _value("ai_shadow_texts_total", model_version="103", verdict="contract_fault") == 1


async def test_a_slow_copy_keeps_no_caller_waiting_and_ends_by_its_own_deadline(tmp_path: Path) -> None:
    slow = ScriptedModel("104", seconds=30)
    async with mirroring(tmp_path, ScriptedModel("100"), slow, shadow_timeout_seconds=0.3) as door:
        began = time.monotonic()
        assert not (await door.extract({"text": TEXT})).json()["degraded"]
        assert time.monotonic() - began < 2
        await _counted("104", "error")
        assert slow.was_cancelled.is_set()


async def test_copies_over_the_bound_are_left_out_and_counted(tmp_path: Path) -> None:
    slow = ScriptedModel("105", seconds=30)
    async with mirroring(tmp_path, ScriptedModel("100"), slow, shadow_max_in_flight=2) as door:
        await asyncio.gather(*(door.extract({"text": TEXT}) for _ in range(5)))
        await until(lambda: len(slow.requests) == 2)
    assert _value("ai_shadow_dropped_total", model_version="105", reason="full") == 3


async def test_under_load_copies_go_first(tmp_path: Path) -> None:
    champion = ScriptedModel("100", seconds=0.3)
    async with mirroring(tmp_path, champion, ScriptedModel("106"), shadow_busy_in_flight=1) as door:
        answers = await asyncio.gather(*(door.extract({"text": TEXT}) for _ in range(3)))
    assert not any(answer.json()["degraded"] for answer in answers)
    assert _value("ai_shadow_dropped_total", model_version="106", reason="busy") == 2


async def test_about_the_percent_is_copied(tmp_path: Path) -> None:
    tried = ScriptedModel("107")
    async with mirroring(tmp_path, ScriptedModel("100"), tried, shadow_percent=30) as door:
        for _ in range(10):
            await asyncio.gather(*(door.extract({"text": TEXT}) for _ in range(20)))
        await asyncio.sleep(0.1)
    assert 35 <= len(tried.requests) <= 85  # 60 on average; one run in 20,000 lies outside


async def test_a_flag_stops_all_copies_and_starts_none_that_the_routes_do_not_ask_for(tmp_path: Path) -> None:
    flags = tmp_path / "flags.json"
    flags.write_text('{"shadow_percent": "0"}')
    tried = ScriptedModel("108")
    async with mirroring(tmp_path, ScriptedModel("100"), tried, flags_file=flags) as door:
        await door.extract({"text": TEXT})
    flags.write_text('{"shadow_percent": "100"}')
    async with mirroring(tmp_path, ScriptedModel("100"), tried, flags_file=flags, shadow_percent=0) as door:
        await door.extract({"text": TEXT})
    assert tried.requests == []


async def test_batch_work_and_answers_of_the_fallback_are_not_copied(tmp_path: Path) -> None:
    champion, tried = ScriptedModel("100"), ScriptedModel("109")
    async with mirroring(tmp_path, champion, tried) as door:
        await door.extract({"text": TEXT}, headers={"x-request-class": "batch"})
        await door.extract({"text": TEXT}, headers={"x-degradation": "only"})
    assert tried.requests == []


@pytest.mark.parametrize("is_logged", [False, True])
async def test_the_log_names_a_text_only_if_a_setting_says_so(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, *, is_logged: bool
) -> None:
    caplog.set_level(logging.INFO, "gateway.mirror")
    tried = ScriptedModel("110", finds=lambda _: [])
    async with mirroring(tmp_path, ScriptedModel("100"), tried, shadow_log_texts=is_logged) as door:
        await door.extract({"text": TEXT})
        await until(lambda: bool(caplog.records))
    (record,) = caplog.records
    assert (TEXT in str(vars(record))) is is_logged
    assert len(vars(record)["text_hash"]) == 16
