import pytest

from summit_inference.context import RequestContext, current, current_or_none, working_on

TRACE = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


def test_a_context_crosses_a_hop_as_headers() -> None:
    headers = {"x-request-id": "abc", "x-request-timeout-ms": "500", "x-request-class": "batch", "traceparent": TRACE}
    request = RequestContext.from_headers(headers, clock=lambda: 10.0)
    assert request.is_batch
    assert request.trace_id == "4bf92f3577b34da6a3ce929d0e0e4736"
    assert request.as_headers() == headers


@pytest.mark.parametrize(
    "asked",
    [
        pytest.param("", id="none"),
        pytest.param("a" * 129, id="too long"),
        pytest.param("a\r\nset-cookie: x", id="a header in it"),
        pytest.param("ключ", id="not ascii"),
    ],
)
def test_a_request_id_that_can_not_be_echoed_is_replaced(asked: str) -> None:
    made = RequestContext.from_headers({"x-request-id": asked}).request_id
    assert made != asked
    assert len(made) == 36


def test_a_broken_trace_header_has_no_trace_id() -> None:
    assert RequestContext("a", trace={"traceparent": "nonsense"}).trace_id is None


def test_the_current_request_is_that_of_the_block() -> None:
    outer, inner = RequestContext("outer"), RequestContext("inner")
    assert current_or_none() is None
    with working_on(outer):
        with working_on(inner):
            assert current() is inner
        assert current() is outer
    assert current_or_none() is None


def test_outside_of_any_request_there_is_a_fresh_one() -> None:
    assert current().request_id != current().request_id
