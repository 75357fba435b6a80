import json

import httpx

from rollout.sink import send


def test_a_decision_is_sent_as_a_structured_cloud_event() -> None:
    got: list[httpx.Request] = []

    def handle(request: httpx.Request) -> httpx.Response:
        got.append(request)
        return httpx.Response(202)

    with httpx.Client(transport=httpx.MockTransport(handle)) as http:
        send(http, "http://broker/", {"id": "m-2-r1-7"})
    assert got[0].headers["content-type"] == "application/cloudevents+json"
    assert json.loads(got[0].content) == {"id": "m-2-r1-7"}


def test_a_sink_that_is_away_stops_no_rollout() -> None:
    with httpx.Client(transport=httpx.MockTransport(lambda _: httpx.Response(503))) as http:
        send(http, "http://broker/", {})
