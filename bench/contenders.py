"""Who is compared: how each server is started, asked, and told that it is alive."""

import socket
import sys
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from bench import bodies
from bench.bodies import BodyOf
from bench.environments import PEERS, python_of
from bench.peers.settings import FORWARDS

_ROOT = PEERS.parents[1]
_NAME, _VERSION = "summit-extract", "1"
_THREADS = {"OMP_NUM_THREADS": "1", "TOKENIZERS_PARALLELISM": "false", "HF_HUB_OFFLINE": "1"}
OURS = "summit-inference"
PREDICTOR_ALONE = "summit-inference, predictor alone"
LANES = 2


@dataclass(frozen=True, slots=True)
class Process:
    """One process of a server."""

    command: Sequence[str]
    environment: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Contender:
    """One server, ready to be started on its port."""

    name: str
    forward: str
    """`ours`, or how a peer computes: `padded`, as it ships, or `packed`, with our forward inside."""
    processes: Sequence[Process]
    port: int
    path: str
    health_path: str
    body_of: BodyOf

    @property
    def title(self) -> str:
        """For people."""
        return {"padded": f"{self.name}, as it ships", "packed": f"{self.name}, our forward"}.get(
            self.forward, self.name
        )


@dataclass(frozen=True, slots=True)
class _Peer:
    command: Sequence[str]
    """Behind its environment's Python. `{port}` is filled in."""
    path: str
    health_path: str
    body_of: BodyOf = bodies.plain


_PEERS = {
    "kserve": _Peer(
        ("-m", "bench.peers.kserve.serve"), "/v2/models/entities/infer", "/v2/health/live", bodies.v2_text
    ),
    "litserve": _Peer(("-m", "bench.peers.litserve.serve"), "/predict", "/health"),
    "mlserver": _Peer(
        ("-m", "bench.peers.mlserver.serve"), "/v2/models/entities/infer", "/v2/health/live", bodies.v2_text
    ),
    "mosec": _Peer(("-m", "bench.peers.mosec.serve", "--port", "{port}"), "/inference", "/"),
    "bentoml": _Peer(
        ("-m", "bentoml", "serve", "bench.peers.bentoml.service:Entities", "--host", "127.0.0.1", "--port", "{port}"),
        "/extract",
        "/livez",
    ),
    "ray": _Peer(("-m", "bench.peers.ray.serve"), "/", "/-/healthz"),
}
NAMES = (OURS, PREDICTOR_ALONE, *(f"{name}:{forward}" for name in _PEERS for forward in FORWARDS))


def contender(name: str, model_directory: Path, cache: Path) -> Contender:
    """The one of that name, of `NAMES`; for a peer, its environment is made if need be."""
    if name == OURS:
        return ours(model_directory)
    if name == PREDICTOR_ALONE:
        return predictor_alone(model_directory)
    peer, _, forward = name.partition(":")
    return _peer(peer, forward, model_directory, cache)


def ours(model_directory: Path) -> Contender:
    """Transformer and predictor, as in a pod."""
    ports = free_ports(4)
    processes = [_predictor(model_directory, *ports[:2]), _transformer(model_directory, ports)]
    path = f"/v2/models/{_NAME}/infer"
    return Contender(OURS, "ours", processes, ports[2], path, "/v2/health/live", bodies.v2_text)


def predictor_alone(model_directory: Path, model_version: str = _VERSION) -> Contender:
    """The predictor, asked for tensors."""
    ports = free_ports(2)
    body_of = bodies.packed_tensors(model_directory, _NAME)
    process = _predictor(model_directory, *ports, model_version)
    path = f"/v2/models/{_NAME}/infer"
    return Contender(PREDICTOR_ALONE, "ours", [process], ports[0], path, "/v2/health/live", body_of)


def free_ports(count: int) -> list[int]:
    """Loopback ports that nobody listens on, all different; the two behind each are free as well, as a rule."""
    with ExitStack() as sockets:
        taken = [sockets.enter_context(socket.socket()) for _ in range(count)]
        for one in taken:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in taken]


def _predictor(model_directory: Path, http: int, grpc: int, model_version: str = _VERSION) -> Process:
    environment = {
        "PREDICTOR_MODEL_DIRECTORY": str(model_directory),
        "PREDICTOR_LISTEN_PORT": str(http),
        "PREDICTOR_GRPC_PORT": str(grpc),
        "PREDICTOR_LANES": str(LANES),
        "MODEL_VERSION": model_version,
    }
    return Process([sys.executable, "-P", "-m", "predictor"], _THREADS | environment)


def _transformer(model_directory: Path, ports: Sequence[int]) -> Process:
    predictor, _, http, grpc = ports
    environment = {
        "TRANSFORMER_MODEL_DIRECTORY": str(model_directory),
        "TRANSFORMER_LISTEN_HOST": "127.0.0.1",
        "TRANSFORMER_LISTEN_PORT": str(http),
        "TRANSFORMER_GRPC_PORT": str(grpc),
        "TRANSFORMER_PREDICTOR_URL": f"http://127.0.0.1:{predictor}",
        "MODEL_VERSION": _VERSION,
    }
    return Process([sys.executable, "-P", "-m", "transformers_stage"], _THREADS | environment)


def _peer(name: str, forward: str, model_directory: Path, cache: Path) -> Contender:
    peer, (port,) = _PEERS[name], free_ports(1)
    environment = {
        "PYTHONPATH": str(_ROOT),
        "BENCH_MODEL_DIRECTORY": str(model_directory),
        "BENCH_FORWARD": forward,
        "BENCH_PORT": str(port),
        "BENTOML_DO_NOT_TRACK": "true",
        "RAY_USAGE_STATS_ENABLED": "0",
    }
    command = [str(python_of(name, cache)), *(part.format(port=port) for part in peer.command)]
    process = Process(command, _THREADS | environment)
    return Contender(name, forward, [process], port, peer.path, peer.health_path, peer.body_of)
