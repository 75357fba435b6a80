"""A lane: one thread, one core, one forward pass at a time.

It takes a batch, computes it and reports; it never waits for the event loop. What it can't survive, it reports as its
death.
"""

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from predictor.bisection import answers
from predictor.call import Text
from predictor.packing import TokenLabels, TokenSequence
from predictor.shared_queue import SharedQueue
from summit_inference.batching import Batch
from summit_inference.cost_model import Load
from summit_inference.deadline import Clock
from summit_inference.errors import SummitError
from summit_inference.urgency import Work

_ORDINARY_LENGTH = 32
_WARM_UP_PARTS = (64, 8, 2)  # of the budget


class Model(Protocol):
    """What a lane asks of a model; `predictor.model.Encoder` is one."""

    def prepare_thread(self) -> None:
        """Called once by each lane, in its thread, first."""

    def forward(self, sequences: Sequence[TokenSequence]) -> list[TokenLabels]:
        """The labels of every sequence, in order; MemoryError where they are too many."""

    def computed_tokens(self, lengths: Sequence[int]) -> int:
        """How many tokens a forward over these sequences runs over, padding included."""


@dataclass(frozen=True, slots=True, eq=False)
class Outcome:
    """A batch and what came of each of its texts.

    Units: `started_at` is an instant of the lane's clock.
    """

    batch: Batch[Text]
    answers: Sequence[tuple[Work[Text], TokenLabels | SummitError]]
    started_at: float
    compute_seconds: float


class LaneHost(Protocol):
    """Who hears from lanes, in the lanes' threads."""

    def lane_ready(self, lane: "Lane") -> None:
        """It is warm, and takes work from now on."""

    def lane_answered(self, lane: "Lane", outcome: Outcome) -> None:
        """A batch is done."""

    def lane_died(self, lane: "Lane", batch: Batch[Text] | None, error: BaseException) -> None:
        """It ends, with `batch` unanswered."""


class Lane:
    """One thread that computes until the queue is closed."""

    def __init__(self, index: int, model: Model, queue: SharedQueue[Text], *, host: LaneHost, clock: Clock) -> None:
        self.index = index
        self.busy_since: float | None = None
        """When the current forward began; None while it waits. Read by other threads."""
        self._model = model
        self._queue = queue
        self._host = host
        self._clock = clock
        self._thread = threading.Thread(target=self._run, name=f"lane-{index}", daemon=True)

    def start(self) -> None:
        """Let the thread run."""
        self._thread.start()

    def join(self, timeout_seconds: float) -> None:
        """Wait until the thread has ended, or for so long."""
        self._thread.join(timeout_seconds)

    def _run(self) -> None:
        batch: Batch[Text] | None = None
        try:
            self._model.prepare_thread()
            self._warm_up()
            self._host.lane_ready(self)
            while (batch := self._queue.take()) is not None:
                outcome = self._computed(batch)
                batch = None
                self._host.lane_answered(self, outcome)
        except BaseException as error:  # noqa: BLE001 - the root of the thread: the host must hear of any end
            self._host.lane_died(self, batch, error)

    def _computed(self, batch: Batch[Text]) -> Outcome:
        self.busy_since = started_at = self._clock()
        try:
            answered = list(answers(self._model.forward, batch.works, _sequence, self._queue.shrink_budget))
            seconds = self._clock() - started_at
            if answered and not any(isinstance(answer, SummitError) for _, answer in answered):
                self._queue.observe(batch.load, seconds)
        finally:
            self.busy_since = None
            self._queue.done(batch)
        return Outcome(batch, answered, started_at, seconds)

    def _warm_up(self) -> None:
        """Forwards of several sizes, the cost model's first; one before them pays for what is made once."""
        budget = self._queue.budget_tokens
        self._model.forward(_texts(budget // _WARM_UP_PARTS[0]))
        for part in _WARM_UP_PARTS:
            texts = _texts(budget // part)
            started_at = self._clock()
            self._model.forward(texts)
            self._queue.observe(Load.of(map(len, texts), forwards=1), self._clock() - started_at)


def _sequence(work: Work[Text]) -> TokenSequence:
    return work.payload.sequence


def _texts(tokens: int) -> list[TokenSequence]:
    """About `tokens` tokens, in texts of ordinary length. Token 0 is in every vocabulary."""
    lengths = [_ORDINARY_LENGTH] * (tokens // _ORDINARY_LENGTH) or [max(1, tokens)]
    return [TokenSequence(np.zeros(length, np.int64)) for length in lengths]
