"""What the environment decides about the operator."""

from typing import Literal

from pydantic import Field, SecretStr
from pydantic_settings import SettingsConfigDict

from summit_inference.settings import Settings


class OperatorSettings(Settings):
    """Settings of the operator on a cluster, `ROLLOUT_…`. The registry's are `RegistrySettings`."""

    model_config = SettingsConfigDict(env_prefix="ROLLOUT_")

    namespace: str = "summit"
    """Of the InferenceServices and their ModelRollouts."""
    prometheus_url: str = Field(default="http://prometheus-operated.monitoring:9090", validation_alias="PROMETHEUS_URL")
    """Which scrapes every gateway: what it has counted is the evidence."""
    redis_url: SecretStr = Field(default=SecretStr("redis://redis:6379/0"), validation_alias="REDIS_URL")
    """Where the routes document is, which the gateways follow."""
    sink_url: str = Field(default="", validation_alias="K_SINK")
    """Where the events `ai.summit.rollout.*.v1` go; empty sends none."""
    holder: str = Field(default="rollout", validation_alias="HOSTNAME")
    """This replica, as the Lease names it: the pod's name."""
    lease_seconds: int = Field(default=60, ge=15)
    """Seconds after which a replica that has said nothing counts as gone."""
    golden_timeout_seconds: float = Field(default=120.0, gt=0)
    """For one golden request: it may wake a GPU pod."""
    metrics_port: int = Field(default=9103, ge=1, le=65535)
    """`/metrics` of the operator."""
    log_level: Literal["debug", "info", "warning", "error"] = "info"
