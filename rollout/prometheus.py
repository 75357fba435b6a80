"""Evidence on a cluster: the counters that Prometheus has scraped from every gateway and predictor."""

from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import httpx

from rollout.evidence import Counters, NoEvidence, Sample
from rollout.queries import COMPARISONS, SCRAPED, SOURCE, WITNESS, Query, tallies

_TIMEOUT_SECONDS = 10.0

Sums = defaultdict[tuple[str, str], dict[str, dict[str, int]]]
"""By (process, model version), then by group and field."""


@dataclass(frozen=True, slots=True)
class Prometheus:
    """An `EvidenceSource` over Prometheus' HTTP API."""

    http: httpx.Client
    """With the server as its base URL."""
    slow_seconds: Callable[[], float]
    """The present bound of the latency objective."""

    def sample(self) -> Sample:
        """All counters now; as old as the gateway that was scraped the longest ago.

        Raises:
            NoEvidence: Prometheus does not answer, or knows no gateway, or has no bucket with the bound.
        """
        at = min(self._scraped())
        sums: Sums = defaultdict(lambda: defaultdict(lambda: defaultdict(int)))
        for query in (*tallies(self.slow_seconds()), *COMPARISONS):
            self._add(sums, query)
        self._check_bound(sums)
        witnesses = [self._add(sums, query) for query in WITNESS]
        has_witness = any(witnesses)
        readings: dict[str, dict[str, Counters]] = defaultdict(dict)
        for (source, version), groups in sums.items():
            readings[source][version] = _counters(groups)
        return Sample(at=at, readings=dict(readings), has_witness=has_witness)

    def _scraped(self) -> list[float]:
        times = [value for _, value in self._vector(SCRAPED)]
        if not times:
            raise NoEvidence("Prometheus scrapes no gateway; check the scrape of port 9102")
        return times

    def _add(self, sums: Sums, query: Query) -> bool:
        """Add what the query gives; whether it gave anything."""
        sign, field = (-1, query.field[1:]) if query.field.startswith("-") else (1, query.field)
        found = self._vector(query.promql)
        for labels, value in found:
            if version := labels.get("model_version"):
                sums[labels.get(SOURCE, ""), version][query.group][field] += sign * int(value)
        return bool(found)

    def _check_bound(self, sums: Sums) -> None:
        """A bucket that does not exist would make every answer slow."""
        queries = [query for query in tallies(self.slow_seconds()) if query.field == "-slow" and query.group == "live"]
        is_timed = any(groups["live"]["timed"] for groups in sums.values())
        if is_timed and not any(self._vector(query.promql) for query in queries):
            raise NoEvidence(f"the latency histogram has no bucket that ends at {self.slow_seconds():g} s")

    def _vector(self, promql: str) -> list[tuple[dict[str, str], float]]:
        """The series of an instant query."""
        try:
            response = self.http.get("/api/v1/query", params={"query": promql}, timeout=_TIMEOUT_SECONDS)
            document = response.raise_for_status().json()
            return list(_series(document))
        except (httpx.HTTPError, ValueError, KeyError, TypeError) as error:
            raise NoEvidence(f"Prometheus does not answer a query ({type(error).__name__})") from error


def _series(document: Any) -> Iterator[tuple[dict[str, str], float]]:
    if document["status"] != "success":
        raise ValueError("Prometheus refused the query")
    for series in document["data"]["result"]:
        yield series["metric"], float(series["value"][1])


def _counters(groups: dict[str, dict[str, int]]) -> Counters:
    top = groups.pop("", {})
    return Counters.model_validate({**groups, **top})
