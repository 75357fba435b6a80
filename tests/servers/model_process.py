"""A model that can be killed: `servers.scripted_model` as a process, which takes its time.

python -m servers.model_process PORT SECONDS_A_CALL
"""

import asyncio
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import uvicorn
from servers.processes import answers, free_ports, running
from servers.scripted_model import NAME, ScriptedModel

from summit_inference.tensors import InferRequest, InferResponse
from summit_inference.v2_http import V2App


@dataclass
class SlowModel(ScriptedModel):
    """Each call takes a while, so that work is open when something happens."""

    seconds: float = 0.0

    async def infer(self, request: InferRequest) -> InferResponse:
        await asyncio.sleep(self.seconds)
        return await super().infer(request)


@contextmanager
def model_process(folder: Path, seconds: float) -> Iterator[int]:
    """The model; its port."""
    (port,) = free_ports(1)
    with running(
        [sys.executable, "-P", "-m", "servers.model_process", str(port), str(seconds)],
        log=folder / "model.log",
        is_ready=lambda: answers(port),
        environment={"PYTHONPATH": str(Path(__file__).parents[1])},
    ):
        yield port


if __name__ == "__main__":
    app = V2App({NAME: SlowModel(seconds=float(sys.argv[2]))}, server_name="scripted", server_version="0")
    uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[1]), log_level="warning")
