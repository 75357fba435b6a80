"""What the environment decides about eventing."""

from pathlib import Path
from typing import Literal, Self

from pydantic import Field, SecretStr, model_validator
from pydantic_settings import SettingsConfigDict

from summit_inference.settings import Settings

_MEBIBYTE = 1024 * 1024


class EventingSettings(Settings):
    """Settings of eventing, `EVENTING_…`; the names without that prefix are fixed for the whole product."""

    model_config = SettingsConfigDict(env_prefix="EVENTING_")

    listen_host: str = "127.0.0.1"
    """The address to bind. It takes no keys: let only the broker and the gateway reach it."""
    listen_port: int = Field(default=8020, ge=1, le=65535)
    """Events, jobs, quarantine, health, metrics."""

    database_url: SecretStr = Field(default=SecretStr("sqlite:///ledger.db"), validation_alias="DATABASE_URL")
    """The ledger: `postgresql://…` in production, `sqlite:///path` on one machine."""
    migrates_at_start: bool = True
    """Whether the start brings the ledger to the present schema; else `python -m eventing migrate` does."""
    database_timeout_seconds: float = Field(default=10, gt=0)
    """For a connection to the ledger, or for its lock."""

    gateway_url: str = Field(default="http://127.0.0.1:8000", validation_alias="AI_SERVICE_URL")
    """Where chunks ask the model: the gateway."""
    gateway_token: SecretStr | None = Field(default=None, validation_alias="AI_GATEWAY_TOKEN")
    """The key sent to it, of scope batch. Of several, written as the gateway takes them, the first."""

    sink_url: str | None = Field(default=None, validation_alias="K_SINK")
    """Where our events are published: a broker's address. Unset, and without EVENTING_AMQP_URL, the queue in the
    ledger delivers them."""
    amqp_url: SecretStr | None = None
    """A RabbitMQ that our events are published to, in place of K_SINK: `amqp://user:password@host/vhost`."""
    amqp_queue: str = "summit-events"
    """Where work goes: a quorum queue, from which a RabbitmqSource brings it to our port."""
    amqp_exchange: str = "amq.topic"
    """Where `progressed`, `completed` and `failed` go, by their type: bind a queue to `ai.summit.extraction.#`."""
    subscriber_url: str | None = None
    """With the embedded queue: where `progressed`, `completed` and `failed` are delivered; unset: nowhere, jobs are
    asked for."""
    source: str = "/summit/eventing"
    """The source of the events that we send."""

    results_uri: str = "file:///var/lib/summit/results"
    """Where results go if a job does not say."""
    readable_uris: str = ""
    """Prefixes of objects that jobs may read, with commas between: `s3://texts/in,file:///srv/texts`."""
    writable_uris: str = ""
    """Prefixes that results may go to, besides `results_uri`, with commas between. They may be read, too."""
    s3_endpoint_url: str = Field(default="", validation_alias="AWS_ENDPOINT_URL_S3")
    """An S3 of another maker. Credentials come as every AWS client takes them."""
    store_timeout_seconds: float = Field(default=10, gt=0)
    """How long the object store may be silent."""

    max_body_bytes: int = Field(default=16 * _MEBIBYTE, ge=1024)
    """The largest event."""
    max_inline_documents: int = Field(default=10_000, ge=1)
    """Documents in one event; more come by reference."""
    max_characters: int = Field(default=100_000, ge=1)
    """Code points of a document: at most what the gateway takes. Longer ones are in the error file."""
    max_object_bytes: int = Field(default=64 * 1024 * _MEBIBYTE, ge=1)
    """Of an object, as stored."""
    max_unpacked_bytes: int = Field(default=256 * 1024 * _MEBIBYTE, ge=1)
    """Of an object, decompressed."""
    max_objects: int = Field(default=10_000, ge=1)
    """Below one prefix."""
    chunk_documents: int = Field(default=256, ge=1, le=100_000)
    """Documents of a chunk, which is one call of the model: at most the gateway's `max_texts`."""
    chunk_bytes: int = Field(default=4 * _MEBIBYTE, ge=1024)
    """Of a chunk's documents."""

    chunk_seconds: float = Field(default=60, gt=0)
    """For one chunk. Brokers wait longer: RabbitMQ 30 minutes, Knative its delivery timeout."""
    connect_timeout_seconds: float = Field(default=5, gt=0)
    """For a connection to the gateway."""
    probe_seconds: float = Field(default=10, gt=0)
    """For the model to answer one short text, which tells a broken model from a document that breaks it."""
    scan_seconds: float = Field(default=600, gt=0)
    """For one look through an object; the next request goes on where this one was cut off."""
    max_concurrent_chunks: int = Field(default=4, ge=1)
    """Chunks that this process works on at once while the model keeps up; when it does not, fewer."""
    slot_wait_seconds: float = Field(default=0.5, ge=0)
    """How long a chunk that the broker sends waits for its turn before it is sent back with 429."""
    max_tries: int = Field(default=5, ge=1)
    """Tries of a chunk that a working model cannot answer before it is split, and of a document before it is
    quarantined."""
    lease_margin_seconds: float = Field(default=10, gt=0)
    """A chunk that brought nothing for `chunk_seconds` and this long is given to another."""
    republish_seconds: float = Field(default=300, gt=0)
    """A chunk of which nothing was heard for so long is published again: its event must be lost."""
    chunk_window: int = Field(default=512, ge=1)
    """Chunk events that are under way at once: what the broker holds for us."""
    progress_seconds: float = Field(default=5, gt=0)
    """Between two `progressed` events of a job."""

    retries: int = Field(default=10, ge=0)
    """Of an event in the embedded queue, after the first try; then it is a dead letter."""
    backoff_seconds: float = Field(default=0.2, gt=0)
    """Before the first retry; doubled with each."""
    max_backoff_seconds: float = Field(default=30, gt=0)
    """The longest pause between two retries; work that became a dead letter is published again after it."""
    poll_seconds: float = Field(default=0.5, gt=0)
    """Between two looks at outbox and queue, where nothing tells of an event."""
    watch_seconds: float = Field(default=5, gt=0)
    """Between two counts of what waits."""
    delivery_seconds: float = Field(default=10, gt=0)
    """For the broker, or a subscriber, to take an event."""

    ray_address: str | None = Field(default=None, validation_alias="RAY_ADDRESS", pattern="^https?://")
    """The dashboard of the Ray cluster that does the very large jobs: `http://head:8265`. Unset: none does, and jobs
    that Ray had go the ordinary way."""
    ray_token: SecretStr | None = Field(default=None, validation_alias="RAY_AUTH_TOKEN")
    """The token of a Ray cluster that asks for one."""
    ray_documents: int = Field(default=1_000_000, ge=1)
    """A job that came by reference and has so many documents or more is Ray's."""
    ray_submissions: int = Field(default=5, ge=1)
    """How often a job may be sent to Ray, if its driver dies, before it fails."""
    ray_poll_seconds: float = Field(default=10, gt=0)
    """Between two looks at a job of Ray's: as late may its events be."""
    ray_workers: int = Field(default=4, ge=1)
    """Actors of one job at most, each with the model."""
    ray_worker_cpus: float = Field(default=1, ge=0)
    """Cores of one actor."""
    ray_worker_gpus: float = Field(default=0, ge=0)
    """GPUs of one actor."""
    ray_models_directory: Path = Path("/mnt/models")
    """On Ray's nodes: where model versions are, as `<name>/<version>/`, and are fetched to from MLFLOW_TRACKING_URI."""
    ray_patience_seconds: float = Field(default=600, gt=0)
    """How long Ray's workers wait for an object store that does not answer."""

    retention_days: float = Field(default=30, gt=0)
    """How long jobs that are over, and settled quarantine entries, stay in the ledger. Results are never removed."""

    drain_seconds: float = Field(default=5, ge=0)
    """How long to keep serving after SIGTERM while readiness is already false."""
    grace_seconds: float = Field(default=60, gt=0)
    """How long requests in flight may take to finish after that: at least `chunk_seconds`."""
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    """The least severe record that is logged."""

    @model_validator(mode="after")
    def _delivers_once(self) -> Self:
        if (self.sink_url or self.amqp_url) and self.subscriber_url:
            raise ValueError("with a broker there is no EVENTING_SUBSCRIBER_URL: subscribe at the broker")
        if self.sink_url and self.amqp_url:
            raise ValueError("K_SINK excludes EVENTING_AMQP_URL: events are published to one broker")
        return self

    @property
    def readable(self) -> list[str]:
        """Prefixes that may be read, each by itself."""
        return [each.strip() for each in self.readable_uris.split(",") if each.strip()]

    @property
    def writable(self) -> list[str]:
        """Prefixes that may be written, each by itself."""
        return [self.results_uri, *(each.strip() for each in self.writable_uris.split(",") if each.strip())]

    def first_token(self) -> str | None:
        """The key to send."""
        if self.gateway_token is None:
            return None
        return self.gateway_token.get_secret_value().split(",")[0].rpartition(":")[2]
