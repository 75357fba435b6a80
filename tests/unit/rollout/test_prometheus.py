"""Which questions are asked of Prometheus, exactly, and what is made of the answers."""

from typing import Any

import httpx
import pytest

from rollout.evidence import NoEvidence
from rollout.prometheus import Prometheus
from rollout.queries import COMPARISONS, SCRAPED, WITNESS, bound, tallies

BY = "sum by (instance, model_version)"
QUESTIONS = {(query.group, query.field, query.promql) for query in tallies(0.4)}


@pytest.mark.parametrize(
    ("field", "promql"),
    [
        ("answered", f'{BY} (ai_requests_total{{traffic="live", outcome="model"}})'),
        ("failed", f'{BY} (ai_requests_total{{traffic="live", outcome="error"}})'),
        ("failed", f'{BY} (ai_degraded_total{{traffic="live", reason=~"broken|timeout"}})'),
        ("excluded", f'{BY} (ai_requests_total{{traffic="live", outcome=~"caller_error|refused"}})'),
        ("excluded", f'{BY} (ai_degraded_total{{traffic="live", reason=~"cold|flag|overloaded|throttled"}})'),
        ("timed", f'{BY} (ai_inference_latency_seconds_count{{traffic="live", outcome=~"model|degraded"}})'),
        ("-slow", f'{BY} (ai_inference_latency_seconds_bucket{{traffic="live", outcome=~"model|degraded", le="0.4"}})'),
    ],
)
def test_the_exact_question(field: str, promql: str) -> None:
    assert ("live", field, promql) in QUESTIONS
    assert ("shadow", field, promql.replace('traffic="live"', 'traffic="shadow"')) in QUESTIONS


@pytest.mark.parametrize(("seconds", "le"), [(0.4, "0.4"), (2, "2.0"), (2.0, "2.0"), (10, "10.0")])
def test_bounds_are_written_as_the_client_writes_them(seconds: float, le: str) -> None:
    assert bound(seconds) == le


def _prometheus(answers: dict[str, list[tuple[dict[str, str], float]]], slow_seconds: float = 0.4) -> Prometheus:
    def handle(request: httpx.Request) -> httpx.Response:
        found = answers.get(request.url.params["query"], [])
        result = [{"metric": labels, "value": [0, str(value)]} for labels, value in found]
        return httpx.Response(200, json={"status": "success", "data": {"resultType": "vector", "result": result}})

    client = httpx.Client(base_url="http://prometheus", transport=httpx.MockTransport(handle))
    return Prometheus(client, lambda: slow_seconds)


def _answers(**overrides: Any) -> dict[str, list[tuple[dict[str, str], float]]]:
    labels = {"instance": "gateway-1:9102", "model_version": "2"}
    values = {
        ("live", "answered"): 90.0, ("live", "timed"): 100.0, ("live", "slow"): 100.0, ("live", "-slow"): 93.0,
    }  # fmt: skip
    found = {
        query.promql: [(labels, values[query.group, query.field])]
        for query in tallies(0.4)
        if (query.group, query.field) in values
    }
    failed = [query.promql for query in tallies(0.4) if (query.group, query.field) == ("live", "failed")]
    found |= {failed[0]: [(labels, 3.0)], failed[1]: [(labels, 7.0)]}
    found[SCRAPED] = [({"instance": "gateway-1:9102"}, 1_000.0), ({"instance": "gateway-2:9102"}, 990.0)]
    return found | overrides


def test_counters_are_read_per_gateway_and_version() -> None:
    counters = _prometheus(_answers()).sample().readings["gateway-1:9102"]["2"]
    assert (counters.live.answered, counters.live.failed, counters.live.timed, counters.live.slow) == (90, 10, 100, 7)


def test_a_sample_is_as_old_as_the_gateway_that_was_read_the_longest_ago() -> None:
    assert _prometheus(_answers()).sample().at == 990.0


def test_no_gateway_is_no_evidence() -> None:
    with pytest.raises(NoEvidence, match="scrapes no gateway"):
        _prometheus({}).sample()


def test_a_bound_that_is_no_bucket_is_no_evidence() -> None:
    answers = {promql: found for promql, found in _answers().items() if 'le="0.4"' not in promql}
    with pytest.raises(NoEvidence, match=r"no bucket that ends at 0\.4 s"):
        _prometheus(answers).sample()


def test_predictors_are_a_second_witness_where_they_are_scraped() -> None:
    labels = {"instance": "predictor:9101", "model_version": "2"}
    assert not _prometheus(_answers()).sample().has_witness
    sample = _prometheus(_answers(**{WITNESS[0].promql: [(labels, 88.0)]})).sample()
    assert sample.has_witness
    assert sample.readings["predictor:9101"]["2"].predictor_answered == 88


def test_comparisons_are_read_by_verdict() -> None:
    labels = {"instance": "gateway-1:9102", "model_version": "2"}
    answers = _answers(**{query.promql: [(labels, float(at))] for at, query in enumerate(COMPARISONS, 1)})
    comparison = _prometheus(answers).sample().readings["gateway-1:9102"]["2"].comparison
    assert (comparison.compared, comparison.different, comparison.contract_faults) == (1, 2, 3)
    assert (comparison.spans_common, comparison.label_flips) == (4, 7)


@pytest.mark.parametrize(
    "response",
    [
        httpx.Response(503),
        httpx.Response(200, text="no JSON"),
        httpx.Response(200, json={"status": "error"}),
        httpx.Response(200, json={"status": "success"}),
    ],
)
def test_an_answer_that_is_none_is_no_evidence(response: httpx.Response) -> None:
    client = httpx.Client(base_url="http://prometheus", transport=httpx.MockTransport(lambda _: response))
    with pytest.raises(NoEvidence, match="does not answer"):
        Prometheus(client, lambda: 0.4).sample()
