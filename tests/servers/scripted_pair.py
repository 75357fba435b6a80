"""A pair's two processes without an encoder: what takes their place where a test is about all that is around a model.

They listen where a predictor and a transformer would, and answer for the version in the directory that they are given.
"""

import asyncio
import random
import re
import sys
import time
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import uvicorn

from registry.artifact import Artifact, open_artifact
from serving.listener import Address, http_options
from summit_inference.errors import ModelVersionNotFound, SummitError
from summit_inference.http_message import Receive, Scope, Send, json_response, send_response
from summit_inference.spans import Span
from summit_inference.tensors import InferRequest, InferResponse, ModelMetadata
from summit_inference.text_tensors import ENTITIES, TEXT, tensors_of, texts_of
from summit_inference.v2_http import V2App

_NAMES = re.compile("angela merkel|berlin")
_LABELS = {"angela merkel": "PER", "berlin": "LOC"}
_ERRORS_SHARE, _SLOW_SECONDS = 0.05, 0.6


def spans_in(text: str) -> list[Span]:
    """What every version finds."""
    return [Span(found[0], _LABELS[found[0]], found.start(), found.end(), 0.9) for found in _NAMES.finditer(text)]


class _Servable:
    """The version, with its fault."""

    def __init__(self, artifact: Artifact, fault: str) -> None:
        self.name, self._version, self._run_id, self._fault = artifact.name, artifact.version, artifact.run_id, fault

    async def metadata(self, model_version: str | None) -> ModelMetadata:
        self._check(model_version)
        return ModelMetadata(self.name, (self._version,), "scripted", (TEXT,), ENTITIES, {})

    async def is_ready(self, model_version: str | None) -> bool:
        return model_version in {None, self._version}

    async def infer(self, request: InferRequest) -> InferResponse:
        self._check(request.model_version)
        if self._fault == "errors" and random.random() < _ERRORS_SHARE:
            raise RuntimeError("on purpose")
        await asyncio.sleep(_SLOW_SECONDS if self._fault == "slow" else 0)
        outputs = tensors_of([spans_in(text) for text in texts_of(request)])
        return InferResponse(self.name, outputs, self._version, parameters={"run_id": self._run_id or ""})

    def _check(self, model_version: str | None) -> None:
        if model_version not in {None, self._version}:
            raise ModelVersionNotFound("Not here.")


def serve_predictor(environment: Mapping[str, str]) -> None:
    """Verify the files, and answer yes to everything."""
    _opened(environment["PREDICTOR_MODEL_DIRECTORY"])

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    HTTPServer(("127.0.0.1", int(environment["PREDICTOR_LISTEN_PORT"])), Handler).serve_forever()


def serve_transformer(environment: Mapping[str, str], fault: str) -> None:
    """Answer V2 in texts, once the predictor beside it is up."""
    servable = _Servable(_opened(environment["TRANSFORMER_MODEL_DIRECTORY"]), fault)
    _wait_for(environment["TRANSFORMER_PREDICTOR_URL"])
    port = int(environment["TRANSFORMER_LISTEN_PORT"])
    v2 = V2App({servable.name: servable}, server_name="scripted", server_version="0")

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["path"] == "/ready":
            await send_response(send, json_response({"ready": True}))
        else:
            await v2(scope, receive, send)

    uvicorn.run(app, **http_options(Address("127.0.0.1", port, grace_seconds=1)), host="127.0.0.1", port=port)


def _opened(directory: str) -> Artifact:
    try:
        return open_artifact(Path(directory))
    except SummitError as error:
        sys.exit(f"error: {error.message}")


def _wait_for(url: str) -> None:
    import urllib.request  # noqa: PLC0415 - for this alone

    while True:
        try:
            with urllib.request.urlopen(url, timeout=1):  # noqa: S310 - our own neighbour
                return
        except OSError:
            time.sleep(0.05)
