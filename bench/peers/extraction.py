"""Texts in, entities out, for the servers of other projects: the same weights, tokenizer and decoding as ours.

So only the serving differs. It imports nothing that serves; it runs in each peer's own environment.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Self

import numpy as np
from transformers import AutoModelForTokenClassification

from bench.peers.settings import BATCH_REQUESTS, PeerSettings
from bench.sequences import apart
from predictor.attention import registered
from predictor.model import Encoder, limits
from predictor.packing import TokenLabels, TokenSequence
from predictor.placement import Device, Placement, Precision
from predictor.strategy import PaddedStrategy
from transformers_stage.pipeline import TextPipeline, WindowPlan

_BUDGET_TOKENS = 512
_PLACEMENT = Placement(Device.CPU, Precision.FLOAT32)

Batch = list[int]
"""Places in the sequences that share a forward pass."""


class Extraction:
    """The model, in one worker process."""

    def __init__(self, pipeline: TextPipeline, encoder: Encoder, *, is_packed: bool) -> None:
        self._pipeline, self._encoder = pipeline, encoder
        self._batches = _budgeted if is_packed else _arrived
        encoder.prepare_thread()

    def __setstate__(self, state: dict[str, Any]) -> None:
        """In a worker that was sent a pickle: attention functions are registered anew in each process."""
        self.__dict__.update(state)
        registered(_PLACEMENT)
        self._encoder.prepare_thread()

    @classmethod
    def load(cls, settings: PeerSettings) -> Self:
        """Takes seconds."""
        is_packed = settings.forward == "packed"
        encoder = Encoder.load(settings.model_directory, _PLACEMENT) if is_packed else _plain(settings.model_directory)
        pipeline = TextPipeline.load(settings.model_directory, settings.model_directory, WindowPlan())
        extraction = cls(pipeline, encoder, is_packed=is_packed)
        extraction.entities(["Angela Merkel met the director of Siemens in Berlin."])
        return extraction

    def entities(self, texts: Sequence[str]) -> list[list[dict[str, Any]]]:
        """The entities of each text, as JSON has them."""
        encoded = self._pipeline.encode(texts)
        sequences = apart(encoded.sequences)
        labels: dict[int, TokenLabels] = {}
        for batch in self._batches(sequences):
            labels |= dict(zip(batch, self._encoder.forward([sequences[at] for at in batch]), strict=True))
        ordered = [labels[at] for at in range(len(sequences))]
        label_ids = np.concatenate([one.label_id for one in ordered])
        scores = np.concatenate([one.score for one in ordered])
        return [
            [
                {"text": s.text, "label": s.label, "start": s.start, "end": s.end, "score": round(s.score, 6)}
                for s in spans
            ]
            for spans in self._pipeline.decode(encoded, label_ids, scores)
        ]

    def entities_of_many(self, requests: Sequence[Sequence[str]]) -> list[list[list[dict[str, Any]]]]:
        """The answers to several requests that a server batched."""
        answers = iter(self.entities([text for texts in requests for text in texts]))
        return [[next(answers) for _ in texts] for texts in requests]


def _plain(directory: Path) -> Encoder:
    network = AutoModelForTokenClassification.from_pretrained(directory, local_files_only=True).eval()
    return Encoder(network, limits(network), PaddedStrategy(network, waste=1.0))


def _arrived(sequences: Sequence[TokenSequence]) -> Iterator[Batch]:
    """In the order of their arrival."""
    for start in range(0, len(sequences), BATCH_REQUESTS):
        yield list(range(start, min(start + BATCH_REQUESTS, len(sequences))))


def _budgeted(sequences: Sequence[TokenSequence]) -> Iterator[Batch]:
    """By tokens, shortest first."""
    batch: Batch = []
    tokens = 0
    for at in sorted(range(len(sequences)), key=lambda at: len(sequences[at])):
        if batch and tokens + len(sequences[at]) > _BUDGET_TOKENS:
            yield batch
            batch, tokens = [], 0
        batch.append(at)
        tokens += len(sequences[at])
    yield batch
