"""What the predictor's forward pass gives without any server: texts a second of all lanes, and the time of one text."""

import itertools
import statistics
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from bench.sequences import Batch, apart, budgeted
from predictor.model import Encoder
from predictor.packing import TokenSequence
from predictor.placement import Device, Placement, Precision
from summit_inference.tensors import InferRequest
from transformers_stage.pipeline import TextPipeline, WindowPlan

PLACEMENT = Placement(Device.CPU, Precision.FLOAT32)
TEXTS_ALONE = 50


class InProcess:
    """The encoder, the texts as its input, and the threads to compute them."""

    def __init__(self, model_directory: Path, texts: Sequence[str], lanes: int) -> None:
        self._encoder = Encoder.load(model_directory, PLACEMENT)
        pipeline = TextPipeline.load(model_directory, model_directory, WindowPlan())
        self._sequences = apart(pipeline.encode(texts).sequences)
        self._batches = budgeted(self._sequences, PLACEMENT.budget_tokens)
        self._lanes = lanes

    def texts_per_second(self, seconds: float) -> float:
        """Packed batches one after the other, on all lanes at once."""
        rates: list[float] = []
        batches = itertools.cycle(self._batches)
        threads = [threading.Thread(target=self._compute, args=(batches, seconds, rates)) for _ in range(self._lanes)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return sum(rates)

    def p50_ms_alone(self) -> float:
        """One text a forward, on a thread of its own while the others rest."""
        self._encoder.prepare_thread()
        times = []
        for sequence in self._sequences[:TEXTS_ALONE]:
            started = time.perf_counter()
            self._encoder.forward([sequence])
            times.append((time.perf_counter() - started) * 1000)
        return statistics.median(times)

    def _compute(self, batches: Iterator[Batch], seconds: float, rates: list[float]) -> None:
        self._encoder.prepare_thread()
        started, texts = time.perf_counter(), 0
        while (taken := time.perf_counter() - started) < seconds:
            batch = next(batches)  # one step in C: two threads never get the same one
            self._encoder.forward(batch)
            texts += len(batch)
        rates.append(texts / taken)


class BareForward:
    """The encoder as if it were a client of a server: what is asked is computed here, by the calling thread."""

    def __init__(self, model_directory: Path) -> None:
        self._encoder = Encoder.load(model_directory, PLACEMENT)
        self._encoder.prepare_thread()

    async def infer(self, request: InferRequest) -> None:
        """The forward of a request for one text."""
        tensors = {tensor.name: tensor.data.reshape(-1) for tensor in request.inputs}
        self._encoder.forward([TokenSequence(tensors["input_ids"], tensors.get("token_type_ids"))])
