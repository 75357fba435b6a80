"""The fallback as a V2 model, for whoever calls it without the gateway."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from fallback import NAME
from summit_inference import __version__
from summit_inference.errors import TooLarge
from summit_inference.lineage import Lineage
from summit_inference.spans import Span
from summit_inference.tensors import InferRequest, InferResponse, ModelMetadata, Parameter
from summit_inference.text_tensors import ENTITIES, TEXT, tensors_of, texts_of

LINEAGE = Lineage(NAME, __version__, run_id=None)
"""Rules have no MLflow version: theirs is the package's."""

_PARAMETERS: dict[str, Parameter] = {"degraded": True}


@dataclass(frozen=True, slots=True)
class FallbackLimits:
    """What one request may carry: the extraction runs on the event loop, about 2 ms for 2 KB."""

    max_texts: int = 1024
    max_characters: int = 100_000
    """Of all its texts together."""


class FallbackServable:
    """The rules-based extractor, always ready."""

    def __init__(self, extract: Callable[[str], Sequence[Span]], limits: FallbackLimits) -> None:
        self._extract, self._limits = extract, limits

    @property
    def name(self) -> str:
        return LINEAGE.name

    async def metadata(self, model_version: str | None) -> ModelMetadata:
        LINEAGE.check_asked(model_version)
        return ModelMetadata(LINEAGE.name, (LINEAGE.version,), "summit_rules", (TEXT,), ENTITIES)

    async def is_ready(self, model_version: str | None) -> bool:
        return LINEAGE.is_asked(model_version)

    async def infer(self, request: InferRequest) -> InferResponse:
        LINEAGE.check_asked(request.model_version)
        texts = texts_of(request)
        self._check_limits(texts)
        answers = [self._extract(text) for text in texts]
        return InferResponse(LINEAGE.name, tensors_of(answers), LINEAGE.version, request.id, _PARAMETERS)

    def _check_limits(self, texts: Sequence[str]) -> None:
        if len(texts) > self._limits.max_texts:
            raise TooLarge(f"{len(texts)} texts in one request; send at most {self._limits.max_texts}.")
        characters = sum(map(len, texts))
        if characters > self._limits.max_characters:
            raise TooLarge(f"{characters} characters in one request; send at most {self._limits.max_characters}.")
