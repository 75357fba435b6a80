"""What the load generator prints, read."""

import json

import pytest

from bench.closed_loop import Load, closed_loop_of


def _printed(**changes: float) -> str:
    found = {"answered": 300, "settled": 210, "errors": 1, "seconds": 10.0, "mean_ms": 20.0, "p50_ms": 18.0}
    return f"Running 10s test\n{json.dumps({**found, 'p99_ms': 40.0, **changes})}\n"


def test_many_clients_are_counted_once_the_server_has_settled() -> None:
    found = closed_loop_of(_printed(), Load(32, 1, 10), cores=1.5)
    assert found.requests_per_second == pytest.approx(210 / 7)
    assert found.cpu_ms == pytest.approx(1500 / 30)
    assert (found.p50_ms, found.p99_ms, found.errors) == (18.0, 40.0, 1)


def test_one_client_asks_as_often_as_its_answers_take() -> None:
    assert closed_loop_of(_printed(), Load(1, 1, 10), cores=0.5).requests_per_second == pytest.approx(50)


@pytest.mark.parametrize("clients", [1, 32])
def test_a_server_that_answers_nothing_has_no_rate_and_no_cost(clients: int) -> None:
    found = closed_loop_of(_printed(answered=0, settled=0, mean_ms=0.0), Load(clients, 1, 10), cores=1.0)
    assert (found.requests_per_second, found.cpu_ms) == (0.0, 0.0)
