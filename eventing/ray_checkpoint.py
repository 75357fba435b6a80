"""Which chunks of an attempt Ray has done: an object for each, written after its results and once.

They are all that survives a driver, a worker or a node, and all that the consumer learns of the work.
"""

import hashlib
from collections.abc import AsyncIterator, Collection, Sequence

import orjson
from pydantic import TypeAdapter, ValidationError

from eventing.ledger import ChunkResult
from eventing.object_store import ObjectStore
from eventing.places import below
from eventing.ray_description import DescribedChunk, RayDescription
from summit_inference.errors import Conflict, InvalidRequest, UpstreamBroken

_SUFFIX = ".json"
_NAME_DIGITS = 16
_RESULT = TypeAdapter(ChunkResult)


async def write_description(store: ObjectStore, description: RayDescription) -> str:
    """The URI of the description, which says by its name what is in it. Raises as the store."""
    body = description.model_dump_json().encode()
    uri = below(description.place, f"ray/job-{hashlib.sha256(body).hexdigest()[:_NAME_DIGITS]}{_SUFFIX}")
    await store.put_once(uri, body)
    return uri


async def read_description(store: ObjectStore, uri: str) -> RayDescription:
    """What `write_description` wrote.

    Raises:
        InvalidRequest: there is something else.
        SummitError: as the store says.
    """
    body = b"".join([piece async for piece in store.read(uri)])
    try:
        return RayDescription.model_validate_json(body)
    except ValidationError as error:
        raise InvalidRequest("The object is no description of a job for Ray; name one that eventing wrote.") from error


async def write_done(store: ObjectStore, place: str, chunk_id: str, result: ChunkResult) -> None:
    """Record a chunk's result, unless it has one: of two workers the first counts. Raises as the store."""
    try:
        await store.put_once(_record(place, chunk_id), orjson.dumps(result))
    except Conflict:  # scores differ in the last digits from one batch to another
        return


async def done_ids(store: ObjectStore, place: str) -> AsyncIterator[str]:
    """The ids of the chunks that are done. Raises as the store."""
    prefix = _records(place)
    async for info in store.list(prefix):
        yield info.uri.removeprefix(prefix).removesuffix(_SUFFIX)


async def read_done(store: ObjectStore, place: str, chunk_id: str) -> ChunkResult:
    """What a chunk that is done has left.

    Raises:
        UpstreamBroken: the record is none of ours.
        SummitError: as the store says.
    """
    body = b"".join([piece async for piece in store.read(_record(place, chunk_id))])
    try:
        return _RESULT.validate_json(body)
    except ValidationError as error:
        raise UpstreamBroken("The record of a chunk that Ray has done is not one of ours; remove it.") from error


def open_chunks(chunks: Sequence[DescribedChunk], done: Collection[str]) -> list[DescribedChunk]:
    """Those that are left to do, in order."""
    return [each for each in chunks if each.chunk_id not in done]


def _records(place: str) -> str:
    return below(place, "ray/done/")


def _record(place: str, chunk_id: str) -> str:
    return f"{_records(place)}{chunk_id}{_SUFFIX}"
