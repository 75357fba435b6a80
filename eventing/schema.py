"""The ledger's tables. The migrations make them as they stand here; a test holds the two together."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Double,
    ForeignKeyConstraint,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
)

METADATA = MetaData()

_NUMBER = BigInteger().with_variant(Integer, "sqlite")  # only INTEGER counts up by itself in SQLite

JOBS = Table(
    "jobs",
    METADATA,
    Column("job_id", String(128), primary_key=True),
    Column("state", String(16), nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("model", String(128), nullable=False),
    Column("model_version", String(64), nullable=False),
    Column("output_uri", Text, nullable=False),
    Column("output_format", String(16), nullable=False),
    Column("total", BigInteger),
    Column("done", BigInteger, nullable=False),
    Column("failed", BigInteger, nullable=False),
    Column("quarantined", BigInteger, nullable=False),
    Column("chunks_total", BigInteger, nullable=False),
    Column("chunks_done", BigInteger, nullable=False),
    Column("created_at", Double, nullable=False),
    Column("updated_at", Double, nullable=False),
    Column("progressed_at", Double, nullable=False),
    Column("finished_at", Double),
    Column("manifest_uri", Text),
    Column("manifest_sha256", String(64)),
    Column("code", String(64)),
    Column("reason", Text),
    Index("jobs_by_state", "state", "created_at"),
    Index("jobs_by_age", "created_at", "job_id"),
)


def _of_a_job() -> ForeignKeyConstraint:
    return ForeignKeyConstraint(["job_id"], ["jobs.job_id"], ondelete="CASCADE")


SEEN = Table(
    "seen_events",
    METADATA,
    Column("source", Text, primary_key=True),
    Column("event_id", Text, primary_key=True),
    Column("job_id", String(128), nullable=False),
    _of_a_job(),
    Index("seen_events_by_job", "job_id"),
)

PARTS = Table(
    "parts",
    METADATA,
    Column("job_id", String(128), primary_key=True),
    Column("part", Integer, primary_key=True),
    Column("reference", Text, nullable=False),
    Column("is_done", Boolean, nullable=False),
    _of_a_job(),
)

INLINE = Table(
    "inline_documents",
    METADATA,
    Column("job_id", String(128), primary_key=True),
    Column("root_id", String(128), primary_key=True),
    Column("documents", Text, nullable=False),
    _of_a_job(),
)

CHUNKS = Table(
    "chunks",
    METADATA,
    Column("job_id", String(128), primary_key=True),
    Column("attempt", Integer, primary_key=True),
    Column("chunk_id", String(128), primary_key=True),
    Column("root_id", String(128), nullable=False),
    Column("part", Integer),
    Column("range", Text),
    Column("skip", BigInteger, nullable=False),
    Column("take", BigInteger, nullable=False),
    Column("state", String(16), nullable=False),
    Column("tries", Integer, nullable=False),
    Column("lease_owner", String(128)),
    Column("lease_until", Double),
    Column("publish_at", Double),
    Column("publications", Integer, nullable=False),
    Column("refused_at", Double),
    Column("finished_at", Double),
    Column("result_uri", Text),
    Column("result_sha256", String(64)),
    Column("errors_uri", Text),
    Column("errors_sha256", String(64)),
    Column("documents", BigInteger),
    Column("failed", BigInteger),
    _of_a_job(),
    Index("chunks_to_publish", "state", "publish_at"),
)

RAY_RUNS = Table(
    "ray_runs",
    METADATA,
    Column("job_id", String(128), primary_key=True),
    Column("attempt", Integer, primary_key=True),
    Column("submission", Integer, nullable=False),
    Column("due_at", Double, nullable=False),
    _of_a_job(),
    Index("ray_runs_by_time", "due_at"),
)

OUTBOX = Table(
    "outbox",
    METADATA,
    Column("number", _NUMBER, primary_key=True, autoincrement=True),
    Column("event", Text, nullable=False),
    Column("available_at", Double, nullable=False),
    Index("outbox_by_time", "available_at"),
)

QUEUE = Table(
    "queue",
    METADATA,
    Column("number", _NUMBER, primary_key=True, autoincrement=True),
    Column("source", Text, nullable=False),
    Column("event_id", Text, nullable=False),
    Column("needs_model", Boolean, nullable=False),
    Column("event", Text, nullable=False),
    Column("available_at", Double, nullable=False),
    Column("tries", Integer, nullable=False),
    UniqueConstraint("source", "event_id", name="queue_identity"),
    Index("queue_by_time", "available_at"),
)

QUARANTINE = Table(
    "quarantine",
    METADATA,
    Column("id", String(64), primary_key=True),
    Column("kind", String(16), nullable=False),
    Column("state", String(16), nullable=False),
    Column("code", String(64), nullable=False),
    Column("reason", Text, nullable=False),
    Column("tries", Integer, nullable=False),
    Column("job_id", String(128)),
    Column("attempt", Integer),
    Column("chunk_id", String(128)),
    Column("line", BigInteger),
    Column("document_id", Text),
    Column("event_type", Text),
    Column("event", Text),
    Column("created_at", Double, nullable=False),
    Column("replayed_as", String(128)),
    Index("quarantine_by_age", "created_at", "id"),
)
