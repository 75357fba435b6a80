"""mosec: a Rust front, two workers, batches of 16."""

from typing import Any

import mosec

from bench.peers.extraction import Extraction
from bench.peers.settings import BATCH_REQUESTS, BATCH_WAIT_SECONDS, WORKERS, PeerSettings


class Entities(mosec.Worker):  # type: ignore[misc] # untyped
    """`{"texts": […]}` to `{"entities": […]}`."""

    def __init__(self) -> None:
        self._extraction = Extraction.load(PeerSettings.load())

    def forward(self, data: list[dict[str, list[str]]]) -> list[dict[str, Any]]:
        """See mosec."""
        answers = self._extraction.entities_of_many([request["texts"] for request in data])
        return [{"entities": entities} for entities in answers]


if __name__ == "__main__":
    server = mosec.Server()
    wait_milliseconds = round(BATCH_WAIT_SECONDS * 1000)
    server.append_worker(Entities, num=WORKERS, max_batch_size=BATCH_REQUESTS, max_wait_time=wait_milliseconds)
    server.run()  # its port is an argument, which it reads itself
