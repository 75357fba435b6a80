"""A predictor with a full queue says so at once, and goes on saying that it is alive."""

import time
from collections.abc import Iterator

import grpc
import pytest
from local.failures.pod import BUDGET_TOKENS, QUEUE_TOKENS, Asked, Pod, busy, until

_LONG = ["a"] * (BUDGET_TOKENS - 2)
"""With the special tokens, a batch."""
_PROBES = 100
_GENEROUS_SECONDS = 20.0


@pytest.fixture
def full_predictor(running_pod: Pod, predictor: Asked) -> Iterator[Asked]:
    """One batch computes, for as long as the test takes, and the queue has no room for another."""
    with busy(running_pod.gate, predictor) as blocker:
        waiting = [predictor.over_rest(*_LONG) for _ in range(QUEUE_TOKENS // BUDGET_TOKENS)]
        until(lambda: predictor.metric("ai_queue_tokens") == QUEUE_TOKENS)
        yield predictor
        assert not any(one.done() for one in (blocker, *waiting))
    assert [one.result().status_code for one in waiting] == [200] * len(waiting)


def test_what_finds_no_room_is_refused_at_once_and_told_when_to_come_back(full_predictor: Asked) -> None:
    refused = [full_predictor.over_rest(*_LONG) for _ in range(8)]
    for response in (one.result(_GENEROUS_SECONDS) for one in refused):
        assert response.status_code == 429
        assert response.json()["code"] == "overloaded"
        assert int(response.headers["retry-after"]) >= 1


def test_what_finds_no_room_is_refused_at_once_over_grpc_too(full_predictor: Asked) -> None:
    call = full_predictor.over_grpc(*_LONG)
    assert call.exception(_GENEROUS_SECONDS).code() is grpc.StatusCode.RESOURCE_EXHAUSTED
    assert int(dict(call.trailing_metadata())["retry-after"]) >= 1


def test_the_transformer_passes_the_refusal_on(full_predictor: Asked, transformer: Asked) -> None:
    assert full_predictor.is_ready()
    response = transformer.over_rest(*_LONG).result(_GENEROUS_SECONDS)
    assert (response.status_code, response.json()["code"]) == (429, "overloaded")
    assert int(response.headers["retry-after"]) >= 1


@pytest.mark.parametrize("path", ["/health", "/ready", "/v2/health/live", "/v2/health/ready"])
def test_health_answers_while_the_queue_is_full(full_predictor: Asked, path: str) -> None:
    began = time.monotonic()
    statuses = {full_predictor.server.get(path).status_code for _ in range(_PROBES)}
    assert statuses == {200}
    assert time.monotonic() - began < _GENEROUS_SECONDS
