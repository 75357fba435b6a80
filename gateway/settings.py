"""What the environment decides about the gateway."""

import ipaddress
from pathlib import Path
from typing import Literal, Self

from pydantic import Field, SecretStr, model_validator
from pydantic_settings import SettingsConfigDict

from summit_inference.tracing_settings import TracingSettings


class GatewaySettings(TracingSettings):
    """Settings of the gateway, `GATEWAY_…`; the names without that prefix are fixed for the whole product."""

    model_config = SettingsConfigDict(env_prefix="GATEWAY_")

    upstream_url: str = "http://127.0.0.1:8080"
    """Where the model answers V2 while there is no routes document: the transformer on one machine, the
    InferenceService's host in a cluster."""
    model_name: str = "summit-extract"
    """The model's name in V2 paths, here and upstream."""

    listen_host: str = "127.0.0.1"
    """The address to bind. Another than loopback needs a key: an open door is refused at the start."""
    listen_port: int = Field(default=8000, ge=1, le=65535)
    """HTTP: `/extract` and V2."""
    grpc_port: int = Field(default=8001, ge=1, le=65535)
    """V2 over gRPC."""
    metrics_port: int = Field(default=9102, ge=1, le=65535)
    """`/metrics` alone, without a key: let nobody but Prometheus reach it."""
    metrics_on_main_port: bool = False
    """Whether `/metrics` answers on the main port too; with keys, it takes one of scope admin."""

    token: SecretStr = Field(default=SecretStr(""), validation_alias="AI_GATEWAY_TOKEN")
    """Tokens that open the gateway: `token`, or `name:token`, several with commas between; of 16 characters or more."""
    keys_file: Path | None = None
    """A JSON list of keys, with sha256 digests in place of tokens, scopes and limits; read again when it changes."""

    redis_url: SecretStr | None = Field(default=None, validation_alias="REDIS_URL")
    """Where flags (`summit:flags`) and routes (`summit:routes`) are; unset: in files."""
    flags_file: Path | None = None
    """Flags, as a JSON object of texts. Not with Redis."""
    routes_file: Path | None = None
    """The routes document. Not with Redis."""
    watch_interval_seconds: float = Field(default=0.5, gt=0, le=60)
    """Between two looks at flags, routes and keys: half of the second within which a change must count."""

    events_sink_url: str | None = Field(default=None, validation_alias="EVENTS_SINK_URL")
    """Where `POST /events` goes: the broker's ingress, or eventing itself. Unset: the path is not there."""
    eventing_url: str | None = None
    """Where eventing answers for `/jobs` and `/quarantine`. Unset: the paths are not there."""
    batch_timeout_seconds: float = Field(default=30, gt=0)
    """What these two may take for an answer."""

    max_texts: int = Field(default=1024, ge=1)
    """Texts in one request."""
    max_characters: int = Field(default=100_000, ge=1)
    """Code points of one text."""
    max_body_bytes: int = Field(default=16 * 2**20, ge=1024)
    """The largest request body that is read, as received and as inflated."""
    header_timeout_seconds: float = Field(default=10, gt=0)
    """For a request's headers to arrive on a connection: against callers that keep connections busy with nothing."""
    body_timeout_seconds: float = Field(default=30, gt=0)
    """For a request's body to arrive."""
    keepalive_seconds: int = Field(default=75, ge=1)
    """How long a connection without requests stays open: longer than that of a proxy in front, which then closes it."""

    model_timeout_seconds: float = Field(default=30, gt=0)
    """What the model may take for an answer where the caller gives no deadline, and at most where it gives one."""
    connect_timeout_seconds: float = Field(default=1, gt=0)
    """For a connection to the model."""
    max_in_flight: int = Field(default=256, ge=1)
    """Requests that wait for the model at once; further ones are answered by the fallback, or refused."""
    fallback_margin_seconds: float = Field(default=0.02, ge=0)
    """Kept of a caller's time besides what the fallback itself takes: for the answer's way, and a busy event loop."""

    cold_wait_seconds: float = Field(default=0, ge=0)
    """How long a caller without a deadline waits for a model that is cold. 0 answers at once, which suits one machine;
    with scale to zero, a little more than a cold start makes patient callers wait for the model."""
    cold_start_seconds: float = Field(default=30, gt=0)
    """What a cold start is expected to take: a caller with a deadline beyond it waits for the model, others do not."""
    probe_seconds: float = Field(default=0.03, gt=0)
    """How long a model that has not been heard of for a while may take to say that it is ready."""
    idle_seconds: float = Field(default=60, gt=0)
    """After this long without an answer the model may be at zero, and is probed first: at most Knative's retention."""
    wake_interval_seconds: float = Field(default=0.5, gt=0)
    """Between two questions whether a model that is not ready is so by now."""
    wake_give_up_seconds: float = Field(default=900, gt=0)
    """After this long no more is asked until the next request: a revision that cannot start shall scale down."""

    breaker_error_share: float = Field(default=0.5, gt=0, le=1)
    """Share of failed requests at which a model version is not asked any more."""
    breaker_slow_share: float = Field(default=0.8, gt=0, le=1)
    """Share of slow ones at which it is not."""
    breaker_slow_seconds: float = Field(default=10, gt=0)
    """What is slow. Batch work does not count."""
    breaker_minimum_calls: int = Field(default=5, ge=1)
    """Requests in the window below which nothing is concluded."""
    breaker_window_seconds: float = Field(default=30, gt=0)
    """How far back requests count."""
    breaker_open_seconds: float = Field(default=5, gt=0)
    """How long before one request tries again."""

    shadow_max_in_flight: int = Field(default=32, ge=0)
    """Copies of requests, for versions that are tried, that wait for an answer at once; further ones are left out."""
    shadow_busy_in_flight: int = Field(default=64, ge=1)
    """While so many requests wait for the model, nothing is copied: copies are the first thing to go."""
    shadow_timeout_seconds: float = Field(default=5, gt=0)
    """For the answer to a copy: well over the objective, so that slow answers are seen to be slow, not lost."""
    shadow_log_texts: bool = False
    """Whether the log names the texts on which two versions disagree, at most one a second. Off: a hash of them."""

    drain_seconds: float = Field(default=5, ge=0)
    """How long to keep serving after SIGTERM while `/ready` already says no: for load balancers to notice."""
    grace_seconds: float = Field(default=30, gt=0)
    """How long requests in flight may take to finish after that: at least `model_timeout_seconds`."""
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    """The least severe record that is logged."""

    @model_validator(mode="after")
    def _has_one_place(self) -> Self:
        if self.redis_url and (self.flags_file or self.routes_file):
            raise ValueError("REDIS_URL excludes GATEWAY_FLAGS_FILE and GATEWAY_ROUTES_FILE: set one or the other")
        return self

    @property
    def is_loopback(self) -> bool:
        """Whether only this machine can connect."""
        try:
            return ipaddress.ip_address(self.listen_host).is_loopback
        except ValueError:
            return self.listen_host == "localhost"
