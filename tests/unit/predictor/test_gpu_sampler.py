"""The sampler against a driver that the test plays."""

import threading
from types import SimpleNamespace
from typing import Any

import pytest
from prometheus_client import REGISTRY

from predictor.gpu_sampler import sampling
from summit_inference.metrics import GPU_UTILIZATION

LONG_SECONDS = 60.0  # one sample, and then the end interrupts the wait


class NoDriver(Exception):
    """What the driver's library raises."""


class FakeNvml:
    """GPUs with these percents; one that is None has no such figure, and without any there is no driver."""

    NVMLError: type[Exception] = NoDriver

    def __init__(self, *percents: float | None) -> None:
        self._percents = percents
        self.asked = threading.Semaphore(0)
        self.is_open = False

    def nvmlInit(self) -> None:  # noqa: N802 - the driver's names
        if not self._percents:
            raise NoDriver
        self.is_open = True

    def nvmlShutdown(self) -> None:  # noqa: N802
        self.is_open = False

    def nvmlDeviceGetCount(self) -> int:  # noqa: N802
        return len(self._percents)

    def nvmlDeviceGetHandleByIndex(self, index: int) -> int:  # noqa: N802
        return index

    def nvmlDeviceGetUtilizationRates(self, handle: int) -> Any:  # noqa: N802
        self.asked.release()
        percent = self._percents[handle]
        if percent is None:
            raise NoDriver
        return SimpleNamespace(gpu=percent)


@pytest.fixture(autouse=True)
def _no_gpu_yet() -> None:
    GPU_UTILIZATION.clear()


def utilization(gpu: str) -> float | None:
    return REGISTRY.get_sample_value("ai_gpu_utilization", {"gpu": gpu})


def sampled(nvml: FakeNvml, times: int, interval_seconds: float = LONG_SECONDS) -> None:
    """Run the sampler until it has asked so often; leaving it waits for its thread."""
    with sampling(nvml, interval_seconds):
        for _ in range(times):
            assert nvml.asked.acquire(timeout=1)


def test_each_gpu_is_a_share_between_0_and_1() -> None:
    sampled(FakeNvml(97, 0), times=2)
    assert (utilization("0"), utilization("1")) == (0.97, 0.0)


def test_it_samples_again_and_again() -> None:
    sampled(FakeNvml(50), times=5, interval_seconds=0.001)
    assert utilization("0") == 0.5


def test_a_gpu_without_the_figure_is_left_out_and_the_others_go_on() -> None:
    nvml = FakeNvml(None, 40)
    sampled(nvml, times=3, interval_seconds=0.001)
    assert (utilization("0"), utilization("1")) == (None, 0.4)


def test_without_a_driver_there_is_no_metric_and_no_thread() -> None:
    before = threading.active_count()
    with sampling(FakeNvml()):
        assert threading.active_count() == before
    assert utilization("0") is None


def test_the_driver_is_let_go_at_the_end() -> None:
    nvml = FakeNvml(10)
    sampled(nvml, times=1)
    assert not nvml.is_open


def test_the_end_does_not_wait_for_the_next_sample() -> None:
    sampled(FakeNvml(10), times=1, interval_seconds=LONG_SECONDS)
    assert not [thread for thread in threading.enumerate() if thread.name == "gpu-sampler"]
