"""What rounds say together."""

import statistics

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from unit.bench.runs import LIMIT, comparison, turn

from bench.comparison import Comparison, MachineLimit, clients_and_texts, median, median_limit


def test_the_median_of_the_rounds_counts() -> None:
    found = median([turn(10.0), turn(1000.0), turn(20.0)])
    assert found.closed["32x1"].requests_per_second == 20.0
    assert found.closed["32x1"].p50_ms == 50.0
    assert found.memory_mib == 200.0
    assert found.ready_seconds == 5.0


def test_errors_and_lost_requests_are_counted_over_all_rounds() -> None:
    found = median([turn(10.0, errors=1, lost=2), turn(10.0), turn(10.0, errors=2, lost=1)])
    assert found.lost == 3
    assert found.errors == 3 * (1 + 2)  # the open loop's and those of two closed ones


def test_health_is_judged_by_every_answer_of_every_round() -> None:
    rounds = [turn(10.0, health_ms=[1.0] * 60), turn(10.0, health_ms=[1.0] * 57 + [90.0] * 3)]
    assert median(rounds).health_p99_ms == pytest.approx(90.0)
    assert median(rounds[:1]).health_p99_ms == 1.0
    assert turn(10.0, health_ms=[]).health_p99_ms == 0.0


@settings(max_examples=30)
@given(st.lists(st.floats(1, 1e4), min_size=1, max_size=7))
def test_a_median_is_never_outside_of_what_was_measured(rates: list[float]) -> None:
    found = median([turn(rate) for rate in rates])
    assert found.closed["1x32"].requests_per_second == statistics.median(rates)
    assert min(rates) <= found.closed["1x32"].requests_per_second <= max(rates)


def test_the_machine_s_limit_is_operations_over_parameters() -> None:
    assert LIMIT.tokens_per_second == 2 * 50e9 / (2 * 10e6)
    assert comparison().limit_texts_per_second == LIMIT.tokens_per_second / 20


def test_the_machine_s_limit_is_the_median_of_the_rounds() -> None:
    limits = [MachineLimit(gflops, 10, 2) for gflops in (40.0, 70.0, 41.0)]
    assert median_limit(limits) == MachineLimit(41.0, 10, 2)


def test_a_run_survives_its_own_document() -> None:
    run = comparison(mosec=50.0)
    assert Comparison.from_json(run.as_json()) == run
    assert b"\n" not in run.as_json()


def test_a_load_is_named_by_clients_and_texts() -> None:
    assert clients_and_texts("32x1") == (32, 1)
    with pytest.raises(ValueError, match="not enough values"):
        clients_and_texts("32")
