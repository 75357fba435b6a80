"""Predictor, transformer and gateway as processes, and the collector that their traces go to."""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from servers import stages
from servers.otlp import Collector, collector
from servers.stages import Listening


@dataclass(frozen=True)
class TracedStages:
    """The three servers."""

    predictor: Listening
    transformer: Listening
    gateway: Listening
    collector: Collector

    def extract(self, text: str, **options: Any) -> httpx.Response:
        """One request to the gateway."""
        return httpx.post(f"{self.gateway.url}/extract", json={"text": text}, timeout=30, **options)


@contextlib.contextmanager
def traced_stages(folder: Path) -> Iterator[TracedStages]:
    """All three, over a tiny model, sending every trace to a collector in this process."""
    model = folder / "model"
    stages.save_tiny_model(model)
    with collector() as traces:
        tracing = {"OTEL_EXPORTER_OTLP_ENDPOINT": traces.url, "OTEL_BSP_SCHEDULE_DELAY": "50"}
        with (
            stages.predictor(model, folder, **tracing) as predictor,
            stages.transformer(model, predictor.url, folder, **tracing) as transformer,
            stages.gateway(transformer.url, folder, **tracing, GATEWAY_TRACE_SAMPLE_RATIO="1") as gateway,
        ):
            yield TracedStages(predictor, transformer, gateway, traces)
