"""What the environment decides about the fallback's own server."""

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from summit_inference.settings import Settings


class FallbackSettings(Settings):
    """Settings of the fallback, `FALLBACK_…`."""

    model_config = SettingsConfigDict(env_prefix="FALLBACK_")

    listen_host: str = "0.0.0.0"  # noqa: S104 - a pod's own address
    """The address to bind; loopback on one machine."""
    listen_port: int = Field(default=8010, ge=1, le=65535)
    """REST, the V2 protocol."""
    max_texts: int = Field(default=1024, ge=1)
    """Texts in one request."""
    max_characters: int = Field(default=100_000, ge=1)
    """Code points of all texts of one request together: a tenth of a second of one core, or a second if hostile."""
    max_body_bytes: int = Field(default=16 * 1024 * 1024, ge=1024)
    """The largest request body that is read."""
    drain_seconds: float = Field(default=5, ge=0)
    """How long to keep serving after SIGTERM while readiness is already false."""
    grace_seconds: float = Field(default=10, gt=0)
    """How long requests in flight may take to finish after that."""
    log_level: str = "INFO"
    """DEBUG, INFO, WARNING or ERROR."""
