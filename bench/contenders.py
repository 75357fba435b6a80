"""Who is compared: how each server is started, asked, and told that it is alive."""

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench import bodies
from bench.bodies import BodyOf
from bench.environments import PEERS, python_of
from bench.peers.settings import FORWARDS
from bench.ports import free_ports

MODEL_NAME, MODEL_VERSION = "summit-extract", "2"
LANES = 2
OURS = "summit-inference"
_ROOT = PEERS.parents[1]
_ENVIRONMENT = {
    "PYTHONPATH": str(_ROOT),
    "OMP_NUM_THREADS": "1",
    "TOKENIZERS_PARALLELISM": "false",
    "HF_HUB_OFFLINE": "1",
}
_DRAIN_SECONDS = "0.5"
"""No router has to notice here that a server is about to stop."""


@dataclass(frozen=True, slots=True)
class Process:
    """One process of a server."""

    command: Sequence[str]
    environment: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Model:
    """What a peer serves, and how it computes it: one of `FORWARDS`."""

    directory: Path
    forward: str


@dataclass(frozen=True, slots=True)
class Contender:
    """One server, ready to be started on its port."""

    title: str
    processes: Sequence[Process]
    port: int
    path: str
    health_path: str
    body_of: BodyOf


@dataclass(frozen=True, slots=True)
class _Peer:
    title: str
    command: Sequence[str]
    """Behind its environment's Python. `{port}` is filled in."""
    path: str
    health_path: str
    body_of: BodyOf = bodies.plain


_V2_PATH, _V2_HEALTH = "/v2/models/entities/infer", "/v2/health/live"
_BENTOML = ("-m", "bentoml", "serve", "bench.peers.bentoml.service:Entities", "--host", "127.0.0.1", "--port", "{port}")
_PEERS = {
    "kserve": _Peer("KServe SDK", ("-m", "bench.peers.kserve.serve"), _V2_PATH, _V2_HEALTH, bodies.v2_text),
    "litserve": _Peer("LitServe", ("-m", "bench.peers.litserve.serve"), "/predict", "/health"),
    "mlserver": _Peer("MLServer", ("-m", "bench.peers.mlserver.serve"), _V2_PATH, _V2_HEALTH, bodies.v2_text),
    "mosec": _Peer("mosec", ("-m", "bench.peers.mosec.serve", "--port", "{port}"), "/inference", "/"),
    "bentoml": _Peer("BentoML", _BENTOML, "/extract", "/livez"),
    "ray": _Peer("Ray Serve", ("-m", "bench.peers.ray.serve"), "/", "/-/healthz"),
}
NAMES = (OURS, *(f"{name}:{forward}" for name in _PEERS for forward in FORWARDS))
AS_IT_SHIPS, WITH_OUR_FORWARD = "as it ships", "our forward"
_FORWARD_TITLES = {"padded": AS_IT_SHIPS, "packed": WITH_OUR_FORWARD}


def contender(name: str, model_directory: Path, cache: Path) -> Contender:
    """The one of that name, of `NAMES`; for a peer, its environment is made if need be."""
    if name == OURS:
        return ours(model_directory)
    peer, _, forward = name.partition(":")
    return _contender_of(peer, forward, model_directory, cache)


def ours(model_directory: Path) -> Contender:
    """Transformer and predictor, as in a pod."""
    predictor_port, predictor_grpc, port, grpc = free_ports(4)
    processes = [
        predictor_process(model_directory, predictor_port, predictor_grpc),
        stage_process(
            "transformers_stage",
            "TRANSFORMER",
            port,
            grpc,
            TRANSFORMER_MODEL_DIRECTORY=str(model_directory),
            TRANSFORMER_LISTEN_HOST="127.0.0.1",
            TRANSFORMER_PREDICTOR_URL=f"http://127.0.0.1:{predictor_port}",
        ),
    ]
    return Contender(OURS, processes, port, f"/v2/models/{MODEL_NAME}/infer", "/v2/health/live", bodies.v2_text)


def predictor_process(model_directory: Path, port: int, grpc_port: int) -> Process:
    """The predictor, with its lanes."""
    own = {"PREDICTOR_MODEL_DIRECTORY": str(model_directory), "PREDICTOR_LANES": str(LANES)}
    return stage_process("predictor", "PREDICTOR", port, grpc_port, **own)


def stage_process(module: str, prefix: str, port: int, grpc_port: int, **settings: str) -> Process:
    """A server of ours, whose settings begin with `prefix`."""
    common = {
        "MODEL_VERSION": MODEL_VERSION,
        f"{prefix}_LISTEN_PORT": str(port),
        f"{prefix}_GRPC_PORT": str(grpc_port),
        f"{prefix}_DRAIN_SECONDS": _DRAIN_SECONDS,
    }
    return Process([sys.executable, "-P", "-m", module], {**_ENVIRONMENT, **common, **settings})


def peer_process(name: str, command: Sequence[str], port: int, model: Model, cache: Path) -> Process:
    """A server in the environment of the peer of that name."""
    environment = {
        **_ENVIRONMENT,
        "BENCH_MODEL_DIRECTORY": str(model.directory),
        "BENCH_FORWARD": model.forward,
        "BENCH_PORT": str(port),
        "BENTOML_DO_NOT_TRACK": "true",
        "RAY_USAGE_STATS_ENABLED": "0",
    }
    return Process([str(python_of(name, cache)), *(part.format(port=port) for part in command)], environment)


def _contender_of(name: str, forward: str, model_directory: Path, cache: Path) -> Contender:
    peer, (port,) = _PEERS[name], free_ports(1)
    process = peer_process(name, peer.command, port, Model(model_directory, forward), cache)
    title = f"{peer.title}, {_FORWARD_TITLES[forward]}"
    return Contender(title, [process], port, peer.path, peer.health_path, peer.body_of)
