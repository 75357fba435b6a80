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
    "Requests at the gateway; outcome: model, degraded, refused, caller_error, error; traffic: live, shadow, probe.",
    ("model_version", "outcome", "traffic"),
)
DEGRADED = Counter(
    "ai_degraded_total",
    "Answers of the fallback, by the reason why the model did not answer.",
    ("model_version", "reason"),
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

ROLLOUT_RECONCILED = Gauge(
    "ai_rollout_reconciled_timestamp_seconds", "When the rollout controller last looked at everything, in Unix time."
)
ROLLOUT_EVIDENCE = Gauge(
    "ai_rollout_evidence_timestamp_seconds", "The newest sample that the rollout's judge has seen, in Unix time."
)
