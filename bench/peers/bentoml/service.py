"""BentoML: two workers, adaptive batches of 16. Started by `bentoml serve bench.peers.bentoml.service:Entities`."""

from typing import Any

import bentoml

from bench.peers.extraction import Extraction
from bench.peers.settings import BATCH_REQUESTS, WORKERS, PeerSettings


@bentoml.service(workers=WORKERS, traffic={"timeout": 60})
class Entities:
    """`{"texts": […]}` to `[…]`."""

    def __init__(self) -> None:
        self._extraction = Extraction.load(PeerSettings.load())

    @bentoml.api(batchable=True, max_batch_size=BATCH_REQUESTS)
    def extract(self, texts: list[str]) -> list[list[dict[str, Any]]]:
        """The entities of each text."""
        return self._extraction.entities(texts)
