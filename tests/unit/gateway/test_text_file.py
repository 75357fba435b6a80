import os
from pathlib import Path

import pytest

from gateway.text_file import TextFile, replace_file
from summit_inference.errors import ConfigurationError


def parsed(content: bytes) -> str:
    if content == b"bad":
        raise ConfigurationError("bad")
    return content.decode()


async def test_a_file_that_is_not_there_is_absent() -> None:
    assert await TextFile(Path("nowhere"), parsed, "absent").read() == "absent"


async def test_a_change_is_seen_and_so_is_the_end(tmp_path: Path) -> None:
    path = tmp_path / "f"
    file = TextFile(path, parsed, "absent")
    for text in ("one", "two"):
        replace_file(path, text.encode())
        assert await file.read() == text
    path.unlink()
    assert await file.read() == "absent"


async def test_a_file_that_is_renamed_over_with_the_same_time_and_size_is_read(tmp_path: Path) -> None:
    path = tmp_path / "f"
    file = TextFile(path, parsed, "absent")
    replace_file(path, b"one")
    os.utime(path, ns=(1, 1))
    await file.read()
    replace_file(path, b"two")
    os.utime(path, ns=(1, 1))
    assert await file.read() == "two"


async def test_an_unchanged_file_is_parsed_once(tmp_path: Path) -> None:
    path = tmp_path / "f"
    contents: list[bytes] = []
    file = TextFile(path, contents.append, None)
    replace_file(path, b"one")
    await file.read()
    await file.read()
    assert contents == [b"one"]


async def test_a_file_that_cannot_be_used_is_said_again_at_each_read(tmp_path: Path) -> None:
    path = tmp_path / "f"
    replace_file(path, b"bad")
    file = TextFile(path, parsed, "absent")
    for _ in range(2):
        with pytest.raises(ConfigurationError):
            await file.read()


def test_a_write_that_fails_leaves_no_rubbish(tmp_path: Path) -> None:
    target = tmp_path / "directory"
    target.mkdir()
    with pytest.raises(OSError, match="directory"):
        replace_file(target, b"x")
    assert list(tmp_path.iterdir()) == [target]
