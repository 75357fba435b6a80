"""Fixtures of the V2 contract.

`v2_server` is the server under test, as a `Target`: the reference, and the three that the product runs. A further one
is a line in `_SERVERS`. Without `unready`, a server whose model never gets ready, the items about readiness are checked
on the ready side only.
"""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass

import grpc
import httpx
import pytest
import servers.stages
from contract.v2 import reference
from contract.v2.reference import READY, UNREADY, Loopback
from contract.v2.target import Document, Server, Target
from servers.processes import free_ports
from servers.stages import Listening, save_tiny_model


@contextmanager
def _reference(request: pytest.FixtureRequest) -> Iterator[Target]:
    loopback: Loopback = request.getfixturevalue("loopback")
    with (
        loopback.server(reference.http_app(UNREADY), reference.grpc_handler(UNREADY)) as unready,
        loopback.server(reference.http_app(READY), reference.grpc_handler(READY)) as ready,
    ):
        yield reference.target(ready, unready)


_TEXT: tuple[Document, ...] = ({"name": "text", "shape": [1], "datatype": "BYTES", "data": ["Angela Merkel"]},)
_TOKENS: tuple[Document, ...] = (
    {"name": "input_ids", "shape": [1, 4], "datatype": "INT64", "data": [2, 31, 32, 3]},
    {"name": "sequence_lengths", "shape": [1], "datatype": "INT64", "data": [4]},
)


@dataclass(frozen=True)
class Stages:
    """A real pod behind a real gateway, and a transformer without its predictor."""

    predictor: Listening
    transformer: Listening
    gateway: Listening
    lonely_transformer: Listening


@pytest.fixture(scope="session")
def stages(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stages]:
    folder = tmp_path_factory.mktemp("stages")
    model = folder / "model"
    save_tiny_model(model)
    with ExitStack() as stack:
        predictor = stack.enter_context(servers.stages.predictor(model, folder))
        transformer = stack.enter_context(servers.stages.transformer(model, predictor.url, folder))
        lonely = stack.enter_context(servers.stages.transformer(model, f"http://127.0.0.1:{free_ports(1)[0]}", folder))
        gateway = stack.enter_context(servers.stages.gateway(transformer.url, folder))
        yield Stages(predictor, transformer, gateway, lonely)


def _server(stack: ExitStack, at: Listening) -> Server:
    http = stack.enter_context(httpx.Client(timeout=30))
    return Server(at.url, at.grpc_address, http, stack.enter_context(grpc.insecure_channel(at.grpc_address)))


def _target(stack: ExitStack, at: Listening, inputs: tuple[Document, ...], unready: Listening | None) -> Target:
    lonely = _server(stack, unready) if unready else None
    return Target(_server(stack, at), "summit-extract", servers.stages.MODEL_VERSION, inputs, unready=lonely)


def _stage(
    name: str, inputs: tuple[Document, ...], unready: str | None = None
) -> Callable[[pytest.FixtureRequest], AbstractContextManager[Target]]:
    @contextmanager
    def started(request: pytest.FixtureRequest) -> Iterator[Target]:
        stages: Stages = request.getfixturevalue("stages")
        with ExitStack() as stack:
            yield _target(stack, getattr(stages, name), inputs, getattr(stages, unready) if unready else None)

    return started


_SERVERS: dict[str, Callable[[pytest.FixtureRequest], AbstractContextManager[Target]]] = {
    "reference": _reference,
    "predictor": _stage("predictor", _TOKENS),
    "transformer": _stage("transformer", _TEXT, "lonely_transformer"),
    "gateway": _stage("gateway", _TEXT),  # never unready: its fallback answers
}


@pytest.fixture(scope="session")
def loopback() -> Iterator[Loopback]:
    """Where servers of the tests' own process run."""
    loop = Loopback()
    yield loop
    loop.close()


@pytest.fixture(scope="session", params=list(_SERVERS.values()), ids=list(_SERVERS))
def v2_server(request: pytest.FixtureRequest) -> Iterator[Target]:
    """Every server that speaks V2, one after the other."""
    with request.param(request) as target:
        yield target
