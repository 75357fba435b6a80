"""A model at a gateway's address, in this process, whose behaviour a test scripts: no weights, no waiting."""

import asyncio
import contextlib
import re
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import uvicorn
from servers.processes import free_ports

from serving.listener import Address, http_options
from summit_inference.errors import DegradedRefused, ModelVersionNotFound, SummitError
from summit_inference.spans import Span
from summit_inference.tensors import InferRequest, InferResponse, ModelMetadata
from summit_inference.text_tensors import ENTITIES, TEXT, tensors_of, texts_of
from summit_inference.v2_http import V2App

_NAME = re.compile(r"[A-Z][a-z]+")
NAME = "summit-extract"
POISON = "poison"


def spans_in(text: str) -> list[Span]:
    """What the model finds: words that begin with a capital letter."""
    return [Span(found[0], "PER", found.start(), found.end(), 0.5) for found in _NAME.finditer(text)]


@dataclass
class ScriptedModel:
    """Answers by `spans_in`; a text with the word "poison" in it breaks the whole request."""

    versions: list[str] = field(default_factory=lambda: ["3"])
    is_down: bool = False
    down_with: SummitError = field(default_factory=lambda: DegradedRefused("Down.", retry_after_seconds=0.01))
    """Raised for every text while it is down."""
    is_healed: bool = False
    """Poison is a word like any other."""
    fault: SummitError | None = None
    """Raised for texts with poison; None: DegradedRefused."""
    calls: list[int] = field(default_factory=list)
    """Texts of each request that arrived."""
    retirement: tuple[int, str] | None = None
    url: str = ""

    def reset(self) -> None:
        """As it was made."""
        for name, value in vars(ScriptedModel(url=self.url)).items():
            setattr(self, name, value)

    def heal(self) -> None:
        """Poison breaks nothing from now on."""
        self.is_healed = True

    def retire_after(self, calls: int, successor: str) -> None:
        """After so many requests the version is gone, and this one serves."""
        self.retirement = (calls, successor)

    @property
    def name(self) -> str:
        return NAME

    async def metadata(self, model_version: str | None) -> ModelMetadata:
        self._check(model_version)
        return ModelMetadata(NAME, tuple(self.versions), "scripted", (TEXT,), ENTITIES)

    async def is_ready(self, model_version: str | None) -> bool:
        return model_version in {None, *self.versions}

    async def infer(self, request: InferRequest) -> InferResponse:
        texts = texts_of(request)
        self.calls.append(len(texts))
        if self.retirement and len(self.calls) > self.retirement[0]:
            self.versions = [self.retirement[1]]
        self._check(request.model_version)
        assert request.parameters.get("degradation") in {"refuse", None}  # a gateway keeps it to itself
        if self.is_down:
            raise self.down_with
        if not self.is_healed and any(POISON in text for text in texts):
            raise self.fault or DegradedRefused("The model fails.", retry_after_seconds=0.01)
        return self._answer(texts, request.model_version)

    def _answer(self, texts: Sequence[str], model_version: str | None) -> InferResponse:
        outputs = tensors_of([spans_in(text) for text in texts])
        return InferResponse(NAME, outputs, model_version, parameters={"degraded": False})

    def _check(self, model_version: str | None) -> None:
        if model_version not in {None, *self.versions}:
            raise ModelVersionNotFound("This version is not served here.")


@contextlib.contextmanager
def scripted_model() -> Iterator[ScriptedModel]:
    """The model, answering V2 at its `url`, on an event loop of its own."""
    model = ScriptedModel()
    (port,) = free_ports(1)
    model.url = f"http://127.0.0.1:{port}"
    app = V2App({NAME: model}, server_name="scripted", server_version="0")
    server = _Server(uvicorn.Config(app, port=port, **http_options(Address("127.0.0.1", port, grace_seconds=1))))
    thread = threading.Thread(target=asyncio.run, args=(server.serve(),), daemon=True)
    thread.start()
    server.is_started.wait(30)
    try:
        yield model
    finally:
        server.should_exit = True
        thread.join(30)


class _Server(uvicorn.Server):  # type: ignore[misc] # uvicorn has no types here
    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.is_started = threading.Event()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield  # signals are the test runner's

    async def startup(self, sockets: object = None) -> None:
        await super().startup(sockets)
        self.is_started.set()
