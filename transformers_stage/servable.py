"""The transformer as a V2 model: texts in, entities out, one call to the predictor in between."""

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Protocol, TypeVar

import numpy as np

from summit_inference.errors import TooLarge, UpstreamBroken
from summit_inference.lineage import Lineage
from summit_inference.spans import Span
from summit_inference.tensors import Datatype, InferRequest, InferResponse, ModelMetadata, Tensor
from summit_inference.text_tensors import ENTITIES, TEXT, tensors_of, texts_of
from transformers_stage.pipeline import EncodedTexts, TextPipeline, TokenSequences

R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class TextLimits:
    """What one request may carry. Texts within the limits are never cut."""

    max_texts: int = 1024
    max_text_characters: int = 100_000
    max_inline_characters: int = 4_000
    """Up to here a request is encoded on the event loop; above, in a thread, so that health checks stay quick."""


class Predictor(Protocol):
    """The server that computes, as the transformer calls it."""

    async def infer(self, request: InferRequest) -> InferResponse:
        """Labels and scores for packed tensors."""

    async def is_ready(self, model_name: str, model_version: str | None = None) -> bool:
        """Whether it would compute now."""


class TransformerServable:
    """One model version, as texts."""

    def __init__(self, lineage: Lineage, pipeline: TextPipeline, predictor: Predictor, limits: TextLimits) -> None:
        self._lineage, self._pipeline, self._predictor, self._limits = lineage, pipeline, predictor, limits
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="encode")

    @property
    def name(self) -> str:
        return self._lineage.name

    async def metadata(self, model_version: str | None) -> ModelMetadata:
        self._lineage.check_asked(model_version)
        return ModelMetadata(self._lineage.name, (self._lineage.version,), "summit_transformer", (TEXT,), ENTITIES)

    async def is_ready(self, model_version: str | None) -> bool:
        return self._lineage.is_asked(model_version) and await self._predictor.is_ready(
            self._lineage.name, self._lineage.version
        )

    async def infer(self, request: InferRequest) -> InferResponse:
        self._lineage.check_asked(request.model_version)
        texts = texts_of(request)
        self._check_limits(texts)
        answers = await self._spans(texts)
        return InferResponse(
            self._lineage.name,
            tensors_of(answers),
            self._lineage.version,
            request.id,
            self._lineage.parameters(),
        )

    async def _spans(self, texts: Sequence[str]) -> list[list[Span]]:
        is_small = sum(map(len, texts)) <= self._limits.max_inline_characters
        encoded = await self._call(self._pipeline.encode, texts, inline=is_small)
        if not len(encoded.sequences.lengths):
            return [[] for _ in texts]
        response = await self._predictor.infer(self._packed(encoded.sequences))
        return await self._call(self._decoded, encoded, response, inline=is_small)

    def _packed(self, sequences: TokenSequences) -> InferRequest:
        tensors = [
            Tensor("input_ids", Datatype.INT64, sequences.input_ids[np.newaxis]),
            Tensor("sequence_lengths", Datatype.INT64, sequences.lengths),
        ]
        if sequences.token_type_ids is not None:
            tensors.append(Tensor("token_type_ids", Datatype.INT64, sequences.token_type_ids[np.newaxis]))
        return InferRequest(self._lineage.name, tuple(tensors), self._lineage.version)

    def _decoded(self, encoded: EncodedTexts, response: InferResponse) -> list[list[Span]]:
        if response.model_version != self._lineage.version:
            raise UpstreamBroken("The predictor of this pod serves another model version than its transformer.")
        try:
            label_ids, scores = (response.output(name).data.reshape(-1) for name in ("label_id", "score"))
        except KeyError as error:
            raise UpstreamBroken("The predictor's answer lacks an output of the tensor contract.") from error
        if not len(label_ids) == len(scores) == len(encoded.sequences.input_ids):
            raise UpstreamBroken("The predictor's answer has another number of tokens than it was sent.")
        return self._pipeline.decode(encoded, label_ids, scores)

    async def _call(self, work: Callable[..., R], *values: object, inline: bool) -> R:
        if inline:
            return work(*values)
        return await asyncio.get_running_loop().run_in_executor(self._thread, work, *values)

    def _check_limits(self, texts: Sequence[str]) -> None:
        if len(texts) > self._limits.max_texts:
            raise TooLarge(f"{len(texts)} texts in one request; send at most {self._limits.max_texts}.")
        for at, text in enumerate(texts):
            if len(text) > self._limits.max_text_characters:
                most = self._limits.max_text_characters
                raise TooLarge(f"Text {at} has {len(text)} characters; send at most {most}, cut at a paragraph.")
