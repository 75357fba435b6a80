"""The claims of docs/decisions/0011, over rollouts that are drawn with a fixed seed."""

import json

import pytest

from rollout.policy import Policy, Shadow, Step
from rollout.simulate import Scene, argo_like, flagger_like, simulated, table

WITHOUT_SHADOW = Policy(shadow=Shadow(percent=0), steps=(Step(percent=10), Step(percent=25), Step(percent=50)))
HEALTHY, BAD = 0.003, 0.03


def test_of_bad_candidates_none_is_promoted_and_all_are_aborted() -> None:
    ended = simulated(Policy(), Scene(rps=1, error=BAD, runs=4_000))
    assert (ended.promoted, ended.aborted) == (0.0, 1.0)
    assert ended.promoted_at_most <= 0.001


def test_of_healthy_candidates_nearly_all_are_promoted_within_eight_hours() -> None:
    ended = simulated(Policy(), Scene(rps=1, error=HEALTHY, runs=2_000))
    assert ended.promoted >= 0.98
    assert ended.aborted <= 0.01
    assert ended.promoted + ended.aborted + ended.held == pytest.approx(1.0)


def test_with_all_traffic_shadowed_the_first_verdict_comes_within_half_an_hour() -> None:
    """In the median by far; of healthy candidates nine of ten."""
    healthy = simulated(Policy(), Scene(rps=1, error=HEALTHY, runs=500))
    bad = simulated(Policy(), Scene(rps=1, error=BAD, runs=500))
    assert healthy.minutes_to_first_verdict is not None
    assert healthy.minutes_to_first_verdict <= 20
    assert healthy.first_verdict_in_30_minutes >= 0.9
    assert bad.first_verdict_in_30_minutes >= 0.99


def test_without_shadowing_the_table_of_the_design_comes_out() -> None:
    """Medians of 213 and 42 minutes at one request a second."""
    healthy = simulated(WITHOUT_SHADOW, Scene(rps=1, error=HEALTHY, runs=400, hours=24))
    bad = simulated(WITHOUT_SHADOW, Scene(rps=1, error=BAD, runs=400))
    assert healthy.minutes_to_promote == pytest.approx(213, rel=0.1)
    assert bad.minutes_to_abort == pytest.approx(42, rel=0.15)


@pytest.mark.parametrize(
    ("rps", "error", "flagger_promotes", "argo_promotes"),
    [(0.1, 0.003, 0.41, 0.63), (0.1, 0.1, 0.14, 0.35), (1, 0.003, 1.0, 1.0), (1, 0.03, 0.27, 0.64)],
)
def test_windows_and_strikes_end_as_the_design_says(
    rps: float, error: float, flagger_promotes: float, argo_promotes: float
) -> None:
    assert flagger_like(Scene(rps, error)).promoted == pytest.approx(flagger_promotes, abs=0.04)
    assert argo_like(Scene(rps, error)).promoted == pytest.approx(argo_promotes, abs=0.04)


def test_without_requests_everything_is_held() -> None:
    ended = simulated(WITHOUT_SHADOW, Scene(rps=0.0001, error=HEALTHY, runs=50, hours=2))
    assert ended.held == 1.0
    assert ended.minutes_to_promote is None


def test_slow_candidates_are_aborted() -> None:
    ended = simulated(Policy(), Scene(rps=10, error=0.0, slow=0.3, runs=200))
    assert ended.aborted == 1.0


def test_a_seed_gives_the_same_again() -> None:
    scene = Scene(rps=10, error=0.01, runs=50, seed=3, hours=1)
    assert simulated(Policy(), scene) == simulated(Policy(), scene)


def test_the_last_line_is_one_document_with_the_three_shares() -> None:
    document = json.loads(simulated(Policy(), Scene(rps=100, error=BAD, runs=20)).to_json())
    assert document["promoted"] + document["aborted"] + document["held"] == pytest.approx(1.0)


@pytest.mark.long
def test_over_many_seeded_rollouts_the_claims_hold() -> None:
    bad = simulated(Policy(), Scene(rps=1, error=BAD, runs=20_000, seed=11))
    healthy = simulated(Policy(), Scene(rps=1, error=HEALTHY, runs=20_000, seed=12))
    assert bad.promoted_at_most <= 0.001
    assert healthy.aborted <= 0.01
    assert healthy.promoted >= 0.98


@pytest.mark.long
def test_the_table_has_a_row_for_every_scene() -> None:
    rows = list(table(Policy(), runs=50))
    assert len(rows) == 10
    assert all(row.count("|") == rows[0].count("|") for row in rows)
