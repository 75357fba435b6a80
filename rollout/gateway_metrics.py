"""Evidence on one machine: the gateway's own metrics, read from it."""

import time
from collections.abc import Callable
from dataclasses import dataclass

import httpx

from rollout.counted import Scrape
from rollout.evidence import NoEvidence, Sample

_TIMEOUT_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class GatewayMetrics:
    """An `EvidenceSource` of one gateway."""

    url: str
    """Of its metrics."""
    http: httpx.Client
    slow_seconds: Callable[[], float]
    """The present bound of the objective."""
    clock: Callable[[], float] = time.time

    def sample(self) -> Sample:
        at = self.clock()
        try:
            response = self.http.get(self.url, timeout=_TIMEOUT_SECONDS).raise_for_status()
            scrape = Scrape(response.text)
        except (httpx.HTTPError, ValueError) as error:
            raise NoEvidence(f"the gateway's metrics cannot be read ({type(error).__name__})") from error
        return Sample(at=at, readings={f"gateway {scrape.began}": scrape.by_version(self.slow_seconds())})
