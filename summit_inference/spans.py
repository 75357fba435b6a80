"""Spans: labelled stretches of a text, and the two ways of counting where they stand.

Everyone who finds or sends an entity uses `Span`. It knows neither tokens nor models.
"""

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate

LABELS = ("PER", "ORG", "LOC")
"""The labels that the shipped models and the fallback use; another model brings its own."""


_LAST_OF_ONE_UNIT = "\uffff"


@dataclass(frozen=True, slots=True)
class Span:
    """A mention: `text[start:end]` carries `label`.

    Units: `start` and `end` are Unicode code points, end exclusive; `score` is the probability of the label, 0 to 1.
    """

    text: str
    label: str
    start: int
    end: int
    score: float


def without_overlaps(spans: Iterable[Span]) -> list[Span]:
    """The spans in text order; of two that overlap, the longer one stays, then the surer one, then the earlier."""
    kept: list[Span] = []
    for span in sorted(spans, key=lambda s: (s.start - s.end, -s.score, s.start)):
        at = bisect_left(kept, span.start, key=lambda s: s.start)
        clear_before = at == 0 or kept[at - 1].end <= span.start
        clear_after = at == len(kept) or span.end <= kept[at].start
        if clear_before and clear_after:
            kept.insert(at, span)
    return kept


def in_utf16(text: str, spans: Sequence[Span]) -> list[Span]:
    """The same spans with `start` and `end` in UTF-16 code units, by which JavaScript, Java and C# index a string."""
    if text.isascii():
        return list(spans)
    units = [0, *accumulate(1 if character <= _LAST_OF_ONE_UNIT else 2 for character in text)]
    return [replace(span, start=units[span.start], end=units[span.end]) for span in spans]
