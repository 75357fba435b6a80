"""KServe's SDK, as its documentation has a custom predictor: a synchronous `predict`, which it does not batch.

Two worker processes, as the others have: the SDK's own `workers`, which sends each a pickle of the model.
"""

import json
from typing import Any

from kserve import InferOutput, InferRequest, InferResponse, Model, ModelServer

from bench.peers.extraction import Extraction
from bench.peers.settings import WORKERS, PeerSettings


class Entities(Model):  # type: ignore[misc] # kserve has no types
    """Texts as one BYTES tensor; each text's entities as JSON in another."""

    def __init__(self) -> None:
        super().__init__("entities")
        self._extraction = Extraction.load(PeerSettings.load())
        self.ready = True

    def predict(self, payload: InferRequest, _headers: Any = None, _response_headers: Any = None) -> InferResponse:
        """See the SDK."""
        texts = payload.inputs[0].data
        answers = [json.dumps(entities) for entities in self._extraction.entities(texts)]
        output = InferOutput("entities", shape=[len(answers)], datatype="BYTES", data=answers)
        return InferResponse(payload.id, self.name, [output])


if __name__ == "__main__":
    ModelServer(http_port=PeerSettings.load().port, enable_grpc=False, workers=WORKERS).start([Entities()])
