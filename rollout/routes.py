"""Where the routes document of one machine is: a file, or Redis. Whoever changes it has seen its present state."""

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from rollout.routes_file import RoutesFile
from summit_inference.routes_document import Route, RoutesDocument


class Routes(Protocol):
    """The document that the gateway follows."""

    def read(self) -> RoutesDocument | None:
        """The document, None where there is none."""

    def age_seconds(self, now: float) -> float:
        """How long the document has stood as it does: at most since it was written."""

    def write(self, routes: Sequence[Route], seen_generation: int) -> RoutesDocument:
        """The new document, of the next generation.

        Raises:
            ConfigurationError: somebody has changed it since `seen_generation` (0: since there was none).
        """


def open_routes(file: Path, redis_url: str | None) -> Routes:
    """The routes in Redis; where none is named, those of the file."""
    if redis_url is None:
        return RoutesFile(file)
    from rollout.redis_routes import RedisRoutes  # noqa: PLC0415 - redis loads much; only who uses it pays

    return RedisRoutes(redis_url)
