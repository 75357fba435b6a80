"""`POST /extract`: what callers send and get. The trust boundary of the gateway's own contract.

The original contract is `entities` and `latency_ms`; the rest stands beside it.
"""

from collections.abc import Sequence
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from summit_inference.spans import Span

DegradedReason = Literal["cold", "timeout", "overloaded", "broken", "throttled", "flag"]


class _Message(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", use_attribute_docstrings=True)


class ExtractRequest(_Message):
    """One text, or a list of them."""

    text: str | None = None
    """The text to read. Send this or `texts`."""
    texts: list[str] | None = None
    """The texts to read; the answer's `results` are in their order."""

    @model_validator(mode="after")
    def _exactly_one(self) -> Self:
        if (self.text is None) == (self.texts is None):
            raise ValueError("send either 'text', a string, or 'texts', a list of strings")
        return self

    def all_texts(self) -> list[str]:
        """The texts, whichever way they came."""
        return [self.text] if self.texts is None and self.text is not None else list(self.texts or ())


class SpanMessage(_Message):
    """A mention: where it stands, what it is, how sure the model is."""

    text: str
    label: str
    start: int = Field(ge=0)
    """Unicode code points from the start of the text; UTF-16 code units with `?offsets=utf16`."""
    end: int = Field(ge=0)
    """Exclusive, in the unit of `start`."""
    score: float = Field(ge=0, le=1)
    """Probability of the label."""


class ModelIdentity(_Message):
    """Who answered."""

    name: str
    version: str
    """The MLflow model version; the package's version for the fallback."""
    run_id: str | None = None
    """The MLflow run that made the version; null for the fallback."""


class TextResult(_Message):
    """The entities of one text."""

    entities: list[str]
    """The mentions' texts, each once, in the order of their first mention."""
    spans: list[SpanMessage]

    @classmethod
    def of(cls, spans: Sequence[Span]) -> Self:
        """The message for these spans."""
        messages = [
            SpanMessage(text=s.text, label=s.label, start=s.start, end=s.end, score=round(s.score, 4)) for s in spans
        ]
        return cls(entities=list(dict.fromkeys(span.text for span in spans)), spans=messages)


class Lineage(_Message):
    """What every answer says of itself."""

    latency_ms: int = Field(ge=0)
    """Milliseconds from the request's arrival at the gateway to this answer."""
    model: ModelIdentity
    requested_model_version: str | None = None
    """The version that was asked and did not answer; only on a degraded answer."""
    degraded: bool
    """True: the rules-based fallback answered, because the model could not in time."""
    degraded_reason: DegradedReason | None = None
    request_id: str


class ExtractResponse(Lineage, TextResult):
    """The answer to `text`."""


class ExtractListResponse(Lineage):
    """The answer to `texts`."""

    results: list[TextResult]
    """One a text, in order."""
