"""From a leased chunk to its result: its documents, the model's answers, the objects that hold them."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from eventing import documents
from eventing.document import BadDocument, Document, short_enough
from eventing.documents import ReadLimits
from eventing.ledger import ChunkLedger, ChunkResult, Leased
from eventing.model import Model
from eventing.object_store import ObjectStore
from eventing.results import Answer, attempt_place, write_chunk
from summit_inference.errors import CallerError, ModelNotReady, ModelVersionNotFound, SummitError
from summit_inference.spans import Span


class ModelFailed(Exception):
    """Asking the model for a chunk's documents raised `error`: apart from what stores and ledger raise."""

    def __init__(self, error: SummitError, *, model_worked_before: bool) -> None:
        super().__init__(error.message)
        self.error = error
        self.model_worked_before = model_worked_before


@dataclass(frozen=True, slots=True)
class Answering:
    """What it takes."""

    chunks: ChunkLedger
    store: ObjectStore
    model_of: Callable[[str], Model]
    limits: ReadLimits
    max_characters: int
    """Code points of a document."""

    async def result(self, leased: Leased) -> ChunkResult:
        """The chunk's result, written.

        Raises:
            ModelFailed: the model has no answer.
            ModelVersionNotFound: the job's version is not served any more.
            ReferenceRefused: the object is not what was scanned.
            SummitError: as the store says; a BusyError where the model, asked beforehand, does not work.
        """
        found = await self.documents(leased)
        good = [each for each in found if isinstance(each, Document)]
        bad = [each for each in found if isinstance(each, BadDocument)]
        spans = await self._spans(leased, good) if good else []
        version = leased.job.model_version
        rows = [Answer(each.id, each.line, of_it, version) for each, of_it in zip(good, spans, strict=True)]
        return await self.write(leased, rows, bad)

    async def documents(self, leased: Leased) -> list[Document | BadDocument]:
        """The chunk's documents, each with what is wrong with it."""
        chunk = leased.chunk
        found: Sequence[Document | BadDocument]
        if chunk.range is None:
            found = await asyncio.to_thread(self.chunks.documents, chunk)
        else:
            found = (await documents.read(chunk.range, self.store, self.limits))[chunk.skip : chunk.skip + chunk.take]
        return [short_enough(each, self.max_characters) for each in found]

    async def write(self, leased: Leased, rows: Sequence[Answer], errors: Sequence[BadDocument]) -> ChunkResult:
        """The chunk's objects, below its attempt's place."""
        job, chunk = leased.job, leased.chunk
        place = attempt_place(job.output_uri, job.job_id, job.attempt)
        return await write_chunk(
            self.store, place, chunk.chunk_id, rows=rows, errors=errors, file_format=job.output_format
        )

    async def _spans(self, leased: Leased, good: Sequence[Document]) -> list[list[Span]]:
        model, version = self.model_of(leased.job.model), leased.job.model_version
        is_suspect = leased.chunk.was_given_back
        if is_suspect:
            await _check(model, version)
        try:
            return await model.spans([each.text for each in good], version)
        except ModelVersionNotFound:
            raise
        except SummitError as error:
            raise ModelFailed(error, model_worked_before=is_suspect) from error


async def _check(model: Model, version: str) -> None:
    """Do nothing where the model works. What it says to a harmless text is nothing about the chunk."""
    try:
        await model.check(version)
    except ModelVersionNotFound:
        raise
    except CallerError as error:
        raise ModelNotReady("The model refuses even a harmless text; chunks wait until it does not.") from error
