"""A directory that becomes visible whole: files gather in a staging directory beside it, or in a volume within it."""

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from registry.digests import file_digest, files_below
from registry.reference import FILE_NAME, ModelReference
from registry.safety import unsafe_reason
from summit_inference.errors import ArtifactError, ConfigurationError

_SUFFIX = ".partial"
_REFERENCE_PART = f"{FILE_NAME}.part"


class Staging:
    """Where the files of a reference gather before `into` gets them. What is there already and right, counts."""

    def __init__(self, reference: ModelReference, into: Path) -> None:
        self._reference = reference
        self._into = into
        self._is_volume = into.is_dir()
        self.directory = into / _SUFFIX if self._is_volume else into.with_name(into.name + _SUFFIX)

    def place(self, path: str) -> Path:
        """Where the file belongs until all are there; its folder exists."""
        target = self.directory / path
        target.parent.mkdir(parents=True, exist_ok=True)
        return target

    def verified(self, path: str) -> Path | None:
        """The file, if it is here with the right digest."""
        candidates = (self.directory / path, self._into / path)
        expected = self._reference.files[path]
        return next((file for file in candidates if file.is_file() and file_digest(file) == expected), None)

    def finish(self) -> None:
        """Make the gathered files visible as `into`, and the reference last.

        Raises:
            ArtifactError: a file is of a kind that is not served, or `into` holds files of something else.
        """
        self._refuse_unsafe()
        if self._is_volume:
            self._fill_volume()
        else:
            self._remove_strays()
            self._write_reference(self.directory)
            self.directory.rename(self._into)

    def remove(self) -> None:
        """Leave nothing of the staging directory."""
        shutil.rmtree(self.directory, ignore_errors=True)

    def _refuse_unsafe(self) -> None:
        for path in self._reference.files:
            file = self.verified(path)
            reason = unsafe_reason(file) if file else "is missing"
            if reason is not None:
                raise ArtifactError(f"{path} {reason}; publish a version without it")

    def _fill_volume(self) -> None:
        for path in self._reference.files:
            if (self.directory / path).is_file():
                (self._into / path).parent.mkdir(parents=True, exist_ok=True)
                (self.directory / path).replace(self._into / path)
        self.remove()
        (self._into / _REFERENCE_PART).unlink(missing_ok=True)  # of a run for which the disk was full
        strays = files_below(self._into).keys() - self._reference.files.keys()
        if strays:
            raise ArtifactError(
                f"{self._into} holds {min(strays)}, which is not of the version; name an empty directory"
            )
        self._write_reference(self._into)

    def _remove_strays(self) -> None:
        for path, file in files_below(self.directory).items():
            if path not in self._reference.files:
                file.unlink()

    def _write_reference(self, directory: Path) -> None:
        part = directory / _REFERENCE_PART
        part.write_text(self._reference.to_json())
        part.replace(directory / FILE_NAME)


@contextmanager
def sole_use(directory: Path) -> Iterator[None]:
    """The block, while no other process is in one for the same directory; it is made if it is missing."""
    directory.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


@contextmanager
def disk_errors(directory: Path) -> Iterator[None]:
    """Turn what the disk refuses into a sentence."""
    try:
        yield
    except OSError as error:
        reason = (error.strerror or "unknown error").lower()
        raise ConfigurationError(
            f"{directory} cannot be written: {reason}; give it room and the right to write"
        ) from error
