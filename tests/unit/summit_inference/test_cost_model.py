"""The cost model: what it learns, and what it does not believe."""

import random

import pytest

from summit_inference.cost_model import CostModel, Load

PER_TOKEN, PER_SQUARE, PER_FORWARD = 250e-6, 40e-9, 3e-3


def true_seconds(load: Load) -> float:
    return PER_TOKEN * load.tokens + PER_SQUARE * load.squares + PER_FORWARD * load.forwards


def batches(count: int, seed: int = 0) -> list[Load]:
    dice = random.Random(seed)
    return [Load.of((dice.randint(3, 200) for _ in range(dice.randint(1, 16))), forwards=1) for _ in range(count)]


def test_it_predicts_nothing_before_it_has_seen_three_forwards() -> None:
    model = CostModel()
    for _ in range(2):
        model.observe(Load.of([100], forwards=1), 1.0)
    assert model.seconds(Load.of([100], forwards=1)) == 0
    model.observe(Load.of([100], forwards=1), 1.0)
    assert model.seconds(Load.of([100], forwards=1)) == pytest.approx(1.0, rel=0.01)


def test_it_recovers_the_cost_of_tokens_squares_and_forwards() -> None:
    model = CostModel()
    for load in batches(200):
        model.observe(load, true_seconds(load))
    for load in [Load.of([512], 1), Load.of([8], 1), Load.of([30] * 100, 6)]:
        assert model.seconds(load) == pytest.approx(true_seconds(load), rel=0.1)


def test_one_disturbed_forward_hardly_moves_it() -> None:
    model = CostModel()
    dice = random.Random(1)
    for load in batches(100):
        model.observe(load, true_seconds(load) * dice.uniform(0.95, 1.05))
    before = model.seconds(Load.of([100] * 5, 1))
    model.observe(Load.of([100] * 5, 1), 50 * before)
    assert model.seconds(Load.of([100] * 5, 1)) < 1.2 * before


def test_it_follows_a_machine_that_became_slower_for_good() -> None:
    model = CostModel()
    for load in batches(100):
        model.observe(load, true_seconds(load))
    for load in batches(300, seed=1):
        model.observe(load, 3 * true_seconds(load))
    load = Load.of([30] * 10, 1)
    assert model.seconds(load) == pytest.approx(3 * true_seconds(load), rel=0.15)


def test_more_work_never_costs_less_even_after_batches_that_all_look_alike() -> None:
    model = CostModel()
    dice = random.Random(2)
    for _ in range(200):
        model.observe(Load.of([32] * 16, 1), 0.13 * dice.uniform(0.8, 1.2))
    smaller, larger = model.seconds(Load.of([10], 1)), model.seconds(Load.of([200] * 20, 8))
    assert 0 <= smaller <= larger


def test_loads_add_and_subtract() -> None:
    total = Load.of([3, 4], 1) + Load.of([5], 1)
    assert total == Load(12, 50, 2)
    assert total - Load.of([5], 1) == Load(7, 25, 1)
