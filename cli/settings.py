"""What the environment decides about the command line."""

from pathlib import Path

from pydantic import Field, SecretStr
from pydantic_settings import SettingsConfigDict

from summit_inference.settings import Settings


class CliSettings(Settings):
    """Settings of the command, `SUMMIT_…`."""

    model_config = SettingsConfigDict(env_prefix="SUMMIT_")

    home: Path = Path("~/.local/state/summit")
    """Where the platform on this machine keeps its state; `summit down --purge` removes it."""
    port_offset: int = Field(default=0, ge=0, le=50_000)
    """Added to every port of the platform on this machine, so that two can run side by side."""
    service_url: str | None = Field(default=None, validation_alias="AI_SERVICE_URL")
    """The gateway that commands call; the one that `summit up` starts where nothing is set."""
    gateway_token: SecretStr | None = Field(default=None, validation_alias="AI_GATEWAY_TOKEN")
    """The key sent with every call. Several may be given, as the gateway takes them: the first is sent."""
    redis_url: SecretStr | None = Field(default=None, validation_alias="REDIS_URL")
    """Where flags are kept; in a file under SUMMIT_HOME where nothing is set."""

    s3_endpoint_url: str = Field(default="", validation_alias="AWS_ENDPOINT_URL_S3")
    """An S3 of another maker, for objects that jobs are submitted for."""

    def first_token(self) -> str | None:
        """The key to send; of several, written as the gateway takes them (`name:token,…`), the first."""
        if self.gateway_token is None:
            return None
        return self.gateway_token.get_secret_value().split(",")[0].rpartition(":")[2]
