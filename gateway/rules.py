"""The fallback inside the gateway, and how long it takes here: that much of a caller's time is kept for it."""

import asyncio
from collections.abc import Callable, Sequence

from summit_inference.deadline import Clock
from summit_inference.spans import Span

Extract = Callable[[str], Sequence[Span]]

_INLINE_CHARACTERS = 500
"""Up to here it runs on the event loop; longer texts in a thread, so that others are served meanwhile."""
_KEEP = 0.98
"""Share of the measurement that stays with each new text: the estimate follows some fifty of them."""
_SAFETY = 1.5
_SAMPLE = "Angela Merkel met Emmanuel Macron of the European Commission in Berlin on Tuesday. " * 12


class Rules:
    """Extraction by rules, and the estimate of its time."""

    def __init__(self, extract: Extract, margin_seconds: float, clock: Clock) -> None:
        self._extract = extract
        self._margin_seconds = margin_seconds
        self._clock = clock
        self._seconds = self._characters = 0.0

    def calibrate(self) -> None:
        """Run once to load the word lists, and again to measure."""
        self._spans_of([_SAMPLE])
        self._seconds = self._characters = 0.0
        self._spans_of([_SAMPLE])

    def seconds_for(self, characters: int) -> float:
        """What an answer will take, with the margin for all that is around it."""
        per_character = self._seconds / max(1.0, self._characters)
        return _SAFETY * characters * per_character + self._margin_seconds

    async def spans_of(self, texts: Sequence[str]) -> list[list[Span]]:
        """The spans of each text."""
        if sum(map(len, texts)) <= _INLINE_CHARACTERS:
            return self._spans_of(texts)
        return await asyncio.to_thread(self._spans_of, texts)

    def _spans_of(self, texts: Sequence[str]) -> list[list[Span]]:
        began = self._clock()
        spans = [list(self._extract(text)) for text in texts]
        # Sums, so that a short text that happened to take long does not count for more than it took.
        self._seconds = _KEEP * self._seconds + self._clock() - began
        self._characters = _KEEP * self._characters + sum(map(len, texts))
        return spans
