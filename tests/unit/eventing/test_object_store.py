import asyncio
from pathlib import Path

import pytest

from eventing.object_store import ObjectStore, StoreOptions, open_store
from summit_inference.errors import Conflict, Forbidden, InvalidRequest


@pytest.fixture
def store(tmp_path: Path) -> ObjectStore:
    """One that may read `in` and write `out`."""
    (tmp_path / "in").mkdir()
    return open_store(StoreOptions(readable=[f"file://{tmp_path}/in"], writable=[f"file://{tmp_path}/out"]))


async def content(store: ObjectStore, uri: str, start: int = 0, end: int | None = None) -> bytes:
    return b"".join([piece async for piece in store.read(uri, start, end)])


async def test_what_is_put_is_read_whole_or_in_part(store: ObjectStore, tmp_path: Path) -> None:
    uri = f"file://{tmp_path}/out/a/b.bin"
    body = bytes(range(256)) * 10_000
    await store.put_once(uri, body)
    assert await content(store, uri) == body
    assert await content(store, uri, 1_500_000) == body[1_500_000:]
    assert await content(store, uri, 10, 1_200_000) == body[10:1_200_000]
    assert await content(store, uri, 10, 10) == b""
    assert (await store.size(uri)).size_bytes == len(body)


async def test_the_same_content_may_be_put_again(store: ObjectStore, tmp_path: Path) -> None:
    uri = f"file://{tmp_path}/out/a"
    await store.put_once(uri, b"one")
    before = await store.size(uri)
    await store.put_once(uri, b"one")
    assert await store.size(uri) == before


async def test_another_content_is_a_conflict_and_changes_nothing(store: ObjectStore, tmp_path: Path) -> None:
    uri = f"file://{tmp_path}/out/a"
    await store.put_once(uri, b"one")
    with pytest.raises(Conflict):
        await store.put_once(uri, b"two")
    assert await content(store, uri) == b"one"


async def test_of_several_writers_at_once_one_wins(store: ObjectStore, tmp_path: Path) -> None:
    uri = f"file://{tmp_path}/out/a"
    puts = await asyncio.gather(*(store.put_once(uri, b"%d" % n) for n in range(8)), return_exceptions=True)
    assert sum(isinstance(each, Conflict) for each in puts) == 7
    assert await content(store, uri) == b"%d" % puts.index(None)


async def test_objects_are_listed_by_name_and_unfinished_ones_are_not(store: ObjectStore, tmp_path: Path) -> None:
    for name in ("b", "a/2", "a/10", ".part-x"):
        path = tmp_path / "in" / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(name.encode())
    prefix = f"file://{tmp_path}/in/"
    listed = [info.uri.removeprefix(prefix) async for info in store.list(prefix)]
    assert listed == ["a/10", "a/2", "b"]


async def test_nothing_of_a_write_that_is_done_stays_behind(store: ObjectStore, tmp_path: Path) -> None:
    await store.put_once(f"file://{tmp_path}/out/a", b"one")
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["a"]


async def test_a_missing_object_is_the_callers_mistake(store: ObjectStore, tmp_path: Path) -> None:
    with pytest.raises(InvalidRequest):
        await store.size(f"file://{tmp_path}/in/none")
    with pytest.raises(InvalidRequest):
        await content(store, f"file://{tmp_path}/in/none")


async def test_a_folder_is_no_object(store: ObjectStore, tmp_path: Path) -> None:
    with pytest.raises(InvalidRequest):
        await content(store, f"file://{tmp_path}/in")


async def test_a_place_that_is_not_allowed_is_not_touched(store: ObjectStore, tmp_path: Path) -> None:
    (tmp_path / "secret").write_bytes(b"x")
    for refused in (
        store.size(f"file://{tmp_path}/secret"),
        content(store, f"file://{tmp_path}/secret"),
        store.put_once(f"file://{tmp_path}/in/a", b"x"),
        content(store, "s3://bucket/a"),
    ):
        with pytest.raises(Forbidden):
            await refused
    assert list((tmp_path / "in").iterdir()) == []


async def test_a_symbolic_link_does_not_lead_out_of_an_allowed_folder(store: ObjectStore, tmp_path: Path) -> None:
    (tmp_path / "secret").write_bytes(b"x")
    (tmp_path / "in" / "link").symlink_to(tmp_path / "secret")
    with pytest.raises(Forbidden):
        await content(store, f"file://{tmp_path}/in/link")
