"""What the environment decides about the predictor."""

from pathlib import Path

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from predictor.placement import Device, Precision
from summit_inference.tracing_settings import TracingSettings


class PredictorSettings(TracingSettings):
    """Settings of the predictor, `PREDICTOR_…`."""

    model_config = SettingsConfigDict(env_prefix="PREDICTOR_")

    model_name: str = "summit-extract"
    """The model's name in V2 paths; KServe's `--model_name` wins."""
    model_directory: Path = Path("/mnt/models")
    """The artifact of one model version, as the storage initializer (or `summit up`) left it."""
    model_version: str | None = Field(default=None, validation_alias="MODEL_VERSION")
    """The exact MLflow version. Needed where the artifact carries no `model-reference.json`; else it must agree."""
    listen_host: str = "127.0.0.1"
    """The address to bind. Loopback: only the transformer, in the same pod, calls."""
    listen_port: int = Field(default=8082, ge=1, le=65535)
    """REST and the protocol's HTTP routes; KServe's `--http_port` wins."""
    grpc_port: int = Field(default=8083, ge=1, le=65535)
    """The protocol over gRPC; KServe's `--grpc_port` wins."""
    device: Device = Device.AUTO
    """`auto` (CUDA where there is a device), `cpu` or `cuda`."""
    precision: Precision = Precision.AUTO
    """`auto` (bfloat16 where a CUDA device computes in it, int8 on a CPU where the version's tag `int8_f1_loss` allows
    it, else float32), `float32`, `bfloat16`, or `int8` on a CPU: up to 1.7 times as fast, for a loss of quality that is
    the model's own; measure it before it is used."""
    int8_max_f1_loss: float = Field(default=0.3, ge=0)
    """Points of strict F1 that a version may have been measured to lose by int8, for `auto` to take it."""
    int8_maps: str = ""
    """Which linear maps int8 rounds: endings of their names (`intermediate.dense`), with spaces between. Unset: those
    of the version's tag `int8_maps`, or all."""
    lanes: int | None = Field(default=None, ge=1, le=256)
    """Threads that compute, each with a core and all with the same weights. Unset: the cores of the container's quota,
    or one for a CUDA device. More than cores make every forward slower."""
    budget_tokens: int | None = Field(default=None, ge=16)
    """Tokens of one forward pass. Unset: 512 on a CPU, beyond which latency grows and throughput hardly; 8,192 on a
    CUDA device."""
    split_tokens: int = Field(default=128, ge=1)
    """Tokens: lanes that are idle together share what waits in parts of at least this. Smaller forwards spend their
    time on reading the weights."""
    queue_tokens: int = Field(default=16_384, ge=512)
    """Tokens that may wait, over all requests, and at least one budget. 16,384 are some 4 s of one core: a caller who
    would wait longer is better served by the fallback, now."""
    max_age_seconds: float = Field(default=1.0, gt=0)
    """A text is as urgent as its deadline, but at most this long after its arrival: nothing that comes later than that
    overtakes it."""
    batch_floor: float = Field(default=0.1, ge=0, lt=1)
    """The share of tokens that batch work gets while realtime work waits, 0 to 1."""
    batch_tokens_beside_realtime: int = Field(default=256, ge=0)
    """Batch tokens in one forward while realtime work waits: each 256 add some 60 ms of a core to its latency."""
    max_sequences: int = Field(default=4_096, ge=1)
    """Sequences of one request."""
    max_body_bytes: int = Field(default=16 * 1024 * 1024, ge=1024)
    """The largest request body that is read."""
    stall_seconds: float = Field(default=60, gt=0)
    """A batch that computes longer than this is hung: the server says that it is not healthy, and is restarted."""
    restarts_per_hour: int = Field(default=3, ge=0)
    """Lanes that died and are started again; beyond that the cause is not in the thread: the server says that it is not
    healthy, and is restarted."""
    failures_in_row: int = Field(default=16, ge=1)
    """Texts in a row on which the model fails: then it is broken, not they: see `restarts_per_hour`."""
    drain_seconds: float = Field(default=7, ge=0)
    """How long to keep serving after SIGTERM while readiness is already false: longer than the transformer, which gets
    the signal at the same moment in the same pod, and sends work until its own drain is over."""
    grace_seconds: float = Field(default=30, gt=0)
    """How long requests in flight may take to finish after that."""
    log_level: str = "INFO"
    """DEBUG, INFO, WARNING or ERROR."""
