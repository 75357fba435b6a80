"""LitServe: two workers, batches of 16."""

from collections.abc import Sequence
from typing import Any

import litserve

from bench.peers.extraction import Extraction
from bench.peers.settings import BATCH_REQUESTS, BATCH_WAIT_SECONDS, WORKERS, PeerSettings


class Entities(litserve.LitAPI):  # type: ignore[misc] # litserve has no types
    """`{"texts": […]}` to `{"entities": […]}`."""

    def setup(self, _device: str) -> None:
        """See LitServe."""
        self._extraction = Extraction.load(PeerSettings.load())

    def decode_request(self, request: dict[str, list[str]]) -> list[str]:
        """See LitServe."""
        return request["texts"]

    def batch(self, inputs: list[list[str]]) -> list[list[str]]:
        """As they are."""
        return inputs

    def predict(self, x: Sequence[list[str]]) -> list[Any]:
        """See LitServe."""
        return self._extraction.entities_of_many(x)

    def unbatch(self, output: list[Any]) -> list[Any]:
        """As they are."""
        return output

    def encode_response(self, output: Any) -> dict[str, Any]:
        """See LitServe."""
        return {"entities": output}


if __name__ == "__main__":
    api = Entities(max_batch_size=BATCH_REQUESTS, batch_timeout=BATCH_WAIT_SECONDS)
    server = litserve.LitServer(api, accelerator="cpu", workers_per_device=WORKERS)
    server.run(host="127.0.0.1", port=PeerSettings.load().port, generate_client_file=False)
