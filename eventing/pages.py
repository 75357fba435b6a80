"""All chunks of an attempt in one state, page by page: an attempt may have more than one answer of the ledger holds."""

import asyncio
from collections.abc import Callable
from typing import TypeVar

from eventing.ledger import Chunk, FinishedChunk, Job

_C = TypeVar("_C", Chunk, FinishedChunk)


async def all_pages(page_of: Callable[..., list[_C]], job: Job) -> list[_C]:
    """`page_of` is the ledger's `chunks.open` or `chunks.finished`; in the order of the chunks."""
    found: list[_C] = []
    while page := await asyncio.to_thread(page_of, job.job_id, job.attempt, after=found[-1].chunk_id if found else ""):
        found += page
    return found
