"""The predictor as a V2 model: tensors in, label ids and scores out."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Protocol

from predictor.packing import TokenLabels, TokenSequence
from predictor.token_tensors import INPUTS, OUTPUTS, SequenceLimits, rows_of, tensors_of
from summit_inference import context
from summit_inference.deadline import Deadline
from summit_inference.errors import SummitError
from summit_inference.lineage import Lineage
from summit_inference.metrics import PREDICTOR_REQUESTS
from summit_inference.tensors import InferRequest, InferResponse, ModelMetadata

PLATFORM = "pytorch_transformers"
_ANSWERED = "ok"


class Labeller(Protocol):
    """What computes; `predictor.engine.Engine` is one."""

    @property
    def is_ready(self) -> bool:
        """Whether `infer` would answer now."""

    async def infer(
        self, sequences: Sequence[TokenSequence], *, deadline: Deadline | None, is_batch: bool
    ) -> list[TokenLabels]:
        """The labels of every sequence, in order."""


class PredictorServable:
    """One model version, as token ids."""

    def __init__(self, lineage: Lineage, engine: Labeller, limits: SequenceLimits) -> None:
        self._lineage, self._engine, self._limits = lineage, engine, limits

    @property
    def name(self) -> str:
        """See `Servable`."""
        return self._lineage.name

    async def metadata(self, model_version: str | None) -> ModelMetadata:
        """See `Servable`. `attention_mask` goes with the padded form, `sequence_lengths` with the packed one."""
        self._lineage.check_asked(model_version)
        inputs = INPUTS if self._limits.token_types else tuple(spec for spec in INPUTS if spec.name != "token_type_ids")
        return ModelMetadata(self._lineage.name, (self._lineage.version,), PLATFORM, inputs, OUTPUTS)

    async def is_ready(self, model_version: str | None) -> bool:
        """See `Servable`."""
        return self._lineage.is_asked(model_version) and self._engine.is_ready

    async def infer(self, request: InferRequest) -> InferResponse:
        """See `Servable`. Deadline and class are those of the current request (`context.py`)."""
        with self._counted():
            return await self._inferred(request)

    async def _inferred(self, request: InferRequest) -> InferResponse:
        self._lineage.check_asked(request.model_version)
        rows = rows_of(request, self._limits)
        asked = context.current()
        labels = await self._engine.infer(rows.sequences, deadline=asked.deadline, is_batch=asked.is_batch)
        outputs = tensors_of(labels, rows)
        return InferResponse(self._lineage.name, outputs, self._lineage.version, request.id, self._lineage.parameters())

    @contextmanager
    def _counted(self) -> Iterator[None]:
        """Count the block once, under the code of its error; a caller that went away is no error and no answer."""
        code = "cancelled"
        try:
            yield
            code = _ANSWERED
        except SummitError as error:
            code = error.code
            raise
        finally:
            PREDICTOR_REQUESTS.labels(self._lineage.version, code).inc()
