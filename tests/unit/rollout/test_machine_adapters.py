"""What is asked and told over HTTP on one machine: pairs, the gateway's metrics, an approval, a sink."""

from pathlib import Path

import httpx
import pytest

from rollout.approval import asked
from rollout.evidence import NoEvidence
from rollout.gateway_metrics import GatewayMetrics
from rollout.pair import Pair
from rollout.pair_health import PairHealth
from rollout.sink import send
from rollout.world import Readiness

MODEL = "summit-extract"
PAIR = Pair("2", 1, Path("/models/2"))


class _Pairs:
    """Pairs that have crashed so often."""

    def __init__(self, crashes: int) -> None:
        self._crashes = crashes

    def crashes(self, model_version: str) -> int:
        assert model_version == "2"
        return self._crashes

    def last_words(self, model_version: str) -> str:
        assert model_version == "2"
        return "it was changed"


def _health(crashes: int, *, ready: int, version: str = "2") -> PairHealth:
    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path == f"/v2/models/{MODEL}/versions/2/ready":
            return httpx.Response(ready, json={"ready": ready == 200})
        assert request.url.path == f"/v2/models/{MODEL}"
        return httpx.Response(200, json={"name": MODEL, "versions": [version]})

    http = httpx.Client(transport=httpx.MockTransport(answer))
    return PairHealth(MODEL, _Pairs(crashes), http)  # type: ignore[arg-type] # two of its methods


@pytest.mark.parametrize(
    ("crashes", "ready", "expected"),
    [
        pytest.param(0, 200, Readiness.READY, id="it answers"),
        pytest.param(0, 503, Readiness.STARTING, id="it does not answer yet"),
        pytest.param(1, 503, Readiness.FAILED, id="it ended instead of answering"),
        pytest.param(1, 200, Readiness.READY, id="it came back"),
    ],
)
def test_a_pair_is_as_far_as_it_says(crashes: int, ready: int, expected: Readiness) -> None:
    deployed = _health(crashes, ready=ready).of(PAIR)
    assert (deployed.readiness, deployed.crashes, deployed.answers_as) == (expected, crashes, "2")
    assert deployed.fault == ("it was changed" if crashes else "")


def test_a_pair_that_answers_as_another_version_is_found_out() -> None:
    assert _health(0, ready=200, version="7").of(PAIR).answers_as == "7"


def test_a_pair_that_takes_no_connection_is_starting() -> None:
    def refuse(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused", request=request)

    health = PairHealth(MODEL, _Pairs(0), httpx.Client(transport=httpx.MockTransport(refuse)))  # type: ignore[arg-type]
    assert health.of(PAIR).readiness is Readiness.STARTING
    assert health.of(PAIR).answers_as is None


_METRICS = """# TYPE ai_requests counter
ai_requests_total{model_version="2",outcome="model",traffic="live"} 3.0
# TYPE ai_degraded counter
# TYPE ai_inference_latency_seconds histogram
# TYPE ai_shadow_texts counter
# TYPE ai_shadow_spans counter
# TYPE process_start_time_seconds gauge
process_start_time_seconds 17.5
"""


def _source(status: int, text: str) -> GatewayMetrics:
    http = httpx.Client(transport=httpx.MockTransport(lambda _: httpx.Response(status, text=text)))
    return GatewayMetrics("http://gateway/metrics", http, lambda: 0.4, lambda: 100.0)


def test_a_sample_names_its_process_by_when_it_began() -> None:
    sample = _source(200, _METRICS).sample()
    assert sample.at == 100.0
    assert sample.readings["gateway 17.5"]["2"].live.answered == 3


@pytest.mark.parametrize(("status", "text"), [(503, ""), (200, "<html>"), (200, "")])
def test_a_gateway_that_does_not_tell_gives_no_evidence(status: int, text: str) -> None:
    with pytest.raises(NoEvidence):
        _source(status, text).sample()


@pytest.mark.parametrize(("status", "expected"), [(200, True), (403, False), (202, None), (500, None), (599, None)])
def test_an_approval_is_200_a_refusal_403_and_anything_else_waits(status: int, *, expected: bool | None) -> None:
    http = httpx.Client(transport=httpx.MockTransport(lambda _: httpx.Response(status)))
    assert asked("http://gate/", http) is expected


def test_an_event_is_sent_whole_and_a_sink_that_refuses_it_stops_nothing() -> None:
    arrived: list[httpx.Request] = []

    def refuse(request: httpx.Request) -> httpx.Response:
        arrived.append(request)
        return httpx.Response(503)

    send(httpx.Client(transport=httpx.MockTransport(refuse)), "http://sink/", {"id": "r1-3"})
    assert arrived[0].headers["content-type"] == "application/cloudevents+json"
    assert arrived[0].content == b'{"id":"r1-3"}'
