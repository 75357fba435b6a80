"""MLServer: two parallel workers, adaptive batches of 16. `python serve.py` writes its settings and starts it."""

import json
import os
import sys
import tempfile
from pathlib import Path

from mlserver import MLModel, types
from mlserver.codecs import StringCodec

from bench.peers.extraction import Extraction
from bench.peers.settings import BATCH_REQUESTS, BATCH_WAIT_SECONDS, WORKERS, PeerSettings


class Entities(MLModel):  # type: ignore[misc] # untyped
    """Texts as one BYTES tensor; each text's entities as JSON in another."""

    async def load(self) -> bool:
        """See MLServer."""
        self._extraction = Extraction.load(PeerSettings.load())
        return True

    async def predict(self, payload: types.InferenceRequest) -> types.InferenceResponse:
        """See MLServer."""
        texts = StringCodec.decode_input(payload.inputs[0])
        answers = [json.dumps(entities) for entities in self._extraction.entities(texts)]
        output = StringCodec.encode_output("entities", answers, use_bytes=False)
        return types.InferenceResponse(id=payload.id, model_name=self.name, outputs=[output])


def _write_settings(folder: Path, port: int) -> None:
    server = {
        "host": "127.0.0.1",
        "http_port": port,
        "grpc_port": port + 1,
        "metrics_port": port + 2,
        "parallel_workers": WORKERS,
    }
    model = {
        "name": "entities",
        "implementation": "bench.peers.mlserver.serve.Entities",
        "max_batch_size": BATCH_REQUESTS,
        "max_batch_time": BATCH_WAIT_SECONDS,
    }
    (folder / "settings.json").write_text(json.dumps(server))
    (folder / "model-settings.json").write_text(json.dumps(model))


if __name__ == "__main__":
    scratch = Path(tempfile.mkdtemp(dir=Path.cwd()))
    _write_settings(scratch, PeerSettings.load().port)
    command = str(Path(sys.executable).parent / "mlserver")
    os.execv(command, [command, "start", str(scratch)])  # noqa: S606 - no shell is wanted
