"""`Extractor`: texts in, entities out, in this process, with the service's own code and so with its answers.

For workers, notebooks and Ray's actors: no server, no port. Encoder, engine and text pipeline are those of predictor
and transformer.
"""

import asyncio
import threading
from collections.abc import Coroutine, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

import numpy as np

from predictor.app import Predictor, build
from predictor.packing import TokenSequence
from predictor.settings import PredictorSettings
from registry.artifact import open_artifact
from summit_inference.lineage import Lineage
from summit_inference.spans import Span
from transformers_stage.pipeline import TextPipeline, TokenSequences, WindowPlan

_R = TypeVar("_R")

QUEUE_TOKENS = 2**20
"""About 30,000 sentences: the caller waits for its own work alone, so nothing is refused for waiting long."""


class Extractor:
    """One model version, loaded. Use it as a context manager, from any thread but that of an event loop."""

    def __init__(self, lineage: Lineage, pipeline: TextPipeline, predictor: Predictor) -> None:
        self.lineage = lineage
        self._pipeline, self._predictor = pipeline, predictor
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="extractor", daemon=True)

    @classmethod
    def open(
        cls,
        directory: Path,
        settings: PredictorSettings | None = None,
        plan: WindowPlan | None = None,
        *,
        expected_version: str | None = None,
    ) -> Self:
        """The extractor of the artifact in `directory`, verified; takes seconds.

        `settings` are the predictor's, of which those of the engine count here.

        Raises:
            ArtifactError: the files are not what was published, or can't be served; or they are of another version.
        """
        artifact = open_artifact(directory, expected_version=expected_version)
        chosen = settings or PredictorSettings(queue_tokens=QUEUE_TOKENS)
        predictor = build(chosen.model_copy(update={"model_directory": directory}), artifact.name)
        pipeline = TextPipeline.load(artifact.model_directory, artifact.tokenizer_directory, plan or WindowPlan())
        return cls(Lineage(artifact.name, artifact.version, artifact.run_id), pipeline, predictor)

    def __enter__(self) -> Self:
        self._thread.start()
        try:
            self._await(self._predictor.engine.start())
        except BaseException:
            self._stop()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop()

    def extract(self, texts: Sequence[str]) -> list[list[Span]]:
        """The spans of each text, in order. Texts of any length: they are cut with overlap and merged.

        Raises:
            InternalError: the model failed on one of them.
            TooLarge, Overloaded: together they are more than the engine's queue holds; send fewer at once.
        """
        encoded = self._pipeline.encode(texts)
        sequences = _apart(encoded.sequences)
        if not sequences:
            return [[] for _ in texts]
        labels = self._await(self._predictor.engine.infer(sequences, is_batch=True))
        label_ids = np.concatenate([each.label_id for each in labels])
        return self._pipeline.decode(encoded, label_ids, np.concatenate([each.score for each in labels]))

    def _await(self, work: Coroutine[Any, Any, _R]) -> _R:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()

    def _stop(self) -> None:
        self._await(self._predictor.engine.close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()


def _apart(sequences: TokenSequences) -> list[TokenSequence]:
    stops = np.cumsum(sequences.lengths)
    types = sequences.token_type_ids
    return [
        TokenSequence(sequences.input_ids[start:stop], None if types is None else types[start:stop])
        for start, stop in zip(stops - sequences.lengths, stops, strict=True)
    ]
