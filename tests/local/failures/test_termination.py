"""SIGTERM under load loses nobody: readiness first, then the ports, then what is in flight, then the process."""

import contextlib
import os
import signal
import time
from collections.abc import Callable, Iterator

import pytest
from contract.v2.target import Document
from local.failures.pod import (
    GRACE_SECONDS,
    Asked,
    Gate,
    Pod,
    asked,
    busy,
    endings,
    faulty_predictor,
    kserve_flags,
    text,
    tokens,
    until,
)
from servers import stages
from servers.processes import answers
from servers.stages import Listening

IN_FLIGHT = 24
_TOKENS = 4  # of a request: two words and the two special tokens

Victim = Callable[[Pod], contextlib.AbstractContextManager[Listening]]


def a_predictor(pod: Pod) -> contextlib.AbstractContextManager[Listening]:
    return faulty_predictor(pod.gate, pod.model, pod.folder)


def a_transformer(pod: Pod) -> contextlib.AbstractContextManager[Listening]:
    flags = kserve_flags(pod.predictor)
    return stages.transformer(pod.model, pod.predictor.url, pod.folder, flags, **endings("TRANSFORMER"))


def a_gateway(pod: Pod) -> contextlib.AbstractContextManager[Listening]:
    return stages.gateway(pod.transformer.url, pod.folder, **endings("GATEWAY"))


VICTIMS: dict[str, tuple[Victim, Callable[..., list[Document]]]] = {
    "predictor": (a_predictor, tokens),
    "transformer": (a_transformer, text),
    "gateway": (a_gateway, text),
}


@contextlib.contextmanager
def started(pod: Pod, name: str) -> Iterator[Asked]:
    make, inputs = VICTIMS[name]
    with make(pod) as listening, asked(listening, inputs) as one:
        until(one.is_ready)
        assert one.over_rest("a").result().status_code == 200  # the gateway knows now that its model is ready
        yield one


def terminated(gate: Gate, victim: Asked, predictor: Asked) -> None:
    """Half of the callers on REST, half on gRPC; none of them has an answer before the ports are closed."""
    with busy(gate, predictor) as blocker:
        rest = [victim.over_rest("x", "a") for _ in range(IN_FLIGHT // 2)]
        grpc = [victim.over_grpc("x", "b") for _ in range(IN_FLIGHT // 2)]
        until(lambda: predictor.metric("ai_queue_tokens") == IN_FLIGHT * _TOKENS)
        victim.listening.process.send_signal(signal.SIGTERM)
        until(lambda: not victim.is_ready())
        assert not victim.is_ready_over_grpc()
        rest.append(victim.over_rest("x", "c"))
        until(lambda: not answers(victim.listening.http))
        assert not any(one.done() for one in (blocker, *rest, *grpc))
    opened = time.monotonic()
    responses = [one.result() for one in rest]
    assert [response.status_code for response in responses] == [200] * (IN_FLIGHT // 2 + 1)
    assert all(response.json()["model_version"] == stages.MODEL_VERSION for response in responses)
    assert all(one.result() for one in grpc)
    assert victim.listening.process.wait(GRACE_SECONDS) == 0
    assert time.monotonic() - opened < GRACE_SECONDS
    assert not answers(victim.listening.grpc)
    with pytest.raises(ProcessLookupError):
        os.killpg(victim.listening.process.pid, 0)


@pytest.mark.parametrize("name", VICTIMS)
def test_sigterm_under_load_loses_nobody(running_pod: Pod, predictor: Asked, name: str) -> None:
    with started(running_pod, name) as victim:
        terminated(running_pod.gate, victim, victim if name == "predictor" else predictor)


@pytest.mark.long
@pytest.mark.timeout(3600)
def test_a_hundred_sigterms_lose_nobody(running_pod: Pod, predictor: Asked) -> None:
    for number in range(100):
        name = list(VICTIMS)[number % len(VICTIMS)]
        with started(running_pod, name) as victim:
            terminated(running_pod.gate, victim, victim if name == "predictor" else predictor)
