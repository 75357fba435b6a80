"""The engine's observer for production: it counts into the process's metrics."""

from predictor.observer import BatchReport, DropReason
from summit_inference import metrics
from summit_inference.lineage import Lineage

_POISON = "poison"


class Counting:
    """Counts for one model version."""

    def __init__(self, lineage: Lineage, lanes: int) -> None:
        version = self._version = lineage.version
        self._compute = metrics.COMPUTE_SECONDS.labels(version)
        self._waits = metrics.QUEUE_WAIT_SECONDS.labels(version)
        self._tokens = metrics.BATCH_TOKENS.labels(version)
        self._padding = metrics.PADDING_TOKENS.labels(version)
        self._waiting = metrics.QUEUE_TOKENS.labels(version)
        self._busy = metrics.LANE_BUSY_SECONDS.labels(version)
        metrics.LANES.labels(version).set(lanes)
        metrics.MODEL_INFO.labels(lineage.name, version, lineage.run_id or "").set(1)

    def batch_computed(self, report: BatchReport) -> None:
        """See `EngineObserver`."""
        self._compute.observe(report.compute_seconds)
        self._busy.inc(report.compute_seconds)
        self._tokens.observe(report.tokens)
        self._padding.inc(report.computed_tokens - report.tokens)
        for wait_seconds in report.waits_seconds:
            self._waits.observe(wait_seconds)
        if report.failed:
            metrics.DROPPED.labels(self._version, _POISON).inc(report.failed)

    def dropped(self, reason: DropReason, texts: int) -> None:
        """See `EngineObserver`."""
        metrics.DROPPED.labels(self._version, reason.value).inc(texts)

    def queue_changed(self, tokens: int) -> None:
        """See `EngineObserver`."""
        self._waiting.set(tokens)
