"""What goes wrong for one caller stays with that caller."""

import http.client
import json
from collections.abc import Callable, Iterator
from urllib.parse import urlsplit

import grpc
import pytest
from local.failures.pod import BUDGET_TOKENS, INFER, Asked, Pod, busy, tokens, until

_NEIGHBOURS = 6
_TOKENS = 3  # of a request of one word


@pytest.fixture
def held(running_pod: Pod, predictor: Asked) -> Iterator[Asked]:
    """A predictor whose lane is busy until `open`, so that what comes meanwhile shares the next batch."""
    with busy(running_pod.gate, predictor):
        yield predictor


def queued(predictor: Asked, requests: int) -> Callable[[], bool]:
    """Whether so many requests wait for the lane."""
    return lambda: predictor.metric("ai_queue_tokens") == requests * _TOKENS


def test_poison_fails_alone(running_pod: Pod, held: Asked) -> None:
    before = held.metric("ai_dropped_total", reason="poison")
    poison, over_grpc = held.over_rest("y"), held.over_grpc("y")
    neighbours = [held.over_rest("a") for _ in range(_NEIGHBOURS)]
    until(queued(held, _NEIGHBOURS + 2))
    running_pod.gate.open()
    assert [one.result().status_code for one in neighbours] == [200] * _NEIGHBOURS
    assert (poison.result().status_code, poison.result().json()["code"]) == (500, "internal")
    assert over_grpc.code() is grpc.StatusCode.INTERNAL
    assert held.metric("ai_dropped_total", reason="poison") == before + 2
    assert held.is_ready()


def test_cancelled_callers_leave_the_others_alone_and_cost_nothing(running_pod: Pod, held: Asked) -> None:
    computed = held.metric("ai_batch_tokens_sum")
    before = held.metric("ai_dropped_total", reason="cancelled")
    neighbours = [held.over_rest("a") for _ in range(_NEIGHBOURS)]
    leaving, over_grpc = connection(held, "b"), held.over_grpc("c")
    until(queued(held, _NEIGHBOURS + 2))
    leaving.close()
    over_grpc.cancel()
    until(lambda: held.metric("ai_dropped_total", reason="cancelled") == before + 2)
    running_pod.gate.open()
    assert [one.result().status_code for one in neighbours] == [200] * _NEIGHBOURS
    blocker = BUDGET_TOKENS + _TOKENS
    until(lambda: held.metric("ai_batch_tokens_sum") == computed + blocker + _NEIGHBOURS * _TOKENS)


def test_what_is_too_late_is_not_computed(running_pod: Pod, held: Asked) -> None:
    computed = held.metric("ai_batch_tokens_sum")
    late = [held.over_rest("a", x_request_timeout_ms="150") for _ in range(4)]
    patient = held.over_rest("b")
    assert {one.result().status_code for one in late} <= {429, 504}  # 429: known at once that it can't be done
    assert not patient.done()
    running_pod.gate.open()
    assert patient.result().status_code == 200
    until(lambda: held.metric("ai_batch_tokens_sum") == computed + BUDGET_TOKENS + 2 * _TOKENS)


def test_a_lane_that_dies_is_replaced_and_readiness_follows(running_pod: Pod, predictor: Asked) -> None:
    """While no lane takes work, callers hear at once that the model is not ready."""
    with running_pod.gate.shut():
        killed = predictor.over_rest("z")
        assert (killed.result().status_code, killed.result().json()["code"]) == (500, "internal")
        until(lambda: not predictor.is_ready())
        assert not predictor.is_ready_over_grpc()
        refused = predictor.over_rest("a").result()
        assert (refused.status_code, refused.json()["code"]) == (503, "model_not_ready")
    until(predictor.is_ready)
    assert predictor.over_rest("a").result().status_code == 200


def connection(asked: Asked, word: str) -> http.client.HTTPConnection:
    """A request that is on its way, on a connection that can be cut."""
    body = json.dumps({"inputs": tokens(word)})
    opened = http.client.HTTPConnection(urlsplit(asked.listening.url).netloc)
    opened.request("POST", INFER, body)
    return opened
