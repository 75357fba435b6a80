"""The object store over a real S3."""

import asyncio
import gzip
from collections.abc import Iterator

import pytest
from servers.processes import free_ports
from servers.s3 import S3Server

from eventing.documents import Document, ObjectReference, ReadLimits, read, scan
from eventing.object_store import ObjectStore, StoreOptions, open_store
from summit_inference.errors import ConfigurationError, Conflict, Forbidden, InvalidRequest, UpstreamUnreachable

BUCKET = "texts"


@pytest.fixture(scope="module")
def bucket(s3: S3Server) -> str:
    s3.client().create_bucket(Bucket=BUCKET)
    return f"s3://{BUCKET}"


@pytest.fixture(autouse=True)
def credentials(s3: S3Server) -> Iterator[pytest.MonkeyPatch]:
    with pytest.MonkeyPatch.context() as environment:
        for name, value in s3.environment.items():
            environment.setenv(name, value)
        yield environment


@pytest.fixture
def store(s3: S3Server, bucket: str) -> ObjectStore:
    return open_store(StoreOptions(writable=[bucket], s3_endpoint_url=s3.endpoint_url))


async def content(store: ObjectStore, uri: str, start: int = 0, end: int | None = None) -> bytes:
    return b"".join([piece async for piece in store.read(uri, start, end)])


async def test_what_is_put_is_read_whole_or_in_part(store: ObjectStore, bucket: str) -> None:
    uri = f"{bucket}/whole/ä b.bin"
    body = bytes(range(256)) * 10_000
    await store.put_once(uri, body)
    assert await content(store, uri) == body
    assert await content(store, uri, 1_500_000) == body[1_500_000:]
    assert await content(store, uri, 10, 1_200_000) == body[10:1_200_000]
    assert (await store.size(uri)).size_bytes == len(body)


async def test_objects_are_written_once(store: ObjectStore, bucket: str) -> None:
    uri = f"{bucket}/once/a"
    await store.put_once(uri, b"one")
    await store.put_once(uri, b"one")
    with pytest.raises(Conflict):
        await store.put_once(uri, b"two")
    assert await content(store, uri) == b"one"


async def test_of_several_writers_at_once_one_wins(store: ObjectStore, bucket: str) -> None:
    uri = f"{bucket}/race/a"
    puts = await asyncio.gather(*(store.put_once(uri, b"%d" % n) for n in range(8)), return_exceptions=True)
    assert puts.count(None) == 1
    losers = [each for each in puts if each is not None]
    assert all(isinstance(each, Conflict) for each in losers), losers
    assert await content(store, uri) == b"%d" % puts.index(None)


async def test_objects_are_listed_by_name_and_only_below_the_prefix(store: ObjectStore, bucket: str) -> None:
    for name in ("list/b", "list/a/2", "list/a/10", "listed"):
        await store.put_once(f"{bucket}/{name}", name.encode())
    listed = [(info.uri, info.size_bytes) async for info in store.list(f"{bucket}/list/")]
    assert listed == [(f"{bucket}/list/{name}", len(f"list/{name}")) for name in ("a/10", "a/2", "b")]


async def test_an_empty_object_is_one(store: ObjectStore, bucket: str) -> None:
    await store.put_once(f"{bucket}/empty", b"")
    assert await content(store, f"{bucket}/empty") == b""


async def test_gzipped_documents_are_scanned_and_read(store: ObjectStore, bucket: str) -> None:
    uri = f"{bucket}/packed"
    await store.put_once(uri, gzip.compress(b'{"id": "a", "text": "Berlin"}\n' * 5))
    limits = ReadLimits(chunk_documents=2)
    ranges = [each async for each in scan(ObjectReference(uri), store, limits, staging=f"{bucket}/staging")]
    found = [document for each in ranges for document in await read(each, store, limits)]
    assert found == [Document(n, "a", "Berlin") for n in range(1, 6)]


async def test_a_missing_object_or_bucket_is_the_callers_mistake(store: ObjectStore, bucket: str) -> None:
    with pytest.raises(InvalidRequest):
        await store.size(f"{bucket}/none")
    with pytest.raises(InvalidRequest):
        await content(store, f"{bucket}/none")


async def test_a_bucket_that_is_not_allowed_is_not_asked(store: ObjectStore) -> None:
    with pytest.raises(Forbidden):
        await content(store, "s3://others/a")


async def test_wrong_credentials_are_an_operators_to_mend(
    store: ObjectStore, bucket: str, credentials: pytest.MonkeyPatch
) -> None:
    credentials.setenv("AWS_SECRET_ACCESS_KEY", "wrong")
    with pytest.raises(ConfigurationError) as refused:
        await store.put_once(f"{bucket}/refused", b"x")
    assert "wrong" not in str(refused.value)


async def test_an_error_that_passes_is_waited_for(bucket: str) -> None:
    statuses = iter([503] * 6)

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(f"HTTP/1.1 {next(statuses, 200)} -\r\netag: 1\r\ncontent-length: 0\r\n".encode())
        writer.write(b"connection: close\r\n\r\n")
        writer.close()
        await writer.wait_closed()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        await open_store(StoreOptions(writable=[bucket], s3_endpoint_url=url)).put_once(f"{bucket}/a", b"x")
    assert next(statuses, None) is None


async def test_a_store_that_is_gone_may_come_back(bucket: str) -> None:
    gone = f"http://127.0.0.1:{free_ports(1)[0]}"
    store = open_store(StoreOptions(writable=[bucket], s3_endpoint_url=gone, retry_seconds=0.1))
    with pytest.raises(UpstreamUnreachable):
        await store.put_once(f"{bucket}/a", b"x")
