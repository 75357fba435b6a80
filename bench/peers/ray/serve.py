"""Ray Serve: two replicas, batches of 16."""

import signal
import sys
from typing import Any

import ray
from ray import serve
from starlette.requests import Request

from bench.peers.extraction import Extraction
from bench.peers.settings import BATCH_REQUESTS, BATCH_WAIT_SECONDS, WORKERS, PeerSettings


@serve.deployment(num_replicas=WORKERS, max_ongoing_requests=64, ray_actor_options={"num_cpus": 0})
class Entities:
    """`{"texts": […]}` to `{"entities": […]}`."""

    def __init__(self, settings: PeerSettings) -> None:
        self._extraction = Extraction.load(settings)

    async def __call__(self, request: Request) -> dict[str, Any]:
        """See Ray Serve."""
        asked = await request.json()
        return {"entities": await self._entities(asked["texts"])}

    @serve.batch(max_batch_size=BATCH_REQUESTS, batch_wait_timeout_s=BATCH_WAIT_SECONDS)
    async def _entities(self, requests: list[list[str]]) -> list[Any]:
        return self._extraction.entities_of_many(requests)


def _shut_down(*_: object) -> None:
    ray.shutdown()
    sys.exit(0)


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, _shut_down)
    settings = PeerSettings.load()
    ray.init(include_dashboard=False, log_to_driver=False)
    serve.start(http_options={"host": "127.0.0.1", "port": settings.port})
    serve.run(Entities.bind(settings), blocking=True)
