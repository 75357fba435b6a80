"""Many documents, once: the way of a worker without any service, and what a pass is summed up as."""

from collections.abc import Sequence
from dataclasses import dataclass

from embedded.extractor import Extractor
from eventing.documents import ReadLimits

TEXTS_AT_ONCE = ReadLimits().chunk_documents
"""As many as a chunk has."""


@dataclass(frozen=True, slots=True)
class Pass:
    """All documents, once."""

    documents_per_second: float
    cpu_ms_per_document: float


def summed_up(documents: int, wall: float, cpu: float) -> Pass:
    """Units: `wall` and `cpu` are seconds for all of them."""
    return Pass(round(documents / wall, 1), round(cpu / documents * 1000, 3))


def repeated(texts: Sequence[str], count: int) -> list[str]:
    """So many of the texts, from the beginning again where they end."""
    return [texts[at % len(texts)] for at in range(count)]


def in_process(extractor: Extractor, documents: Sequence[str]) -> None:
    """Chunk after chunk through one extractor."""
    for start in range(0, len(documents), TEXTS_AT_ONCE):
        extractor.extract(documents[start : start + TEXTS_AT_ONCE])
