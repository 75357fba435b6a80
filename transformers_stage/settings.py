"""What the environment decides about the transformer."""

from pathlib import Path

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from summit_inference.tracing_settings import TracingSettings


class TransformerSettings(TracingSettings):
    """Settings of the transformer, `TRANSFORMER_…`."""

    model_config = SettingsConfigDict(env_prefix="TRANSFORMER_")

    model_name: str = "summit-extract"
    """The model's name in V2 paths; KServe's `--model_name` wins."""
    model_directory: Path = Path("/mnt/models")
    """The artifact of one model version, the same that the predictor of this pod loads."""
    model_version: str | None = Field(default=None, validation_alias="MODEL_VERSION")
    """The exact MLflow version. Needed where the artifact carries no `model-reference.json`; else it must agree."""
    listen_host: str = "0.0.0.0"  # noqa: S104 - a pod's own address
    """The address to bind; loopback on one machine."""
    listen_port: int = Field(default=8080, ge=1, le=65535)
    """REST and the protocol's HTTP routes; KServe's `--http_port` wins."""
    grpc_port: int = Field(default=8081, ge=1, le=65535)
    """The protocol over gRPC; KServe's `--grpc_port` wins."""
    predictor_url: str = "http://127.0.0.1:8082"
    """The predictor of this pod; KServe's `--predictor_host` wins."""
    predictor_timeout_seconds: float = Field(default=300, gt=0)
    """How long one call may take where the caller set no deadline; Knative's own limit comes first."""
    max_texts: int = Field(default=1024, ge=1)
    """Texts in one request."""
    max_text_characters: int = Field(default=100_000, ge=1)
    """Code points of one text: about 50 pages, some seconds of one core."""
    max_inline_characters: int = Field(default=4_000, ge=0)
    """Requests up to this size are encoded without leaving the event loop: a thread costs more than it saves."""
    max_body_bytes: int = Field(default=16 * 1024 * 1024, ge=1024)
    """The largest request body that is read."""
    window_tokens: int = Field(default=254, ge=8)
    """Tokens that the model sees at once, without special tokens; the model's own limit bounds it."""
    overlap_tokens: int = Field(default=64, ge=0)
    """Tokens that neighbouring windows share: each token has half of it as context on its worse side."""
    drain_seconds: float = Field(default=5, ge=0)
    """How long to keep serving after SIGTERM while readiness is already false: until the route has followed."""
    grace_seconds: float = Field(default=30, gt=0)
    """How long requests in flight may take to finish after that."""
    log_level: str = "INFO"
    """DEBUG, INFO, WARNING or ERROR."""
