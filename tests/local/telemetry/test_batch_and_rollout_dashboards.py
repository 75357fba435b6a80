"""Every query of the dashboards of batch and rollout, asked of a real Prometheus.

It scrapes this process, in which a gateway mirrors to a tried version, and eventing works a job off through it. What
does not happen to a job that goes well (retries, dead letters), and what the rollout controller says of itself, is
counted as they count it.
"""

import asyncio
import math
import time
from collections.abc import AsyncIterator
from contextlib import ExitStack
from dataclasses import dataclass

import httpx
import pytest
import pytest_asyncio
from contract.gateway.loopback import Door, ScriptedModel, gateway_before, served
from prometheus_client.metrics import MetricWrapperBase
from servers.dashboards import PanelQuery, panel_queries
from servers.eventing_here import Here, eventing_here, requested
from servers.prometheus import Prometheus, Series, prometheus

from summit_inference import metrics
from summit_inference.routes_document import Route, RoutesDocument
from summit_inference.spans import Span

pytestmark = pytest.mark.asyncio(loop_scope="module")

QUERIES = [query for query in panel_queries() if query.dashboard in {"batch", "rollout"}]
MAY_BE_NEGATIVE = "Slower than the caller's version"
REQUESTS = 20
CHAMPION, CANDIDATE = "3", "4"


@dataclass(frozen=True)
class Scraped:
    """Prometheus, and the moment at which it had seen the traffic."""

    prometheus: Prometheus
    at: float

    async def query(self, expression: str) -> list[Series]:
        return await asyncio.to_thread(self.prometheus.query, expression, self.at)

    async def of(self, panel: str) -> list[Series]:
        (query,) = [each for each in QUERIES if each.panel == panel]
        return await self.query(query.expression)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def scraped(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Scraped]:
    folder = tmp_path_factory.mktemp("scraped")
    _forget_what_other_tests_counted()
    other = ScriptedModel(version=CANDIDATE, finds=lambda text: [Span(text[:1], "LOC", 0, 1, 0.5)])
    async with served(ScriptedModel().app()) as champion, served(other.app()) as candidate:
        routes = folder / "routes.json"
        routes.write_bytes(_split(champion, candidate).as_json())
        async with (
            gateway_before(champion, routes_file=routes, metrics_on_main_port=True) as door,
            eventing_here(f"sqlite:///{folder / 'ledger.db'}", door.url, folder) as eventing,
        ):
            with ExitStack() as stack:
                # In a thread: it waits for what is scraped from this very event loop.
                started = prometheus(folder, {"all": httpx.URL(door.url).port or 0})
                server = await asyncio.to_thread(stack.enter_context, started)
                await _send_two_waves(door, eventing, server)
                yield Scraped(server, time.time())


def _forget_what_other_tests_counted() -> None:
    for metric in vars(metrics).values():
        if isinstance(metric, MetricWrapperBase) and metric._labelnames:
            metric.clear()


def _split(champion: str, candidate: str) -> RoutesDocument:
    shares = (
        Route(model_version=CHAMPION, percent=50, url=champion),
        Route(model_version=CANDIDATE, percent=50, url=candidate, shadow_percent=100),
    )
    return RoutesDocument(generation=1, routes=shares)


async def _send_two_waves(door: Door, eventing: Here, server: Prometheus) -> None:
    """A rate is the growth from one scrape to a later one: what the first of them has not seen, it cannot show."""
    for wave in (1, 2):
        for _ in range(REQUESTS):
            await door.extract({"text": "Ada met Grace"})
        await eventing.send(requested(["Ada met Grace"] * 6, f"event-{wave}", job_id=f"job-{wave}"))
        assert (await eventing.ended(f"job-{wave}"))["state"] == "completed"
        _count_what_goes_wrong()
        retries = f"sum(ai_chunk_retries_total{{reason='failed'}}) >= {wave}"
        await asyncio.to_thread(server.wait, retries, bool)


def _count_what_goes_wrong() -> None:
    metrics.CHUNK_RETRIES.labels("failed").inc()
    metrics.DEAD_LETTERS.labels("ai.summit.extraction.chunk.v1").inc()
    metrics.SHADOW_DROPPED.labels(CANDIDATE, "busy").inc()
    metrics.ROLLOUT_RECONCILED.set(time.time())
    metrics.ROLLOUT_EVIDENCE.set(time.time())


@pytest.mark.parametrize("query", QUERIES, ids=str)
async def test_a_query_has_a_result_that_can_be_true(scraped: Scraped, query: PanelQuery) -> None:
    found = await scraped.query(query.expression)
    assert found, f"{query.expression} is empty"
    for metric_labels, value in found:
        assert math.isfinite(value), (metric_labels, value)
        assert value <= (1 if query.is_share else math.inf), (metric_labels, value)
        assert value >= 0 or query.panel == MAY_BE_NEGATIVE, (metric_labels, value)


async def test_both_versions_get_half_of_the_traffic(scraped: Scraped) -> None:
    percents = {each["model_version"]: value for each, value in await scraped.of("Traffic")}
    assert (percents[CHAMPION], percents[CANDIDATE]) == (50, 50)


async def test_copies_and_live_requests_are_told_apart(scraped: Scraped) -> None:
    kinds = {(each["model_version"], each["traffic"]) for each, value in await scraped.of("Requests") if value > 0}
    assert kinds >= {("3", "live"), ("4", "live"), ("4", "shadow")}


async def test_answers_that_differ_are_no_agreement(scraped: Scraped) -> None:
    assert [value for each, value in await scraped.of("Agreement") if each["model_version"] == CANDIDATE] == [0]


async def test_documents_of_jobs_are_counted(scraped: Scraped) -> None:
    assert {each["outcome"]: value > 0 for each, value in await scraped.of("Documents")}["done"]


async def test_chunks_are_seen_as_batch_work(scraped: Scraped) -> None:
    assert {each["outcome"] for each, value in await scraped.of("Requests of chunks") if value > 0} >= {"model"}
