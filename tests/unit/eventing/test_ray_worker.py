"""A chunk on Ray, without Ray: a model of the test's, files for a store."""

import asyncio
import dataclasses
import hashlib
from collections.abc import Sequence
from pathlib import Path

import pytest

from eventing.chunk_range import Range
from eventing.documents import ReadLimits
from eventing.ledger import Chunk, Job
from eventing.object_store import StoreOptions, open_store
from eventing.ray_checkpoint import done_ids, open_chunks, read_description, read_done, write_description, write_done
from eventing.ray_description import DescribedChunk, RayDescription, RayWork, described
from eventing.ray_worker import Outcome, RayWorker
from summit_inference.errors import InternalError, InvalidRequest, UpstreamBroken, UpstreamUnreachable
from summit_inference.jobs import JobState
from summit_inference.spans import Span

CONTENT = b'{"id": "a", "text": "Bob"}\n\nno json\n{"id": "b", "text": "Berlin and more"}\n{"id": "c", "text": "Eve"}\n'


class Extractor:
    """Every text is a person; some texts break it."""

    def __init__(self, *faults: Exception) -> None:
        self.faults = list(faults)
        self.calls = 0

    def extract(self, texts: Sequence[str]) -> list[list[Span]]:
        self.calls += 1
        if self.faults:
            raise self.faults.pop()
        return [[Span(text, "PER", 0, len(text), 0.5)] for text in texts]


@pytest.fixture
def description(tmp_path: Path) -> RayDescription:
    """A job whose one object is one chunk."""
    source = tmp_path / "object.jsonl"
    source.write_bytes(CONTENT)
    digest = hashlib.sha256(CONTENT).hexdigest()
    stretch = Range(source.as_uri(), source.as_uri(), 1, 5, 4, 0, len(CONTENT), digest)
    chunk = Chunk("job", 1, "00000-0000000", "00000-0000000", stretch, skip=0, take=4)
    inline = Chunk("job", 1, "0000000", "0000000", None, skip=0, take=4)
    job = Job(
        "job", JobState.RUNNING, 1, "summit-extract", "3", f"{tmp_path.as_uri()}/out", "jsonl",
        total=4, done=0, failed=0, quarantined=0, chunks_total=1, chunks_done=0, created_at=0.0, updated_at=0.0,
    )  # fmt: skip
    work = RayWork(
        models=tmp_path,
        store=StoreOptions(readable=[], writable=[tmp_path.as_uri()]),
        limits=ReadLimits(),
        max_characters=10,
        patience_seconds=0,
        workers=1,
        cpus=1,
        gpus=0,
    )
    return described(job, [chunk, inline], work)


def worker(description: RayDescription, *faults: Exception) -> RayWorker:
    return RayWorker(description, open_store(description.work.store), Extractor(*faults))


async def _done(description: RayDescription) -> set[str]:
    return {chunk_id async for chunk_id in done_ids(open_store(description.work.store), description.place)}


async def test_a_description_is_read_as_it_was_written_and_named_by_its_content(description: RayDescription) -> None:
    store = open_store(description.work.store)
    uri = await write_description(store, description)
    assert await write_description(store, description) == uri
    assert await read_description(store, uri) == description
    assert [each.chunk_id for each in description.chunks] == ["00000-0000000"]
    fewer = description.model_copy(update={"chunks": ()})
    assert await write_description(store, fewer) != uri


async def test_another_object_is_no_description(description: RayDescription) -> None:
    (chunk,) = description.chunks
    with pytest.raises(InvalidRequest, match="no description"):
        await read_description(open_store(description.work.store), chunk.range.uri)


def test_open_chunks_are_all_without_those_that_are_done(description: RayDescription) -> None:
    (chunk,) = description.chunks
    chunks = [chunk.model_copy(update={"chunk_id": f"{at}"}) for at in range(4)]
    assert [each.chunk_id for each in open_chunks(chunks, {"1", "3", "of another job"})] == ["0", "2"]


async def test_a_chunk_that_is_done_has_a_record_of_its_result(description: RayDescription, tmp_path: Path) -> None:
    (chunk,) = description.chunks
    assert await _done(description) == set()
    await _on_a_thread(worker(description), chunk)
    assert await _done(description) == {chunk.chunk_id}
    result = await read_done(open_store(description.work.store), description.place, chunk.chunk_id)
    assert (result.documents, result.failed) == (2, 2)
    assert b'"text":"Eve"' in _content(result.uri)
    assert result.errors_uri is not None
    errors = _content(result.errors_uri)
    assert b"not_json" in errors
    assert b"too_long" in errors
    assert result.uri.startswith(f"{tmp_path.as_uri()}/out/job/1/results/")


async def test_of_a_split_chunk_its_own_documents_are_done(description: RayDescription) -> None:
    (chunk,) = description.chunks
    await _on_a_thread(worker(description), chunk.model_copy(update={"skip": 3, "take": 1}))
    result = await read_done(open_store(description.work.store), description.place, chunk.chunk_id)
    assert (result.documents, result.failed) == (1, 0)


async def test_of_two_workers_the_first_result_counts(description: RayDescription) -> None:
    (chunk,) = description.chunks
    store = open_store(description.work.store)
    await _on_a_thread(worker(description), chunk)
    first = await read_done(store, description.place, chunk.chunk_id)
    other = dataclasses.replace(first, sha256="0" * 64)
    await write_done(store, description.place, chunk.chunk_id, other)
    assert await read_done(store, description.place, chunk.chunk_id) == first


async def test_a_text_that_breaks_the_model_leaves_its_chunk_to_the_consumer(description: RayDescription) -> None:
    (chunk,) = description.chunks
    assert await _on_a_thread(worker(description, InternalError("Broken.")), chunk) is Outcome.LEFT
    assert await _done(description) == set()


async def test_an_object_that_was_changed_leaves_its_chunk_to_the_consumer(description: RayDescription) -> None:
    (chunk,) = description.chunks
    changed = chunk.model_copy(update={"range": dataclasses.replace(chunk.range, sha256="0" * 64)})
    assert await _on_a_thread(worker(description), changed) is Outcome.LEFT


async def test_a_store_that_does_not_come_back_ends_the_driver(description: RayDescription) -> None:
    (chunk,) = description.chunks
    with pytest.raises(UpstreamUnreachable):
        await _on_a_thread(worker(description, UpstreamUnreachable("Away.")), chunk)


async def test_a_record_of_something_else_is_not_taken(description: RayDescription) -> None:
    (chunk,) = description.chunks
    store = open_store(description.work.store)
    await store.put_once(f"{description.place}/ray/done/{chunk.chunk_id}.json", b'{"uri": 3}')
    with pytest.raises(UpstreamBroken, match="record"):
        await read_done(store, description.place, chunk.chunk_id)


def _content(uri: str) -> bytes:
    return Path(uri.removeprefix("file://")).read_bytes()


async def _on_a_thread(worker: RayWorker, chunk: DescribedChunk) -> Outcome:
    """As an actor does it: without an event loop of its own."""
    return await asyncio.to_thread(worker.do, chunk)
