import errno
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from pathlib import Path

import pytest

import registry.download
from registry.artifact import open_artifact
from registry.artifact_files import ArtifactFiles, DirectoryFiles
from registry.digests import file_digests, whole_digest
from registry.download import DownloadLimits, download
from registry.reference import FILE_NAME, ModelReference
from registry.sources import Source
from registry.store import Connection
from summit_inference.errors import ArtifactError, ConfigurationError, UpstreamError, UpstreamUnreachable

ON_DISK = Connection("sqlite:///mlflow.db")
AT_ONCE = DownloadLimits(pause_seconds=0)
Serve = Callable[[ArtifactFiles], None]


class CountingFiles:
    """Files that note what was asked of them, and fail where they are told to."""

    def __init__(self, root: Path, failures: dict[str, list[Exception]] | None = None) -> None:
        self._files = DirectoryFiles(root)
        self._failures = failures or {}
        self.asked: list[str] = []

    def chunks(self, path: str) -> Iterator[bytes]:
        self.asked.append(path)
        if self._failures.get(path):
            yield b"half"
            raise self._failures[path].pop(0)
        yield from self._files.chunks(path)


@pytest.fixture
def serve(monkeypatch: pytest.MonkeyPatch) -> Serve:
    """Make `download` read from these files, wherever the reference points."""

    def put(files: ArtifactFiles) -> None:
        def opened(_source: Source, _connection: Connection) -> AbstractContextManager[ArtifactFiles]:
            return nullcontext(files)

        monkeypatch.setattr(registry.download, "open_files", opened)

    return put


def test_what_was_downloaded_opens(reference: ModelReference, tmp_path: Path) -> None:
    into = download(reference, tmp_path / "models" / "summit-extract" / "3", ON_DISK)
    assert open_artifact(into, expected_version="3").run_id == reference.run_id


def test_nothing_else_is_left_behind(reference: ModelReference, tmp_path: Path) -> None:
    into = download(reference, tmp_path / "models" / "3", ON_DISK)
    assert [entry.name for entry in into.parent.iterdir()] == ["3"]
    assert file_digests(into).keys() == reference.files.keys() | {FILE_NAME}


def test_a_mounted_volume_is_filled_in_place(reference: ModelReference, tmp_path: Path) -> None:
    volume = tmp_path / "volume"
    volume.mkdir()
    inode = volume.stat().st_ino
    download(reference, volume, ON_DISK)
    assert volume.stat().st_ino == inode
    assert open_artifact(volume).version == "3"
    assert not (volume / ".partial").exists()


def test_progress_is_told_of_every_file(reference: ModelReference, tmp_path: Path) -> None:
    steps: list[str] = []
    download(reference, tmp_path / "3", ON_DISK, progress=steps.append)
    assert steps == [f"fetched {path}" for path in reference.files]


def test_a_version_that_is_there_is_verified_and_not_fetched(
    reference: ModelReference, logged: Path, tmp_path: Path, serve: Serve
) -> None:
    into = download(reference, tmp_path / "3", ON_DISK)
    serve(files := CountingFiles(logged))
    assert download(reference, into, ON_DISK) == into
    assert files.asked == []
    (into / "MLmodel").write_text("changed")
    with pytest.raises(ArtifactError, match=r"MLmodel .* was changed"):
        download(reference, into, ON_DISK)


def test_a_directory_with_another_version_is_left_alone(reference: ModelReference, tmp_path: Path) -> None:
    into = download(reference, tmp_path / "3", ON_DISK)
    files = {**reference.files, "added.txt": "0" * 64}
    with pytest.raises(ArtifactError, match="holds version 3 of summit-extract"):
        download(replace(reference, version="4", files=files, digest=whole_digest(files)), into, ON_DISK)


@pytest.mark.parametrize("is_volume", [False, True])
def test_an_interrupted_download_goes_on_where_it_stopped(
    reference: ModelReference, logged: Path, tmp_path: Path, serve: Serve, *, is_volume: bool
) -> None:
    into = tmp_path / "3"
    if is_volume:
        into.mkdir()
    *first, last = reference.files
    serve(CountingFiles(logged, {last: [UpstreamUnreachable("gone")] * 3}))
    with pytest.raises(UpstreamUnreachable):
        download(reference, into, ON_DISK, limits=AT_ONCE)
    assert not (into / FILE_NAME).exists()
    serve(files := CountingFiles(logged))
    steps: list[str] = []
    download(reference, into, ON_DISK, progress=steps.append)
    assert files.asked == [last]
    assert steps == [*(f"kept {path}" for path in first), f"fetched {last}"]
    assert open_artifact(into).version == "3"


def test_a_volume_that_was_full_at_the_very_end_is_finished_by_the_next_run(
    reference: ModelReference, tmp_path: Path
) -> None:
    volume = tmp_path / "volume"
    volume.mkdir()
    (volume / f"{FILE_NAME}.part").write_text("{")
    download(reference, volume, ON_DISK)
    assert open_artifact(volume).version == "3"


def test_two_downloads_at_once_fetch_each_file_once(
    reference: ModelReference, logged: Path, tmp_path: Path, serve: Serve
) -> None:
    serve(files := CountingFiles(logged))
    with ThreadPoolExecutor(2) as threads:
        into = list(threads.map(lambda _: download(reference, tmp_path / "3", ON_DISK), range(2)))
    assert into == [tmp_path / "3"] * 2
    assert sorted(files.asked) == sorted(reference.files)


def test_a_stream_that_breaks_off_is_tried_again(
    reference: ModelReference, logged: Path, tmp_path: Path, serve: Serve
) -> None:
    serve(files := CountingFiles(logged, {"MLmodel": [UpstreamUnreachable("gone")] * 2}))
    download(reference, tmp_path / "3", ON_DISK, limits=AT_ONCE)
    assert files.asked.count("MLmodel") == 3


def test_broken_attempts_do_not_count_as_size(
    reference: ModelReference, logged: Path, tmp_path: Path, serve: Serve
) -> None:
    size = sum((logged / path).stat().st_size for path in reference.files)
    serve(CountingFiles(logged, {"MLmodel": [UpstreamUnreachable("gone")] * 2}))
    download(reference, tmp_path / "3", ON_DISK, limits=replace(AT_ONCE, max_bytes=size))


def test_a_version_over_the_limit_is_refused(reference: ModelReference, logged: Path, tmp_path: Path) -> None:
    size = sum((logged / path).stat().st_size for path in reference.files)
    with pytest.raises(ArtifactError, match="REGISTRY_MAX_ARTIFACT_BYTES"):
        download(reference, tmp_path / "3", ON_DISK, limits=DownloadLimits(max_bytes=size - 1))


def test_a_tampered_file_is_refused_and_never_appears(reference: ModelReference, logged: Path, tmp_path: Path) -> None:
    (logged / "model" / "config.json").write_text('{"evil": 1}')
    with pytest.raises(ArtifactError, match=r"config\.json is not what was published"):
        download(reference, tmp_path / "3", ON_DISK)
    assert not (tmp_path / "3").exists()


def test_a_pickle_is_refused_even_with_the_right_digest(
    reference: ModelReference, logged: Path, tmp_path: Path, a_pickle: Callable[[int], bytes]
) -> None:
    (logged / "model" / "model.safetensors").write_bytes(a_pickle(4))
    files = file_digests(logged)
    lying = replace(reference, files=files, digest=whole_digest(files))
    with pytest.raises(ArtifactError, match=r"model\.safetensors is a pickle"):
        download(lying, tmp_path / "3", ON_DISK)
    assert not (tmp_path / "3").exists()


def test_a_source_that_is_not_allowed_is_not_read(reference: ModelReference, tmp_path: Path) -> None:
    with pytest.raises(ArtifactError, match="not allowed here"):
        download(reference, tmp_path / "3", Connection("https://mlflow.example"))
    assert not list(tmp_path.glob("3*"))


def test_a_volume_with_other_files_is_not_taken_for_a_version(reference: ModelReference, tmp_path: Path) -> None:
    volume = tmp_path / "volume"
    volume.mkdir()
    (volume / "notes.txt").write_text("mine")
    with pytest.raises(ArtifactError, match=r"holds notes\.txt"):
        download(reference, volume, ON_DISK)
    assert not (volume / FILE_NAME).exists()


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EDQUOT])
def test_a_full_disk_is_a_sentence(
    reference: ModelReference, logged: Path, tmp_path: Path, serve: Serve, code: int
) -> None:
    serve(CountingFiles(logged, {"MLmodel": [OSError(code, "No space left on device")]}))
    with pytest.raises(ConfigurationError, match="cannot be written: no space left on device; give it room"):
        download(reference, tmp_path / "3", ON_DISK, limits=AT_ONCE)


def test_the_errors_of_a_source_are_the_callers_to_tell_apart(
    reference: ModelReference, logged: Path, tmp_path: Path, serve: Serve
) -> None:
    serve(CountingFiles(logged, {"MLmodel": [ConfigurationError("refused")]}))
    with pytest.raises(ConfigurationError, match="refused"):
        download(reference, tmp_path / "3", ON_DISK, limits=AT_ONCE)
    assert not issubclass(ConfigurationError, UpstreamError)
