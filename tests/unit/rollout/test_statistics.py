import itertools
import math
import random
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rollout.statistics import (
    Found,
    ShareTest,
    Weights,
    advanced,
    chance_of_at_most,
    f1,
    loss_at_least,
    requests_to_clear,
    restarted,
    upper_bound,
    worse_than,
)

ERRORS = ShareTest(objective=0.01, times_worse=3.0, wrong=0.05, abort_factor=4.0)
SLOW = ShareTest(objective=0.05, times_worse=3.0, wrong=0.05, abort_factor=4.0)


def test_an_error_adds_ln_3_and_a_success_takes_two_hundredths() -> None:
    assert ERRORS.bad.failure == pytest.approx(math.log(3), abs=1e-12)
    assert ERRORS.bad.success == pytest.approx(-0.0204, abs=5e-5)


def test_for_the_good_an_error_takes_ln_3_and_a_success_adds_seven_thousandths() -> None:
    assert ERRORS.good.failure == pytest.approx(-math.log(3), abs=1e-12)
    assert ERRORS.good.success == pytest.approx(0.0067, abs=5e-5)


def test_the_bounds_are_ln_20_and_ln_80() -> None:
    assert ERRORS.good_bound == pytest.approx(math.log(20), abs=1e-12)
    assert ERRORS.bad_bound == pytest.approx(math.log(80), abs=1e-12)


def test_447_clean_requests_advance_and_446_do_not() -> None:
    assert ERRORS.clean_requests(0.0) == 447
    assert advanced(0.0, 0, 447, ERRORS.good) >= ERRORS.good_bound
    assert advanced(0.0, 0, 446, ERRORS.good) < ERRORS.good_bound


def test_four_errors_in_a_row_abort_and_three_do_not() -> None:
    assert restarted(0.0, 4, 0, ERRORS.bad)[0] >= ERRORS.bad_bound
    assert restarted(0.0, 3, 0, ERRORS.bad)[0] < ERRORS.bad_bound


def test_a_share_of_one_half_can_still_be_worse() -> None:
    half = ShareTest(objective=0.5, times_worse=3.0, wrong=0.05, abort_factor=4.0)
    assert half.bad.failure > 0 > half.bad.success


@pytest.mark.parametrize(("slow", "requests"), [(0, 59), (1, 93), (2, 124)])
def test_p95_is_cleared_by_exactly_so_many_requests(slow: int, requests: int) -> None:
    assert requests_to_clear(slow, 0.05, 0.05) == requests
    assert chance_of_at_most(slow, requests, 0.05) <= 0.05 < chance_of_at_most(slow, requests - 1, 0.05)


@given(st.integers(0, 30), st.integers(0, 30), st.fractions(Fraction(1, 100), Fraction(99, 100), max_denominator=100))
def test_the_binomial_chance_is_the_exact_sum(failures: int, more: int, share: Fraction) -> None:
    requests = failures + more
    exact = sum(math.comb(requests, k) * share**k * (1 - share) ** (requests - k) for k in range(failures + 1))
    assert chance_of_at_most(failures, requests, float(share)) == pytest.approx(float(exact), rel=1e-9)


@pytest.mark.parametrize(
    ("successes", "trials", "bound"),
    [
        pytest.param(0, 20_000, 1 - 0.05 ** (1 / 20_000), id="none: the rule of three, exactly"),
        pytest.param(0, 10, 1 - 0.05**0.1, id="none of ten"),
        pytest.param(10, 10, 1.0, id="all"),
        pytest.param(1, 20, 0.216106, id="one of twenty, from a printed table"),
    ],
)
def test_the_upper_bound_is_that_of_clopper_and_pearson(successes: int, trials: int, bound: float) -> None:
    assert upper_bound(successes, trials) == pytest.approx(bound, abs=1e-6)


@given(st.floats(0, 5), st.integers(0, 40), st.integers(0, 400))
def test_the_restarted_sum_is_that_of_evenly_spread_failures(score: float, failures: int, successes: int) -> None:
    after = peak = score
    for at in range(failures + 1):
        after = max(0.0, after + successes / (failures + 1) * ERRORS.bad.success)
        after += ERRORS.bad.failure if at < failures else 0.0
        peak = max(peak, after)
    found_after, found_peak = restarted(score, failures, successes, ERRORS.bad)
    assert found_after == pytest.approx(after, abs=1e-9)
    if failures:
        assert found_peak == pytest.approx(max(peak, after) if peak > score else found_peak, abs=1e-9)
        assert found_peak >= found_after


def test_arrays_and_numbers_give_the_same() -> None:
    scores, failures, successes = np.array([0.0, 2.0, 4.0]), np.array([0, 1, 7]), np.array([30, 0, 100])
    after, peak = restarted(scores, failures, successes, ERRORS.bad)
    for at in range(3):
        alone = restarted(float(scores[at]), int(failures[at]), int(successes[at]), ERRORS.bad)
        assert (after[at], peak[at]) == alone


def _crossings(weights: Weights, bound: float, share: float) -> float:
    """The share of 1,000 streams of 3,000 requests whose sum passes the bound at some time."""
    failed = np.random.default_rng(5).random((1000, 3000)) < share
    sums = np.cumsum(np.where(failed, weights.failure, weights.success), axis=1)
    return float((sums.max(axis=1) >= bound).mean())


def test_a_candidate_at_the_objective_passes_one_time_in_twenty_however_often_one_looks() -> None:
    assert _crossings(ERRORS.good, ERRORS.good_bound, 0.01) <= 0.05


def test_a_candidate_three_times_as_bad_never_passes() -> None:
    assert _crossings(ERRORS.good, ERRORS.good_bound, 0.03) == 0.0


def test_equal_versions_are_hardly_ever_called_unequal_whatever_the_split() -> None:
    """Wald's bound: the sum passes ln 100 in at most one of a hundred runs."""
    source = np.random.default_rng(3)
    for mine in (1, 10, 50):
        score = worst = np.zeros(2000)
        for _ in range(400):
            failures, theirs = source.binomial(mine, 0.01, 2000), source.binomial(100 - mine, 0.01, 2000)
            score = worse_than(score, (failures, mine), (theirs, 100 - mine), 3.0)
            worst = np.maximum(worst, score)
        assert (worst >= math.log(100)).mean() <= 0.015


def test_a_version_with_three_times_the_failures_is_found_out() -> None:
    score = 0.0
    for _ in range(60):
        score = worse_than(score, (3, 100), (9, 900), 3.0)
    assert score > math.log(1000)


@pytest.mark.parametrize(("mine", "others"), [((2, 10), (0, 0)), ((0, 0), (5, 10)), ((0, 0), (0, 0))])
def test_one_version_alone_says_nothing_of_two(mine: tuple[int, int], others: tuple[int, int]) -> None:
    assert worse_than(1.5, mine, others, 3.0) == 1.5


def test_the_odds_of_being_worse_are_exact() -> None:
    """A tenth of the requests: a failure of mine is 0.25 against 0.1, one of theirs 0.75 against 0.9."""
    score = worse_than(0.0, (1, 10), (1, 90), 3.0)
    assert score == pytest.approx(math.log(0.25 / 0.1) + math.log(0.75 / 0.9), abs=1e-12)


def test_f1_is_the_harmonic_mean() -> None:
    assert f1([Found(3, 1, 0), Found(0, 0, 2)]) == pytest.approx(2 * 3 / (2 * 3 + 1 + 2))
    assert f1([Found(0, 0, 0)]) == 1.0


def test_the_bootstrap_bound_is_that_of_all_resamples() -> None:
    """Three texts have 27 equally likely resamples: the quantile of the loss is known."""
    champion = [Found(4, 0, 0), Found(4, 0, 0), Found(4, 0, 0)]
    candidate = [Found(4, 0, 0), Found(2, 0, 2), Found(0, 0, 4)]
    losses = sorted(
        f1([champion[i] for i in drawn]) - f1([candidate[i] for i in drawn])
        for drawn in itertools.product(range(3), repeat=3)
    )
    exact = float(np.quantile(np.repeat(losses, 1000), 0.05))
    assert loss_at_least(champion, candidate) == pytest.approx(exact, abs=0.01)


def test_a_clear_loss_has_a_bound_above_nothing_and_chance_has_not() -> None:
    source = random.Random(2)
    before = [Found(source.randint(1, 3), 0, 0) for _ in range(60)]
    worse = [Found(0, 1, each.right) if at % 3 == 0 else each for at, each in enumerate(before)]
    same = [Found(each.right - (at == 0), 0, int(at == 0)) for at, each in enumerate(before)]
    assert loss_at_least(before, worse) > 0.15
    assert loss_at_least(before, same) <= 0.0
