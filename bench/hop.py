"""What a call from one server to the next costs: V2 REST with binary tensors, gRPC, and KServe's SDK.

    python -m bench.hop [--rounds 3] [--calls 50]

Against servers that answer with what they were sent, so that the wire alone counts: the token ids of one text, those of
32 texts, and 1 MiB of float32. And against the predictor itself, one text a call, beside the bare forward in this
process. All ways take turns; one call at a time, the median counts. A table goes to stderr; the last line of stdout is
a JSON document.
"""

import argparse
import asyncio
import json
import os
import sys
import tempfile
from collections.abc import Sequence
from contextlib import AsyncExitStack, ExitStack
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from bench import bodies, table
from bench.calls import BARE_FORWARD, GRPC, MIB, PREDICTOR, REST, SDK, TOKENS, Way, costs
from bench.contenders import MODEL_NAME, Contender, Model, peer_process, predictor_process, stage_process
from bench.echo import NAME as ECHO
from bench.environments import CACHE
from bench.grpc_client import GrpcUpstream
from bench.in_process import TEXTS_ALONE, BareForward
from bench.model_directory import shipped
from bench.ports import free_ports
from bench.server import NotReady, Server, started
from bench.texts import texts as benchmark_texts
from bench.usage import ProcessTree
from summit_inference import v2
from summit_inference.client import Upstream
from summit_inference.errors import ConfigurationError
from summit_inference.tensors import Datatype, InferRequest, Tensor
from transformers_stage.pipeline import TextPipeline, WindowPlan

_MIB_OF_FP32 = (256, 1024)
_MANY_TEXTS = 32


@dataclass(frozen=True, slots=True)
class Servers:
    """What is called."""

    echo: Server
    echo_grpc: str
    sdk_echo: Server
    predictor: Server


def main(given: argparse.Namespace) -> None:
    """Run and print."""
    model_directory = given.model_directory or shipped(given.cache_directory)
    with ExitStack() as stack:
        servers = _started(stack, model_directory, given.cache_directory)
        rows = asyncio.run(_rows(servers, model_directory, given))
    sys.stderr.write(table.flat(rows) + "\n")
    sys.stdout.write(json.dumps({"benchmark": "hop", "rows": rows}) + "\n")


def _started(stack: ExitStack, model_directory: Path, cache: Path) -> Servers:
    port, grpc_port, sdk_port, predictor_port, predictor_grpc = free_ports(5)
    echo = stage_process("bench.echo", "PREDICTOR", port, grpc_port)
    sdk = peer_process("kserve", ("-m", "bench.peers.kserve.echo"), sdk_port, Model(model_directory, "none"), cache)
    predictor = predictor_process(model_directory, predictor_port, predictor_grpc)
    tokens = bodies.packed_tensors(model_directory, MODEL_NAME)
    contenders = [
        Contender("echo", [echo], port, _path(ECHO), "/", _smallest),
        Contender("KServe SDK's echo", [sdk], sdk_port, _path(ECHO), "/", _smallest),
        Contender("predictor", [predictor], predictor_port, _path(MODEL_NAME), "/", tokens),
    ]
    ours, sdks, real = (stack.enter_context(started(one, _scratch(stack))) for one in contenders)
    return Servers(ours, f"127.0.0.1:{grpc_port}", sdks, real)


def _scratch(stack: ExitStack) -> Path:
    return Path(stack.enter_context(tempfile.TemporaryDirectory()))


def _path(model_name: str) -> str:
    return f"/v2/models/{model_name}/infer"


def _smallest(_: Sequence[str]) -> bodies.Body:
    return v2.encode_request(_floats((1, 1)))


def _floats(shape: tuple[int, ...]) -> InferRequest:
    return InferRequest(ECHO, (Tensor("values", Datatype.FP32, np.ones(shape, np.float32)),), id="1")


async def _rows(servers: Servers, model_directory: Path, given: argparse.Namespace) -> list[dict[str, str | float]]:
    async with AsyncExitStack() as clients:
        ways = await _ways(clients, servers, model_directory)
        found = await costs(ways, given.rounds, given.calls)
    return [
        {"what": name, "p50 ms": round(cost.p50_ms, 2), "server CPU-ms": round(cost.server_cpu_ms, 2)}
        for name, cost in found.items()
    ]


async def _ways(clients: AsyncExitStack, servers: Servers, model_directory: Path) -> dict[str, Way]:
    rest, sdk, predictor = [
        await clients.enter_async_context(Upstream(f"http://127.0.0.1:{server.contender.port}"))
        for server in (servers.echo, servers.sdk_echo, servers.predictor)
    ]
    grpc = await clients.enter_async_context(GrpcUpstream(servers.echo_grpc))
    pipeline = TextPipeline.load(model_directory, model_directory, WindowPlan())
    texts = benchmark_texts()
    many = next(iter(bodies.groups(texts, _MANY_TEXTS)))
    asked = {
        TOKENS: [bodies.packed_request(pipeline, ECHO, [text]) for text in texts[:TEXTS_ALONE]],
        f"{_MANY_TEXTS} texts' tokens": [bodies.packed_request(pipeline, ECHO, many)],
        MIB: [_floats(_MIB_OF_FP32)],
    }
    ways = {}
    for tensors, requests in asked.items():
        ways[f"{tensors}: {REST}"] = Way(rest, servers.echo.tree, requests)
        ways[f"{tensors}: {GRPC}"] = Way(grpc, servers.echo.tree, requests)
        ways[f"{tensors}: {SDK}"] = Way(sdk, servers.sdk_echo.tree, requests)
    real = [bodies.packed_request(pipeline, MODEL_NAME, [text]) for text in texts[:TEXTS_ALONE]]
    ways[PREDICTOR] = Way(predictor, servers.predictor.tree, real)
    ways[BARE_FORWARD] = Way(
        BareForward(model_directory), ProcessTree([os.getpid()]), real
    )  # the servers are in that tree, and idle
    return ways


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--calls", type=int, default=TEXTS_ALONE, help="of each way in a round")
    parser.add_argument("--model-directory", type=Path, help="instead of the newest shipped version")
    parser.add_argument("--cache-directory", type=Path, default=CACHE, help="of KServe's environment")
    return parser.parse_args()


if __name__ == "__main__":
    try:
        main(_arguments())
    except (ConfigurationError, NotReady) as fault:
        sys.exit(f"error: {fault}")
