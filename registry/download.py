"""A version's files, fetched into a directory and verified on the way; what does not match is never seen there."""

import hashlib
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from threading import Lock

from registry.artifact import verify
from registry.artifact_files import ArtifactFiles, open_files
from registry.digests import GIBIBYTE
from registry.reference import FILE_NAME, ModelReference
from registry.sources import allowed_sources, trusted_source
from registry.staging import Staging, disk_errors, sole_use
from registry.store import Connection
from summit_inference.errors import ArtifactError, UpstreamError

Progress = Callable[[str], None]
"""Is told of each step in a few words."""


@dataclass(frozen=True, slots=True)
class DownloadLimits:
    """How much and how stubbornly."""

    max_bytes: int = 8 * GIBIBYTE
    parallel_files: int = 4
    attempts: int = 3
    """Of each file, while its place cannot be reached or breaks off."""
    pause_seconds: float = 1.0
    """Before the second attempt; twice that before the third."""


NO_LIMITS_STATED = DownloadLimits()


def silent(_step: str) -> None:
    """The progress that nobody follows."""


def download(
    reference: ModelReference,
    into: Path,
    connection: Connection,
    *,
    limits: DownloadLimits = NO_LIMITS_STATED,
    progress: Progress = silent,
) -> Path:
    """The directory `into`, holding exactly the files of the reference, and the reference itself.

    A directory that did not exist appears whole or not at all. One that does (a mounted volume) gets file by file, each
    of them whole, and its `model-reference.json` last. What an interrupted download left behind counts, where its
    digests are right.

    Raises:
        ArtifactError: the source is not allowed; a file is missing, unsafe, or not what was published; all together are
            too large; or `into` holds something else.
        UpstreamError: the source cannot be reached, or broke off at every attempt.
        ConfigurationError: the disk is full, or the credentials are refused.
    """
    if _is_there(reference, into):
        return into
    source = trusted_source(reference.source, allowed_sources(connection))
    staging = Staging(reference, into)
    with disk_errors(into), sole_use(staging.directory):
        if _is_there(reference, into):  # another process was faster
            staging.remove()
            return into
        with open_files(source, connection) as files:
            _Fetch(reference, files, staging, limits, progress).run()
        staging.finish()
    return into


def _is_there(reference: ModelReference, into: Path) -> bool:
    if not (into / FILE_NAME).is_file():
        return False
    found = ModelReference.from_json((into / FILE_NAME).read_bytes())
    if found.digest != reference.digest:
        raise ArtifactError(f"{into} holds version {found.version} of {found.name}; name an empty directory")
    verify(into, reference)
    return True


class _Fetch:
    """One download into a staging directory, in several threads."""

    def __init__(
        self,
        reference: ModelReference,
        files: ArtifactFiles,
        staging: Staging,
        limits: DownloadLimits,
        progress: Progress,
    ) -> None:
        self._digests = reference.files
        self._files = files
        self._staging = staging
        self._limits = limits
        self._progress = progress
        self._left_bytes = limits.max_bytes
        self._lock = Lock()

    def run(self) -> None:
        with ThreadPoolExecutor(self._limits.parallel_files) as threads:
            for step in threads.map(self._fetch, self._digests):
                self._progress(step)

    def _fetch(self, path: str) -> str:
        if (present := self._staging.verified(path)) is not None:
            self._spend(present.stat().st_size)
            return f"kept {path}"
        for attempt in range(1, self._limits.attempts):
            try:
                return self._stream(path)
            except UpstreamError:
                time.sleep(attempt * self._limits.pause_seconds)
        return self._stream(path)

    def _stream(self, path: str) -> str:
        target = self._staging.place(path)
        part = target.with_name(f"{target.name}.part")
        digest = hashlib.sha256()
        received_bytes = 0
        try:
            with part.open("wb") as content:
                for chunk in self._files.chunks(path):
                    received_bytes += len(chunk)
                    self._spend(len(chunk))
                    digest.update(chunk)
                    content.write(chunk)
        except UpstreamError:
            self._spend(-received_bytes)
            raise
        if digest.hexdigest() != self._digests[path]:
            part.unlink()
            raise ArtifactError(f"{path} is not what was published, its sha256 is another; publish the version again")
        part.replace(target)
        return f"fetched {path}"

    def _spend(self, size_bytes: int) -> None:
        with self._lock:
            self._left_bytes -= size_bytes
            if self._left_bytes < 0:
                raise ArtifactError(
                    f"the version is larger than {self._limits.max_bytes} bytes; "
                    "if it is meant to be, raise REGISTRY_MAX_ARTIFACT_BYTES"
                )
