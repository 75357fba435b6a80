import pytest
from prometheus_client import CollectorRegistry, Counter, Histogram
from prometheus_client.exposition import generate_latest

from rollout.counted import Scrape
from rollout.evidence import Comparison, Counters, NoEvidence, Tally


class _Gateway:
    """A gateway's metrics, in a registry of a test's own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        of_requests = ("model_version", "outcome", "traffic")
        self.requests = Counter("ai_requests_total", "-", of_requests, registry=self.registry)
        self.degraded = Counter(
            "ai_degraded_total", "-", ("model_version", "reason", "traffic"), registry=self.registry
        )
        self.latency = Histogram(
            "ai_inference_latency_seconds", "-", of_requests, buckets=(0.2, 0.4, 2.0), registry=self.registry
        )
        self.texts = Counter("ai_shadow_texts_total", "-", ("model_version", "verdict"), registry=self.registry)
        self.spans = Counter("ai_shadow_spans_total", "-", ("model_version", "verdict"), registry=self.registry)

    def end(self, version: str, outcome: str, seconds: float, *, reason: str = "", traffic: str = "live") -> None:
        """Count one request as the gateway does."""
        if reason:
            self.degraded.labels(version, reason, traffic).inc()
        self.requests.labels(version, outcome, traffic).inc()
        self.latency.labels(version, outcome, traffic).observe(seconds)

    def counted(self, slow_seconds: float = 0.4) -> dict[str, Counters]:
        return Scrape(generate_latest(self.registry).decode()).by_version(slow_seconds)


def test_a_degraded_answer_is_a_failure_of_the_version_that_was_asked_if_it_is_its_doing() -> None:
    gateway = _Gateway()
    for reason in ("broken", "timeout", "cold", "overloaded", "throttled", "flag"):
        gateway.end("2", "degraded", 0.1, reason=reason)
    assert gateway.counted()["2"].live == Tally(answered=0, failed=2, excluded=4, timed=6, slow=0)


def test_what_is_nobodys_fault_is_left_out() -> None:
    gateway = _Gateway()
    for outcome in ("model", "error", "refused", "caller_error"):
        gateway.end("2", outcome, 0.1)
    assert gateway.counted()["2"].live == Tally(answered=1, failed=1, excluded=2, timed=1, slow=0)


def test_slow_is_what_the_exact_bucket_does_not_hold() -> None:
    gateway = _Gateway()
    for seconds in (0.1, 0.4, 0.41, 9.0):
        gateway.end("2", "model", seconds)
    assert (gateway.counted()["2"].live.timed, gateway.counted()["2"].live.slow) == (4, 2)
    assert gateway.counted(2.0)["2"].live.slow == 1


def test_a_bound_without_a_bucket_is_no_evidence() -> None:
    gateway = _Gateway()
    gateway.end("2", "model", 0.1)
    with pytest.raises(NoEvidence, match="bucket"):
        gateway.counted(0.5)


def test_copies_are_counted_apart_from_callers_requests() -> None:
    gateway = _Gateway()
    gateway.end("1", "model", 0.1)
    gateway.end("2", "model", 0.1, traffic="shadow")
    gateway.end("2", "error", 0.1, traffic="shadow")
    gateway.texts.labels("2", "same").inc(3)
    gateway.texts.labels("2", "different").inc(2)
    gateway.spans.labels("2", "label_flip").inc()
    counted = gateway.counted()
    assert counted["1"].shadow == Tally()
    assert counted["2"].live == Tally()
    assert counted["2"].shadow == Tally(answered=1, failed=1, timed=1)
    assert counted["2"].comparison == Comparison(compared=5, different=2, label_flips=1)


def test_requests_of_no_version_are_nobodys_evidence() -> None:
    gateway = _Gateway()
    gateway.end("", "model", 0.1)
    assert gateway.counted() == {}


def test_a_page_that_is_no_gateways_is_no_evidence() -> None:
    with pytest.raises(NoEvidence, match="ai_shadow_texts"):
        Scrape("# TYPE ai_requests counter\nai_requests_total 1\n")
