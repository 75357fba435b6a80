"""A pod and a gateway as processes, whose model can be held, and what callers ask of them over both transports."""

import contextlib
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import grpc
import httpx
from contract.v2 import wire
from contract.v2.target import Document, Server
from prometheus_client.parser import text_string_to_metric_families
from servers import stages
from servers.processes import free_ports
from servers.stages import WORDS, Listening

MODEL = "summit-extract"
INFER = f"/v2/models/{MODEL}/infer"
FAULTY = str(Path(__file__).with_name("faulty_predictor.py"))
QUEUE_TOKENS, BUDGET_TOKENS = 512, 64
"""Of the predictor: little fills it, and a text of more words than the budget is computed alone."""
DRAIN_SECONDS, GRACE_SECONDS = 2.0, 20.0
WAIT_SECONDS = 60.0
"""For what is bound to happen, on a machine with too much to do."""


class Gate:
    """While it is shut, forwards over the word `x` hang."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self._held = file.with_suffix(".held")

    @contextlib.contextmanager
    def shut(self) -> Iterator[None]:
        """Shut for the block, unless `open` comes first."""
        self._held.unlink(missing_ok=True)
        self.file.touch()
        try:
            yield
        finally:
            self.open()

    def holds(self) -> bool:
        """Whether a lane hangs since it was shut."""
        return self._held.exists()

    def open(self) -> None:
        """Let what hangs go on."""
        self.file.unlink(missing_ok=True)


def tokens(*words: str) -> list[Document]:
    """What the predictor takes: one sequence."""
    ids = [WORDS.index(word) for word in ("[CLS]", *words, "[SEP]")]
    return [
        {"name": "input_ids", "shape": [1, len(ids)], "datatype": "INT64", "data": ids},
        {"name": "sequence_lengths", "shape": [1], "datatype": "INT64", "data": [len(ids)]},
    ]


def text(*words: str) -> list[Document]:
    """What transformer and gateway take: one text."""
    return [{"name": "text", "shape": [1], "datatype": "BYTES", "data": [" ".join(words)]}]


@dataclass(frozen=True)
class Asked:
    """One server, and callers in threads that ask it."""

    listening: Listening
    inputs: Callable[..., list[Document]]
    server: Server
    callers: ThreadPoolExecutor

    def over_rest(self, *words: str, **headers: str) -> Future[httpx.Response]:
        """An inference that somebody waits for."""
        document = {"inputs": self.inputs(*words)}
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.callers.submit(self.server.http.post, f"{self.listening.url}{INFER}", json=document, headers=named)

    def over_grpc(self, *words: str) -> Any:
        """The same, as a call that can be cancelled; it goes out at once."""
        message = wire.grpc_request(MODEL, self.inputs(*words), is_raw=True)
        method = self.server.channel.unary_unary("/inference.GRPCInferenceService/ModelInfer")
        return method.future(message.SerializeToString(), timeout=WAIT_SECONDS, wait_for_ready=True)

    def metric(self, name: str, **labels: str) -> float:
        """The sum of a metric of this server over its other labels; 0 if nothing was counted."""
        page = self.server.get("/metrics").text
        samples = [
            sample
            for family in text_string_to_metric_families(page)
            for sample in family.samples
            if sample.name == name and labels.items() <= sample.labels.items()
        ]
        return float(sum(sample.value for sample in samples))

    def is_ready(self) -> bool:
        """What it says over REST; a port that is closed fails the test."""
        return self.server.get("/v2/health/ready").status_code == 200

    def is_ready_over_grpc(self) -> bool:
        """The same over gRPC."""
        answer: bool = self.server.call("ServerReady", b"").ready
        return answer


@contextlib.contextmanager
def asked(listening: Listening, inputs: Callable[..., list[Document]]) -> Iterator[Asked]:
    """The server with callers of its own; what they still wait for at the end is given up."""
    with (
        httpx.Client(timeout=WAIT_SECONDS, trust_env=False) as http,
        grpc.insecure_channel(listening.grpc_address) as channel,
    ):
        callers = ThreadPoolExecutor(64)
        try:
            yield Asked(listening, inputs, Server(listening.url, listening.grpc_address, http, channel), callers)
        finally:
            callers.shutdown(wait=False, cancel_futures=True)


@contextlib.contextmanager
def busy(gate: Gate, predictor: Asked) -> Iterator[Future[httpx.Response]]:
    """The predictor's one lane computes for as long as the gate is shut, on this request alone."""
    with gate.shut():
        blocker = predictor.over_rest("x", *["a"] * BUDGET_TOKENS)
        until(gate.holds)
        yield blocker
    assert blocker.result().status_code == 200


@dataclass(frozen=True)
class Pod:
    """What a version runs as, with a gate before its model."""

    gate: Gate
    model: Path
    folder: Path
    predictor: Listening
    transformer: Listening


@contextlib.contextmanager
def pod(folder: Path) -> Iterator[Pod]:
    """A predictor whose model is faulty, and a transformer before it that knows it by KServe's flags alone."""
    gate, model = Gate(folder / "gate"), folder / "model"
    stages.save_tiny_model(model)
    with (
        faulty_predictor(gate, model, folder) as predictor,
        stages.transformer(
            model, f"http://127.0.0.1:{free_ports(1)[0]}", folder, kserve_flags(predictor), **endings("TRANSFORMER")
        ) as transformer,
    ):
        yield Pod(gate, model, folder, predictor, transformer)


def faulty_predictor(gate: Gate, model: Path, folder: Path) -> contextlib.AbstractContextManager[Listening]:
    """The predictor with one lane, small batches and the shortest queue that it takes."""
    limits = {
        "PREDICTOR_LANES": "1",
        "PREDICTOR_BUDGET_TOKENS": str(BUDGET_TOKENS),
        "PREDICTOR_QUEUE_TOKENS": str(QUEUE_TOKENS),
        "PYTHONPATH": str(Path(__file__).parents[2]),
    }
    return stages.predictor(model, folder, (FAULTY, str(gate.file)), **limits, **endings("PREDICTOR"))


def endings(prefix: str) -> dict[str, str]:
    """Settings of a patient end."""
    return {f"{prefix}_DRAIN_SECONDS": str(DRAIN_SECONDS), f"{prefix}_GRACE_SECONDS": str(GRACE_SECONDS)}


def kserve_flags(predictor: Listening) -> list[str]:
    """What KServe's controller appends to the command of a custom transformer, and one that it may append some day."""
    return [
        *("--model_name", MODEL),
        *("--predictor_host", f"127.0.0.1:{predictor.http}"),
        *("--workers", "4"),
        "--a_flag_of_tomorrow=1",
    ]


def until(is_so: Callable[[], bool]) -> None:
    """Wait for what is bound to happen."""
    end = time.monotonic() + WAIT_SECONDS
    while not is_so():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.01)
