"""Messages that the codecs read and write without pydantic, described for who calls: V2 in JSON, and errors.

Nothing is validated with them at run time (`v2.py` is faster and stricter); schemas and the OpenAPI document are made
from them, and tests hold what is sent to them.
"""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field


class _Message(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", use_attribute_docstrings=True)


class ErrorMessage(_Message):
    """The one form of every error."""

    error: str
    """A sentence that says what to do."""
    code: str
    """Stable: match on it."""
    request_id: str
    trace_id: str | None = None
    """Where the request is traced."""


class V2Input(_Message):
    """One input tensor."""

    name: Literal["text"]
    shape: list[int] = Field(min_length=1, max_length=1)
    """How many texts."""
    datatype: Literal["BYTES"]
    parameters: dict[str, Any] | None = None
    data: list[str]
    """One text an element."""


class V2OutputRequest(_Message):
    """One output that is wanted; without any, all are."""

    name: Literal["text_index", "start", "end", "label", "entity", "score"]
    parameters: dict[str, Any] | None = None


class V2InferRequest(_Message):
    """An inference request of the V2 protocol, as JSON."""

    id: str | None = None
    """Returned with the answer."""
    parameters: dict[str, Any] | None = None
    """`degradation` says what is thought of the fallback: allow, refuse or only."""
    inputs: list[V2Input] = Field(min_length=1, max_length=1)
    outputs: list[V2OutputRequest] | None = None


class V2Output(_Message):
    """One output tensor: a column, with one row an entity."""

    name: str
    shape: list[int]
    datatype: str
    parameters: dict[str, Any] | None = None
    data: list[Any]


class V2InferResponse(_Message):
    """The answer of the V2 protocol, as JSON."""

    model_name: str
    """`summit-fallback` where the answer is degraded."""
    model_version: str | None = None
    """The MLflow model version; the package's version for the fallback."""
    id: str | None = None
    parameters: dict[str, Any] | None = None
    """`run_id`, `degraded` and, where it is, `degraded_reason`."""
    outputs: list[V2Output]


class V2TensorMetadata(_Message):
    """A tensor that the model takes or gives."""

    name: str
    datatype: str
    shape: list[int]
    """-1 where it varies."""


class V2ModelMetadata(_Message):
    """What a model says of itself."""

    name: str
    versions: list[str] | None = None
    """Those that are routed."""
    platform: str
    inputs: list[V2TensorMetadata]
    outputs: list[V2TensorMetadata]


class V2ServerMetadata(_Message):
    """What the server says of itself."""

    name: str
    version: str
    extensions: list[str]


class V2ModelReady(_Message):
    """A model that is ready."""

    name: str
    ready: bool
