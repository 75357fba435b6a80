import hashlib
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.digests import MAX_FILES, file_digests, files_below, is_plain_path, whole_digest
from summit_inference.errors import ArtifactError

paths = st.sampled_from(["a", "b", "a/b", "a.b", "a-b", "ab"])
digests = st.integers(0, 3).map("{:064x}".format)


def test_every_file_has_its_sha256(tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "b.txt").write_bytes(b"b")
    (tmp_path / "a.json").write_bytes(b"{}")
    assert file_digests(tmp_path) == {
        "a.json": hashlib.sha256(b"{}").hexdigest(),
        "deep/b.txt": hashlib.sha256(b"b").hexdigest(),
    }


def test_the_digest_of_the_whole_is_that_of_sorted_lines() -> None:
    lines = f"a {'1' * 64}\nb {'2' * 64}\n"
    assert whole_digest({"b": "2" * 64, "a": "1" * 64}) == hashlib.sha256(lines.encode()).hexdigest()


@given(st.dictionaries(paths, digests, min_size=1), st.data())
def test_any_other_set_of_files_has_another_digest(files: dict[str, str], data: st.DataObject) -> None:
    other = data.draw(st.dictionaries(paths, digests))
    assert (whole_digest(files) == whole_digest(other)) == (files == other)


@pytest.mark.parametrize("path", ["config.json", "model/model-00001-of-00002.safetensors", "a.b/c_d/1"])
def test_plain_paths_are_allowed(path: str) -> None:
    assert is_plain_path(path)


@pytest.mark.parametrize(
    "path",
    [
        "",
        "/etc/passwd",
        "..",
        "../x",
        "a/../b",
        "a/./b",
        "a//b",
        "a/",
        ".hidden",
        "a\\b",
        "a b",
        "a\nb",
        "ä",
        "C:x",
        "a" * 256,
    ],
)
def test_paths_that_could_leave_or_hide_are_not(path: str) -> None:
    assert not is_plain_path(path)


def test_a_link_is_refused_wherever_it_points(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("{}")
    (tmp_path / "other.json").symlink_to("config.json")
    with pytest.raises(ArtifactError, match=re.escape("other.json")):
        files_below(tmp_path)


def test_a_linked_directory_is_refused(tmp_path: Path) -> None:
    (tmp_path / "version").mkdir()
    (tmp_path / "version" / "model").symlink_to(tmp_path)
    with pytest.raises(ArtifactError, match=r"model in .* is a link"):
        files_below(tmp_path / "version")


def test_a_hidden_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / ".secret.json").write_text("{}")
    with pytest.raises(ArtifactError, match="odd characters"):
        files_below(tmp_path)


def test_a_missing_directory_is_refused_and_not_taken_for_an_empty_one(tmp_path: Path) -> None:
    with pytest.raises(ArtifactError, match="no directory"):
        files_below(tmp_path / "missing")


def test_more_files_than_a_tag_holds_are_refused(tmp_path: Path) -> None:
    for number in range(MAX_FILES + 1):
        (tmp_path / f"{number}.txt").touch()
    with pytest.raises(ArtifactError, match=f"more than {MAX_FILES}"):
        files_below(tmp_path)


def test_files_over_the_limit_of_bytes_are_refused_before_they_are_read(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes(b"12345")
    assert file_digests(tmp_path, limit_bytes=5)
    with pytest.raises(ArtifactError, match="more than the limit of 4"):
        file_digests(tmp_path, limit_bytes=4)
