"""What the engine reports, as metrics."""

import pytest
from prometheus_client import REGISTRY

from predictor.counting import Counting
from predictor.observer import BatchReport, DropReason
from summit_inference.lineage import Lineage

VERSION = "counting-test"


@pytest.fixture
def counting() -> Counting:
    return Counting(Lineage("summit-extract", VERSION, None), lanes=2)


def value(name: str, **metric_labels: str) -> float:
    return REGISTRY.get_sample_value(name, {"model_version": VERSION, **metric_labels}) or 0.0


def test_a_batch_counts_its_time_its_tokens_its_padding_and_its_waits(counting: Counting) -> None:
    names = (
        "ai_compute_seconds_sum",
        "ai_lane_busy_seconds_total",
        "ai_batch_tokens_sum",
        "ai_padding_tokens_total",
        "ai_queue_wait_seconds_count",
    )
    before = [value(name) for name in names]
    counting.batch_computed(BatchReport(0, 100, 130, (0.1, 0.2), 0.5, failed=0))
    assert [value(name) - was for name, was in zip(names, before, strict=True)] == pytest.approx([0.5, 0.5, 100, 30, 2])


def test_drops_are_counted_by_their_reason_and_poison_is_one(counting: Counting) -> None:
    before = {reason: value("ai_dropped_total", reason=reason) for reason in ("expired", "poison")}
    counting.dropped(DropReason.EXPIRED, 3)
    counting.batch_computed(BatchReport(0, 10, 10, (0.1,), 0.5, failed=1))
    assert value("ai_dropped_total", reason="expired") == before["expired"] + 3
    assert value("ai_dropped_total", reason="poison") == before["poison"] + 1


def test_the_queue_and_the_lanes_are_gauges(counting: Counting) -> None:
    counting.queue_changed(77)
    assert value("ai_queue_tokens") == 77
    assert value("ai_lanes") == 2
