"""The counters of the judge, as PromQL. Data: what is asked stands here, and how in `prometheus.py`.

Counters are asked for as they are, each with the scraped process that counted it, and never as a rate: differences
are taken from reading to reading, where a restart is seen. Bounds are written as the client writes them: `0.4`, `2.0`.
"""

from dataclasses import dataclass

SOURCE = "instance"
"""The label that names the process."""


@dataclass(frozen=True, slots=True)
class Query:
    """One instant query, and where its values go."""

    group: str
    """Member of `Counters`: live, shadow, comparison; empty for the top."""
    field: str
    """Member of the group."""
    promql: str


def bound(seconds: float) -> str:
    """The value of `le` for a bucket: `0.4`, `2.0`."""
    return str(float(seconds))


def tallies(slow_seconds: float) -> tuple[Query, ...]:
    """The queries of callers' requests and of copies."""
    return tuple(
        query
        for group, traffic in (("live", "live"), ("shadow", "shadow"))
        for query in (
            Query(group, "answered", _requests(traffic, 'outcome="model"')),
            Query(group, "failed", _requests(traffic, 'outcome="error"')),
            Query(group, "failed", _degraded(traffic, "broken|timeout")),
            Query(group, "excluded", _requests(traffic, 'outcome=~"caller_error|refused"')),
            Query(group, "excluded", _degraded(traffic, "cold|flag|overloaded|throttled")),
            Query(group, "timed", _latency("count", traffic, "")),
            Query(group, "slow", _latency("count", traffic, "")),
            Query(group, "-slow", _latency("bucket", traffic, f', le="{bound(slow_seconds)}"')),
        )
    )


COMPARISONS = (
    Query("comparison", "compared", "sum by (instance, model_version) (ai_shadow_texts_total)"),
    Query("comparison", "different", 'sum by (instance, model_version) (ai_shadow_texts_total{verdict="different"})'),
    Query(
        "comparison",
        "contract_faults",
        'sum by (instance, model_version) (ai_shadow_texts_total{verdict="contract_fault"})',
    ),
    *(
        Query("comparison", field, f'sum by (instance, model_version) (ai_shadow_spans_total{{verdict="{verdict}"}})')
        for field, verdict in (
            ("spans_common", "common"),
            ("spans_missing", "missing"),
            ("spans_added", "added"),
            ("label_flips", "label_flip"),
        )
    ),
)

WITNESS = (
    Query("", "predictor_answered", 'sum by (instance, model_version) (ai_predictor_requests_total{code="ok"})'),
    Query(
        "", "predictor_failed", 'sum by (instance, model_version) (ai_predictor_requests_total{code!~"ok|cancelled"})'
    ),
)

SCRAPED = "timestamp(ai_requests_in_flight)"
"""When each gateway was read last. A gateway has this gauge from its first moment, whatever it has counted."""


def _requests(traffic: str, outcome: str) -> str:
    return f'sum by (instance, model_version) (ai_requests_total{{traffic="{traffic}", {outcome}}})'


def _degraded(traffic: str, reasons: str) -> str:
    return f'sum by (instance, model_version) (ai_degraded_total{{traffic="{traffic}", reason=~"{reasons}"}})'


def _latency(part: str, traffic: str, more: str) -> str:
    selector = f'traffic="{traffic}", outcome=~"model|degraded"{more}'
    return f"sum by (instance, model_version) (ai_inference_latency_seconds_{part}{{{selector}}})"
