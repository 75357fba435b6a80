"""A model whose capacity is known: so many requests at once, each for so long, a short queue, and 429 beyond it.

It sleeps in place of computing, so that what is measured through a gateway is the gateway, on any machine.
`python -m servers.paced_model PORT`.
"""

import asyncio
import contextlib
import sys
from collections.abc import Iterator
from pathlib import Path

import uvicorn
from servers.processes import answers, free_ports, running

from summit_inference.errors import Overloaded
from summit_inference.spans import Span
from summit_inference.tensors import InferRequest, InferResponse, ModelMetadata
from summit_inference.text_tensors import ENTITIES, TEXT, tensors_of, texts_of
from summit_inference.v2_http import V2App

SLOTS, SECONDS, QUEUED = 4, 0.1, 8
CAPACITY = SLOTS / SECONDS
"""Requests a second that it can answer."""


class PacedModel:
    """The servable."""

    name = "summit-extract"

    def __init__(self) -> None:
        self._slots = asyncio.Semaphore(SLOTS)
        self._waiting = 0

    async def metadata(self, model_version: str | None) -> ModelMetadata:
        return ModelMetadata(self.name, (model_version or "3",), "paced", (TEXT,), ENTITIES)

    async def is_ready(self, _model_version: str | None) -> bool:
        return True

    async def infer(self, request: InferRequest) -> InferResponse:
        if self._slots.locked() and self._waiting >= QUEUED:
            raise Overloaded("The queue is full.")
        self._waiting += 1
        try:
            await self._slots.acquire()
        finally:
            self._waiting -= 1
        try:
            await asyncio.sleep(SECONDS)
        finally:
            self._slots.release()
        spans = [[Span(text[:1], "PER", 0, 1, 0.5)] for text in texts_of(request)]
        return InferResponse(self.name, tensors_of(spans), "3", parameters={"run_id": "run-7", "degraded": False})


@contextlib.contextmanager
def paced_model(folder: Path) -> Iterator[str]:
    """The URL of one in a process of its own."""
    (port,) = free_ports(1)
    tests = str(Path(__file__).resolve().parents[1])
    command = [sys.executable, "-P", "-m", "servers.paced_model", str(port)]
    log = folder / "model.log"
    with running(command, log=log, is_ready=lambda: answers(port), environment={"PYTHONPATH": tests}):
        yield f"http://127.0.0.1:{port}"


if __name__ == "__main__":
    app = V2App({PacedModel.name: PacedModel()}, server_name="paced", server_version="0")
    uvicorn.run(app, port=int(sys.argv[1]), access_log=False, log_level="warning", lifespan="off")
