"""The routes document in a file, changed only by who has seen its present state."""

import fcntl
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from summit_inference.errors import ConfigurationError
from summit_inference.routes_document import Route, RoutesDocument


@dataclass(frozen=True, slots=True)
class RoutesFile:
    """The file that the gateways of one machine follow."""

    path: Path

    def read(self) -> RoutesDocument | None:
        """The document, None where there is none.

        Raises:
            ConfigurationError: the file holds something else.
        """
        try:
            return RoutesDocument.from_json(self.path.read_bytes())
        except FileNotFoundError:
            return None

    def age_seconds(self, now: float) -> float:
        """How long ago the document was written; 0 where there is none."""
        return now - self.path.stat().st_mtime if self.path.exists() else 0.0

    def write(self, routes: Sequence[Route], seen_generation: int) -> RoutesDocument:
        """The new document, of the next generation; routes that stand there already keep their generation.

        Raises:
            StaleRoutes: somebody has changed the document since `seen_generation` (0: since there was none).
            ConfigurationError: the routes contradict each other.
        """
        with self._sole_use():
            present = self.read()
            generation = present.generation if present else 0
            if generation != seen_generation:
                raise StaleRoutes("the routes were changed by another process; read them again, and decide anew")
            if present and present.routes == tuple(routes):
                return present
            document = RoutesDocument.from_json(_unchecked(generation + 1, routes))
            self._replace(document.as_json())
        return document

    def _replace(self, content: bytes) -> None:
        beside = self.path.with_suffix(".new")
        with beside.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(self.path)

    @contextmanager
    def _sole_use(self) -> Iterator[None]:
        with self.path.with_suffix(".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield


class StaleRoutes(ConfigurationError):
    """The routes document is another than the writer has seen."""


def _unchecked(generation: int, routes: Sequence[Route]) -> bytes:
    return RoutesDocument.model_construct(generation=generation, routes=tuple(routes)).as_json()
