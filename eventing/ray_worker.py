"""One chunk on Ray: its documents, the entities that the model in this process finds, the objects that hold them.

Knows no Ray, no ledger and no gateway. What it cannot do it leaves: the consumer does that the ordinary way, which
splits chunks, quarantines documents and tells why a job cannot go on.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol, TypeVar

from eventing import documents
from eventing.document import BadDocument, Document, short_enough
from eventing.documents import ReferenceRefused
from eventing.object_store import ObjectStore
from eventing.ray_checkpoint import write_done
from eventing.ray_description import DescribedChunk, RayDescription
from eventing.results import Answer, write_chunk
from summit_inference.errors import CallerError, InternalError, Overloaded, UpstreamError
from summit_inference.spans import Span

_log = logging.getLogger(__name__)
_R = TypeVar("_R")
_PAUSE_SECONDS = 2.0


class Outcome(StrEnum):
    """What became of a chunk."""

    DONE = "done"
    LEFT = "left"


class Extracts(Protocol):
    """`embedded.Extractor`."""

    def extract(self, texts: Sequence[str]) -> list[list[Span]]: ...


@dataclass(frozen=True, slots=True)
class RayWorker:
    """Chunks of one job, by one model."""

    description: RayDescription
    """Without the chunks."""
    store: ObjectStore
    extractor: Extracts

    def do(self, chunk: DescribedChunk) -> Outcome:
        """Do the chunk, and record that it is done.

        Raises:
            SummitError: the object store does not answer, for longer than is waited for it.
        """
        try:
            found = asyncio.run(self._patiently(lambda: self._documents(chunk)))
            good = [each for each in found if isinstance(each, Document)]
            spans = self.extractor.extract([each.text for each in good]) if good else []
            rows = [
                Answer(each.id, each.line, of_it, self.description.model_version)
                for each, of_it in zip(good, spans, strict=True)
            ]
            bad = [each for each in found if isinstance(each, BadDocument)]
            asyncio.run(self._patiently(lambda: self._write(chunk, rows, bad)))
        except (ReferenceRefused, CallerError, InternalError, Overloaded) as error:
            _log.warning("chunk left", extra={"chunk_id": chunk.chunk_id, "error": type(error).__name__})
            return Outcome.LEFT
        return Outcome.DONE

    async def _documents(self, chunk: DescribedChunk) -> list[Document | BadDocument]:
        work = self.description.work
        found = await documents.read(chunk.range, self.store, work.limits)
        return [short_enough(each, work.max_characters) for each in found[chunk.skip : chunk.skip + chunk.take]]

    async def _write(self, chunk: DescribedChunk, rows: Sequence[Answer], bad: Sequence[BadDocument]) -> None:
        place, file_format = self.description.place, self.description.output_format
        result = await write_chunk(self.store, place, chunk.chunk_id, rows=rows, errors=bad, file_format=file_format)
        await write_done(self.store, place, chunk.chunk_id, result)

    async def _patiently(self, call: Callable[[], Awaitable[_R]]) -> _R:
        until = time.monotonic() + self.description.work.patience_seconds
        while True:
            try:
                return await call()
            except UpstreamError:
                if time.monotonic() > until:
                    raise
                await asyncio.sleep(_PAUSE_SECONDS)
