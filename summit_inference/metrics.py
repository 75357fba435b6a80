"""Every metric of the product, declared once: name, unit, metric labels, buckets.

Components count here and nowhere else, so that rules, dashboards and documents can be checked against one list. Model
versions are the only values from outside: a server counts only versions that it serves or was told to route to.
"""

from prometheus_client import Counter, Gauge, Histogram

_LATENCY_BUCKETS = (0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.4, 0.6, 0.8, 1, 1.5, 2, 5, 10, 30, 60)
"""Seconds. 0.4 and 2 stand exactly: the objectives of realtime and of patience are judged on these buckets."""

_TOKEN_BUCKETS = (16, 32, 64, 128, 256, 512, 1024, 2048, 4096, 8192, 16384)

INFERENCE_LATENCY = Histogram(
    "ai_inference_latency_seconds",
    "Seconds from a request's arrival at the gateway to its answer.",
    ("model_version", "outcome", "traffic"),
    buckets=_LATENCY_BUCKETS,
)
REQUESTS = Counter(
    "ai_requests_total",
    "Requests at the gateway; outcome: model, degraded, refused, caller_error, error; traffic: live, batch, shadow, "
    "probe.",
    ("model_version", "outcome", "traffic"),
)
DEGRADED = Counter(
    "ai_degraded_total",
    "Answers of the fallback, by the reason why the model did not answer.",
    ("model_version", "reason", "traffic"),
)
IN_FLIGHT = Gauge("ai_requests_in_flight", "Requests that the gateway is working on.")
BREAKER_OPEN = Gauge(
    "ai_breaker_open",
    "1 while the gateway sends this model version no traffic, 0.5 while it tries one request.",
    ("model_version",),
)
COLD_STARTS = Counter(
    "ai_cold_starts_total", "Times that the gateway found the model not ready and woke it.", ("model_version",)
)
COLD_START_SECONDS = Histogram(
    "ai_cold_start_seconds",
    "Seconds from the first request that found the model cold until it was ready.",
    ("model_version",),
    buckets=(1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 900),
)
ROUTE_PERCENT = Gauge(
    "ai_route_percent", "Percent of requests that the routes document gives this model version.", ("model_version",)
)
FLAG = Gauge("ai_flag", "What an operator has set: 1 for on, the rate for throttle, the percent for shadow.", ("flag",))
FLAG_CHANGES = Counter("ai_flag_changes_total", "Changes of a flag that this gateway has seen.", ("flag",))
WATCH_FAILURES = Counter(
    "ai_watch_failures_total",
    "Reads of flags, routes or keys that failed; the last known ones stay in force.",
    ("watch",),
)
SHADOW_TEXTS = Counter(
    "ai_shadow_texts_total",
    "Texts that a tried version read too, compared with the caller's answer; verdict: same, different, contract_fault.",
    ("model_version", "verdict"),
)
SHADOW_SPANS = Counter(
    "ai_shadow_spans_total",
    "Spans of both answers; verdict: common, missing (in the caller's only), added (in the copy's only), label_flip.",
    ("model_version", "verdict"),
)
SHADOW_EXTRA_SECONDS = Histogram(
    "ai_shadow_extra_seconds",
    "Seconds that a tried version took for a copy more than the caller's version for the request; below 0: less.",
    ("model_version",),
    buckets=(-1, -0.4, -0.1, -0.05, -0.02, -0.01, 0, 0.01, 0.02, 0.05, 0.1, 0.4, 1, 5),
)
SHADOW_DROPPED = Counter(
    "ai_shadow_dropped_total",
    "Copies that were left out: busy (too many callers wait for the model), full (too many copies do).",
    ("model_version", "reason"),
)

PREDICTOR_REQUESTS = Counter(
    "ai_predictor_requests_total",
    "Inferences at the predictor, by the code of their error, `ok` or `cancelled`.",
    ("model_version", "code"),
)
COMPUTE_SECONDS = Histogram(
    "ai_compute_seconds", "Seconds that a lane computed one batch.", ("model_version",), buckets=_LATENCY_BUCKETS
)
QUEUE_WAIT_SECONDS = Histogram(
    "ai_queue_wait_seconds", "Seconds that a sequence waited for a lane.", ("model_version",), buckets=_LATENCY_BUCKETS
)
BATCH_TOKENS = Histogram("ai_batch_tokens", "Tokens of one forward pass.", ("model_version",), buckets=_TOKEN_BUCKETS)
PADDING_TOKENS = Counter(
    "ai_padding_tokens_total", "Tokens computed for nothing, where packing is not exact.", ("model_version",)
)
QUEUE_TOKENS = Gauge("ai_queue_tokens", "Tokens that wait for a lane.", ("model_version",))
LANE_BUSY_SECONDS = Counter(
    "ai_lane_busy_seconds_total", "Seconds that lanes spent computing, summed.", ("model_version",)
)
LANES = Gauge("ai_lanes", "Lanes that compute: busy share is the rate of busy seconds over this.", ("model_version",))
DROPPED = Counter(
    "ai_dropped_total",
    "Sequences that were not computed: cancelled, expired, hopeless, refused, poison.",
    ("model_version", "reason"),
)
GPU_UTILIZATION = Gauge(
    "ai_gpu_utilization", "Share of the driver's last sample period that the GPU computed, 0 to 1.", ("gpu",)
)
MODEL_INFO = Gauge(
    "ai_model_info", "1 for the model version that this process has loaded.", ("model_name", "model_version", "run_id")
)

JOBS_QUEUED = Gauge(
    "ai_jobs_queued", "Jobs in the ledger that are not finished; every replica says the same: take the maximum."
)
JOB_OLDEST_SECONDS = Gauge("ai_job_oldest_seconds", "Age of the oldest job in the ledger that is not finished.")
CHUNKS_OPEN = Gauge("ai_chunks_open", "Chunks in the ledger that have no result yet.")
CHUNK_SECONDS = Histogram(
    "ai_chunk_seconds", "Seconds from a chunk's lease to its result.", buckets=(0.1, 0.3, 1, 2, 5, 10, 20, 30, 60, 120)
)
CHUNK_RETRIES = Counter(
    "ai_chunk_retries_total",
    "Chunks that were given back without a result; reason: busy (the model or a store has to be waited for), failed, "
    "split.",
    ("reason",),
)
BATCH_DOCUMENTS = Counter(
    "ai_batch_documents_total", "Documents of jobs; outcome: done, failed, quarantined.", ("outcome",)
)
QUARANTINED = Gauge("ai_quarantined", "Documents and events in the quarantine that nobody has settled.")
OUTBOX_EVENTS = Gauge("ai_outbox_events", "Events that are recorded and not yet published.")
EVENTS_RECEIVED = Counter(
    "ai_events_received_total",
    "Events at eventing's sink; outcome: taken, dropped (4xx, in the quarantine), retried (429 or 5xx).",
    ("event_type", "outcome"),
)
DEAD_LETTERS = Counter("ai_dead_letters_total", "Events that the broker or the queue gave up on.", ("event_type",))

ROLLOUT_RECONCILED = Gauge(
    "ai_rollout_reconciled_timestamp_seconds", "When the rollout controller last looked at everything, in Unix time."
)
ROLLOUT_EVIDENCE = Gauge(
    "ai_rollout_evidence_timestamp_seconds", "The newest sample that the rollout's judge has seen, in Unix time."
)
