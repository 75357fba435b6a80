"""A job from its event to its results, whatever happens on the way."""

import asyncio
import hashlib
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from servers.eventing_here import Here, digest_of, errors_of, eventing_here, manifest_of, requested, rows_of
from servers.scripted_model import POISON, ScriptedModel, spans_in

from eventing.database import Database
from summit_inference.errors import (
    InvalidRequest,
    ModelNotFound,
    Overloaded,
    SummitError,
    Unauthenticated,
    UpstreamBroken,
)
from summit_inference.events import ChunkData, CompletedData, event_of

TEXTS = [f"Hello Bob {at}, this is Ada." for at in range(11)]


@pytest.fixture
async def here(model: ScriptedModel, tmp_path: Path) -> AsyncIterator[Here]:
    """A consumer on one machine."""
    (tmp_path / "in").mkdir()
    async with eventing_here(f"sqlite:///{tmp_path / 'ledger.db'}", model.url, tmp_path) as running:
        yield running


@pytest.fixture
async def on_each(database: Database, database_url: str, model: ScriptedModel, tmp_path: Path) -> AsyncIterator[Here]:
    """A consumer on each of the databases."""
    assert database.engine.dialect.name in database_url
    async with eventing_here(database_url, model.url, tmp_path) as running:
        yield running


def _spans(text: str) -> list[dict[str, Any]]:
    return [
        {"text": s.text, "label": s.label, "start": s.start, "end": s.end, "score": s.score} for s in spans_in(text)
    ]


def _assert_whole(status: dict[str, Any], texts: list[str], model_version: str = "3") -> None:
    """Every document once, in order, as the model answers it, by this version."""
    assert status["state"] == "completed", status
    expected = [
        {"id": str(at), "line": at, "spans": _spans(text), "model_version": model_version, "degraded": False}
        for at, text in enumerate(texts, start=1)
    ]
    assert rows_of(status) == expected
    assert status["counts"] == {"total": len(texts), "done": len(texts), "failed": 0, "quarantined": 0}


def _object(folder: Path, *lines: bytes, name: str = "texts.jsonl") -> dict[str, Any]:
    path = folder / "in" / name
    path.write_bytes(b"".join(line + b"\n" for line in lines))
    content = path.read_bytes()
    return {"uri": path.as_uri(), "size_bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}


def _line(text: str) -> bytes:
    return json.dumps({"text": text}).encode()


@pytest.mark.parametrize("is_structured", [False, True], ids=["binary", "structured"])
async def test_documents_in_the_event_become_results(on_each: Here, *, is_structured: bool) -> None:
    answer = await on_each.send(requested(TEXTS), is_structured=is_structured)
    assert (answer.status_code, answer.content) == (202, b"")
    status = await on_each.ended()
    _assert_whole(status, TEXTS)
    manifest = manifest_of(status)
    assert (manifest["documents"], manifest["failed"], manifest["model_version"]) == (11, 0, "3")
    assert all(digest_of(each["uri"]) == each["sha256"] for each in manifest["objects"])


async def test_an_event_that_comes_often_is_one_job(on_each: Here) -> None:
    answers = await asyncio.gather(*(on_each.send(requested(TEXTS)) for _ in range(5)))
    assert {answer.status_code for answer in answers} == {202}
    _assert_whole(await on_each.ended(), TEXTS)
    assert (await on_each.send(requested(TEXTS))).status_code == 202
    assert len((await on_each.http.get("/jobs")).json()["jobs"]) == 1


async def test_an_object_becomes_results_and_its_bad_lines_stand_in_the_error_file(here: Here, tmp_path: Path) -> None:
    lines = [_line(text) for text in TEXTS]
    reference = _object(tmp_path, *lines[:3], b"\xff", b"{", *lines[3:])
    assert (await here.send(requested(reference=reference))).status_code == 202
    status = await here.ended()
    assert status["counts"] == {"total": 13, "done": 11, "failed": 2, "quarantined": 0}
    assert [row["line"] for row in rows_of(status)] == [1, 2, 3, *range(6, 14)]
    assert [(row["line"], row["code"]) for row in errors_of(status)] == [(4, "not_utf8"), (5, "not_json")]


async def test_all_objects_below_a_prefix_are_one_job(here: Here, tmp_path: Path) -> None:
    for name in ("a.jsonl", "b.jsonl"):
        _object(tmp_path, *map(_line, TEXTS), name=name)
    await here.send(requested(reference={"uri": f"{(tmp_path / 'in').as_uri()}/"}))
    status = await here.ended()
    assert status["counts"]["done"] == 22
    assert [row["line"] for row in rows_of(status)] == [*range(1, 12), *range(1, 12)]


async def test_an_object_of_another_digest_fails_the_job_with_its_reason(here: Here, tmp_path: Path) -> None:
    reference = _object(tmp_path, *map(_line, TEXTS)) | {"sha256": "0" * 64}
    await here.send(requested(reference=reference))
    status = await here.ended()
    assert (status["state"], status["code"], status["manifest"]) == ("failed", "digest_mismatch", None)
    assert not list(here.results.rglob("*.json"))


async def test_what_may_not_be_read_fails_the_job_before_it_begins(here: Here, model: ScriptedModel) -> None:
    reference = {"uri": "file:///etc/passwd", "size_bytes": 1, "sha256": "0" * 64}
    assert (await here.send(requested(reference=reference))).status_code == 202
    status = await here.ended()
    assert (status["state"], status["code"]) == ("failed", "forbidden")
    assert model.calls == []


async def test_a_version_that_is_not_served_fails_the_job(here: Here) -> None:
    await here.send(requested(TEXTS, model_version="9"))
    status = await here.ended()
    assert (status["state"], status["code"]) == ("failed", "model_version_not_found")


async def test_a_document_that_is_too_long_fails_alone(here: Here) -> None:
    await here.send(requested(["Bob", "a" * 100_001, "Ada"]))
    status = await here.ended()
    assert status["counts"] == {"total": 3, "done": 2, "failed": 1, "quarantined": 0}
    assert [(row["line"], row["code"]) for row in errors_of(status)] == [(2, "too_long")]


async def test_a_document_that_the_model_refuses_is_found_and_fails_alone(here: Here, model: ScriptedModel) -> None:
    model.fault = InvalidRequest("This text cannot be read.")
    texts = [*TEXTS[:5], POISON, *TEXTS[5:]]
    await here.send(requested(texts))
    status = await here.ended()
    assert status["counts"] == {"total": 12, "done": 11, "failed": 1, "quarantined": 0}
    assert [(row["line"], row["code"]) for row in errors_of(status)] == [(6, "invalid_request")]


async def test_a_document_that_breaks_the_model_is_found_and_quarantined(on_each: Here) -> None:
    texts = [*TEXTS[:5], POISON, *TEXTS[5:]]
    await on_each.send(requested(texts))
    status = await on_each.ended()
    assert status["counts"] == {"total": 12, "done": 11, "failed": 1, "quarantined": 1}
    assert [row["line"] for row in rows_of(status)] == [1, 2, 3, 4, 5, *range(7, 13)]
    (entry,) = await on_each.quarantine()
    assert (entry["kind"], entry["line"], entry["code"], entry["tries"]) == ("document", 6, "no_answer", 3)
    shown = (await on_each.http.get(f"/quarantine/{entry['id']}")).json()
    assert shown["text"] == POISON


async def test_a_replayed_document_is_a_job_of_its_own(here: Here, model: ScriptedModel) -> None:
    await here.send(requested([POISON]))
    assert (await here.ended())["counts"]["quarantined"] == 1
    (entry,) = await here.quarantine()
    model.heal()
    replayed = (await here.http.post(f"/quarantine/{entry['id']}/replay")).json()
    status = await here.ended(replayed["replayed_as"])
    assert [row["line"] for row in rows_of(status)] == [1]
    again = await here.http.post(f"/quarantine/{entry['id']}/replay")
    assert (again.status_code, again.json()["code"]) == (409, "conflict")


async def test_while_the_model_is_down_chunks_wait_and_none_is_lost(here: Here, model: ScriptedModel) -> None:
    model.is_down = True
    await here.send(requested(TEXTS))
    await asyncio.sleep(0.5)
    assert (await here.status())["state"] == "running"
    model.is_down = False
    _assert_whole(await here.ended(), TEXTS)
    assert await here.quarantine() == []


@pytest.mark.parametrize(
    "fault",
    [
        Unauthenticated("No key."),
        Overloaded("Busy.", retry_after_seconds=0.01),
        UpstreamBroken("Broken."),
        ModelNotFound("Not here yet."),
    ],
    ids=lambda fault: fault.code,
)
async def test_nothing_that_is_wrong_with_the_model_fails_a_document(
    here: Here, model: ScriptedModel, fault: SummitError
) -> None:
    model.is_down, model.down_with = True, fault
    await here.send(requested(TEXTS[:3]))
    async with asyncio.timeout(60):
        while len(model.calls) < 3:  # noqa: ASYNC110
            await asyncio.sleep(0.02)
    model.is_down = False
    _assert_whole(await here.ended(), TEXTS[:3])
    assert await here.quarantine() == []


async def test_a_version_that_is_retired_begins_the_whole_job_again_on_the_champion(
    on_each: Here, model: ScriptedModel
) -> None:
    model.retire_after(2, "4")
    await on_each.send(requested(TEXTS))
    status = await on_each.ended()
    assert (status["attempt"], status["model_version"]) == (2, "4")
    _assert_whole(status, TEXTS, "4")
    assert "/job/2/" in status["manifest"]["uri"]


async def test_a_job_stays_on_its_version_while_it_is_served(here: Here, model: ScriptedModel) -> None:
    model.is_down = True
    await here.send(requested(TEXTS))
    model.versions = ["4", "3"]
    model.is_down = False
    _assert_whole(await here.ended(), TEXTS, "3")


async def test_a_cancelled_job_stops_and_a_retried_one_completes(here: Here, model: ScriptedModel) -> None:
    model.is_down = True
    await here.send(requested(TEXTS))
    assert (await here.http.post("/jobs/job/cancel")).json()["state"] == "cancelled"
    assert (await here.http.post("/jobs/job/cancel")).status_code == 409
    model.is_down = False
    assert (await here.http.post("/jobs/job/retry")).json()["attempt"] == 2
    _assert_whole(await here.ended(), TEXTS)
    assert (await here.http.post("/jobs/job/retry")).status_code == 409


@pytest.mark.usefixtures("database")
async def test_a_consumer_that_starts_again_goes_on(database_url: str, model: ScriptedModel, tmp_path: Path) -> None:
    model.is_down = True
    async with eventing_here(database_url, model.url, tmp_path) as first:
        await first.send(requested(TEXTS))
        await asyncio.sleep(0.1)
    model.is_down = False
    async with eventing_here(database_url, model.url, tmp_path) as second:
        _assert_whole(await second.ended(), TEXTS)


async def test_an_event_that_breaks_the_contract_is_dropped_and_kept_in_the_quarantine(here: Here) -> None:
    broken = event_of(ChunkData(job_id="j", attempt=1, chunk_id="1", model_version="3"), source="/p", id="1")
    answer = await here.http.post(
        "/",
        headers={
            "ce-specversion": "1.0",
            "ce-id": "7",
            "ce-source": "/p",
            "ce-type": "ai.summit.extraction.requested.v1",
        },
        content=broken.data,
    )
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_request")
    (entry,) = await here.quarantine()
    assert (entry["kind"], entry["code"]) == ("event", "invalid_request")
    assert (await here.http.post(f"/quarantine/{entry['id']}/drop")).json()["state"] == "dropped"


async def test_no_answer_to_a_wrong_event_is_one_that_brokers_send_again(here: Here) -> None:
    await here.send(requested(TEXTS))
    taken = await here.send(requested(TEXTS, event_id="other"))
    assert (taken.status_code, taken.json()["code"]) == (422, "conflict")


async def test_our_own_news_is_taken_and_means_nothing(here: Here) -> None:
    news = event_of(
        CompletedData.model_validate(
            {
                "job_id": "x", "attempt": 1, "model": "m", "model_version": "1",
                "manifest": {"uri": "s3://a/b", "sha256": "0" * 64}, "counts": {},
            }
        ),
        source="/summit/eventing",
        id="x",
    )  # fmt: skip
    assert (await here.send(news)).status_code == 202


async def test_dead_letters_of_work_are_done_and_others_are_kept(here: Here, model: ScriptedModel) -> None:
    model.is_down = True
    await here.send(requested(TEXTS))
    chunk = event_of(ChunkData(job_id="job", attempt=1, chunk_id="0000000", model_version="3"), source="/s", id="c")
    assert (await here.send(chunk, path="/dead-letters")).status_code == 202
    assert (await here.send(requested(TEXTS, event_id="lost"), path="/dead-letters")).status_code == 202
    model.is_down = False
    _assert_whole(await here.ended(), TEXTS)
    (entry,) = await here.quarantine()
    assert (entry["code"], entry["event_type"]) == ("undeliverable", "ai.summit.extraction.requested.v1")


async def test_paths_and_queries_that_are_not_there_are_told(here: Here) -> None:
    assert (await here.http.get("/nowhere")).status_code == 404
    assert (await here.http.get("/jobs/none")).json()["code"] == "route_not_found"
    assert (await here.http.get("/quarantine/none")).status_code == 404
    assert (await here.http.delete("/jobs")).status_code == 405
    assert (await here.http.get("/jobs?limit=0")).status_code == 400
    assert (await here.http.get("/jobs?state=odd")).status_code == 400
    assert (await here.http.get("/ready")).json() == {"ready": True}
    assert (await here.http.get("/health")).status_code == 200


async def test_what_waits_is_exported(here: Here, model: ScriptedModel) -> None:
    model.is_down = True
    await here.send(requested(TEXTS))
    async with asyncio.timeout(10):
        while "ai_jobs_queued 1.0" not in (await here.http.get("/metrics")).text:  # noqa: ASYNC110
            await asyncio.sleep(0.05)
