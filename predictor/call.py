"""One caller's sequences, on their way through the queue until all are answered. Touched in the event loop only."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from predictor.packing import TokenLabels, TokenSequence
from summit_inference.errors import SummitError
from summit_inference.urgency import Work


class Call:
    """What one `Engine.infer` waits for."""

    def __init__(self, sequences: Sequence[TokenSequence], deadline_at: float, *, is_batch: bool) -> None:
        self.answered: asyncio.Future[list[TokenLabels]] = asyncio.get_running_loop().create_future()
        """All labels, in order; or the first error, which is everyone's."""
        self.works = [
            Work(len(sequence), Text(self, at, sequence), deadline_at, is_batch)
            for at, sequence in enumerate(sequences)
        ]
        self._labels: dict[int, TokenLabels] = {}

    @property
    def is_complete(self) -> bool:
        """Whether every sequence has its labels."""
        return len(self._labels) == len(self.works)

    def answer(self, at: int, labels: TokenLabels) -> None:
        """Take in the labels of the sequence `at`."""
        self._labels[at] = labels
        if self.is_complete and not self.answered.done():
            self.answered.set_result([self._labels[at] for at in range(len(self.works))])

    def fail(self, error: SummitError) -> None:
        """End with `error`, unless it has ended."""
        if not self.answered.done():
            self.answered.set_exception(error)


@dataclass(frozen=True, slots=True, eq=False)
class Text:
    """One sequence of a call: what waits in the queue."""

    call: Call
    at: int
    sequence: TokenSequence
