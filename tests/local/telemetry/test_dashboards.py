"""Every query of every panel, asked of a real Prometheus that has scraped real servers under a little traffic."""

import math
import time
from collections.abc import Iterator
from dataclasses import dataclass

import httpx
import pytest
from servers import stages
from servers.dashboards import PanelQuery, panel_queries
from servers.processes import free_ports
from servers.prometheus import Prometheus, Series, prometheus
from servers.traced_stages import TracedStages

QUERIES = [query for query in panel_queries() if query.dashboard in {"engine", "realtime"}]
REQUESTS = 12
NEEDS_A_GPU = "ai_gpu_utilization"
"""The one metric that a machine without a GPU has not."""


@dataclass(frozen=True)
class Scraped:
    """Prometheus, and the moment at which it had seen the traffic."""

    prometheus: Prometheus
    at: float

    def query(self, expression: str) -> list[Series]:
        return self.prometheus.query(expression, self.at)


@pytest.fixture(scope="module")
def scraped(traced: TracedStages, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scraped]:
    folder = tmp_path_factory.mktemp("scraped")
    (metrics,) = free_ports(1)
    own = {
        "GATEWAY_METRICS_PORT": str(metrics),
        "GATEWAY_PROBE_SECONDS": "0.000001",  # so that the first request finds the model cold
    }
    targets = {"gateway": metrics, "transformer": traced.transformer.http, "predictor": traced.predictor.http}
    with stages.gateway(traced.transformer.url, folder, **own) as gateway, prometheus(folder, targets) as server:
        _send_traffic(f"{gateway.url}/extract", server)
        yield Scraped(server, time.time())


def _send_traffic(url: str, server: Prometheus) -> None:
    """A cold start; then answers of the model and of the fallback, and callers' errors; in two waves, a scrape between.

    A rate is the growth from one scrape to a later one: what the first of them has not seen, it cannot show.
    """
    with httpx.Client(timeout=30) as http:
        http.post(url, json={"text": "Angela Merkel"})
        server.wait("sum(ai_cold_start_seconds_count)", lambda found: _is(found, 1))
        for wave in (1, 2):
            for number in range(REQUESTS):
                http.post(url, json={"text": f"Angela Merkel was in Berlin {number} times."}).raise_for_status()
            http.post(url, json={"text": "Berlin"}, params={"degradation": "only"}).raise_for_status()
            assert http.post(url, json={}).status_code == httpx.codes.BAD_REQUEST
            server.wait("sum(ai_requests_total)", lambda found, sent=1 + wave * (REQUESTS + 2): _is(found, sent))  # type: ignore[misc]
            server.wait('sum(ai_predictor_requests_total{code="ok"})', bool)


def _is(found: list[Series], value: float) -> bool:
    return [each for _, each in found] == [value]


@pytest.mark.parametrize("query", [each for each in QUERIES if NEEDS_A_GPU not in each.expression], ids=str)
def test_a_query_has_a_result_that_can_be_true(scraped: Scraped, query: PanelQuery) -> None:
    found = scraped.query(query.expression)
    assert found, f"{query.expression} is empty"
    for metric_labels, value in found:
        assert math.isfinite(value), (metric_labels, value)
        assert 0 <= value <= (1 if query.is_share else math.inf), (metric_labels, value)


def test_the_requests_are_those_that_were_sent(scraped: Scraped) -> None:
    by_outcome = {each["outcome"]: value for each, value in scraped.query(_expression("Requests"))}
    assert by_outcome["model"] > by_outcome["degraded"] > 0
    assert by_outcome["caller_error"] > 0


def test_quantiles_rise(scraped: Scraped) -> None:
    found = [
        scraped.query(each.expression) for each in QUERIES if (each.dashboard, each.panel) == ("realtime", "Latency")
    ]
    by_version = [{each["model_version"]: value for each, value in series} for series in found]
    p50, p95, p99 = (values[stages.MODEL_VERSION] for values in by_version)
    assert 0 < p50 <= p95 <= p99


def test_why_answers_were_degraded_is_shown(scraped: Scraped) -> None:
    assert {each["reason"] for each, value in scraped.query(_expression("Degraded, why")) if value > 0} >= {"flag"}


def test_lanes_were_busy(scraped: Scraped) -> None:
    assert all(value > 0 for _, value in scraped.query(_expression("Lanes, busy share")))


def test_the_loaded_version_is_the_one_that_is_served(scraped: Scraped) -> None:
    assert {each["model_version"] for each, _ in scraped.query(_expression("Loaded"))} == {stages.MODEL_VERSION}


def _expression(panel: str) -> str:
    (query,) = [each for each in QUERIES if each.panel == panel]
    return query.expression
