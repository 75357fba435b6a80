"""What the environment decides about the rollouts of one machine. `summit up` sets all of it."""

from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr
from pydantic_settings import SettingsConfigDict

from summit_inference.settings import Settings


class LocalRolloutSettings(Settings):
    """Settings of `python -m rollout`, `ROLLOUT_…`. The registry's are `RegistrySettings`."""

    model_config = SettingsConfigDict(env_prefix="ROLLOUT_")

    model_name: str = "summit-extract"
    """The registered model whose aliases are followed."""
    state_directory: Path
    """Where the state of rollouts is kept."""
    routes_file: Path
    """The routes document, which the gateway follows and only this process writes."""
    redis_url: SecretStr | None = Field(default=None, validation_alias="REDIS_URL")
    """A Redis that holds the routes document in place of the file."""
    pairs_file: Path
    """Which model versions run here, each with its ports."""
    models_directory: Path
    """Verified model versions, `<name>/<version>/`."""
    supervisor_directory: Path
    """The process manager's configuration and socket."""
    logs_directory: Path
    """What processes write."""
    port_offset: int = Field(default=0, ge=0, le=50_000)
    """Added to every port of a pair."""
    gateway_metrics_url: str = "http://127.0.0.1:9102/metrics"
    """Where evidence is read."""
    sink_url: str = Field(default="", validation_alias="K_SINK")
    """Where the events `ai.summit.rollout.*.v1` go; empty sends none."""
    listen_host: str = "127.0.0.1"
    """For the metrics of this process."""
    metrics_port: int = Field(default=9104, ge=1, le=65535)
    """`/metrics`, which answers while the controller lives."""
    interval_seconds: float = Field(default=2.0, gt=0)
    """Between two looks at aliases, processes and evidence, while nothing happens."""
    golden_timeout_seconds: float = Field(default=10.0, gt=0)
    """For the answer to a golden request."""
    retire_seconds: float = Field(default=2.0, ge=0)
    """How long a version that has lost its route keeps running: longer than gateways take to follow the routes."""
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    """The least severe record that is logged."""
