"""How busy the GPUs are, as the NVIDIA driver says it, every few seconds, from a thread of its own.

On a machine without a driver, or without the package `nvidia-ml-py`, there is nothing to sample, and no metric.
"""

import importlib
import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any, Protocol

from summit_inference.metrics import GPU_UTILIZATION

_log = logging.getLogger(__name__)

_INTERVAL_SECONDS = 5.0
_PERCENT = 100.0


class Nvml(Protocol):
    """What is used of the module `pynvml`."""

    NVMLError: type[Exception]

    def nvmlInit(self) -> None: ...  # noqa: N802 - the driver's names
    def nvmlShutdown(self) -> None: ...  # noqa: N802
    def nvmlDeviceGetCount(self) -> int: ...  # noqa: N802
    def nvmlDeviceGetHandleByIndex(self, index: int) -> Any: ...  # noqa: N802
    def nvmlDeviceGetUtilizationRates(self, handle: Any) -> Any: ...  # noqa: N802


@contextmanager
def sampling(nvml: Nvml | None = None, interval_seconds: float = _INTERVAL_SECONDS) -> Iterator[None]:
    """Sample while the body runs, where there is a GPU."""
    nvml = nvml or _installed()
    handles = _opened(nvml) if nvml else {}
    if nvml is None or not handles:
        yield
        return
    stopped = threading.Event()
    thread = threading.Thread(
        target=_sample, args=(nvml, handles, stopped, interval_seconds), name="gpu-sampler", daemon=True
    )
    thread.start()
    try:
        yield
    finally:
        stopped.set()
        thread.join()
        nvml.nvmlShutdown()


def _installed() -> Nvml | None:
    try:
        module: Any = importlib.import_module("pynvml")
    except ImportError:
        return None
    return module  # type: ignore[no-any-return]


def _opened(nvml: Nvml) -> dict[str, Any]:
    """The GPUs that this process can see, by their number."""
    try:
        nvml.nvmlInit()
    except nvml.NVMLError:
        return {}  # no driver: the ordinary case of a machine without a GPU
    return {str(index): nvml.nvmlDeviceGetHandleByIndex(index) for index in range(nvml.nvmlDeviceGetCount())}


def _sample(nvml: Nvml, handles: dict[str, Any], stopped: threading.Event, interval_seconds: float) -> None:
    while handles and not stopped.is_set():
        for gpu, handle in list(handles.items()):
            try:
                GPU_UTILIZATION.labels(gpu).set(nvml.nvmlDeviceGetUtilizationRates(handle).gpu / _PERCENT)
            except nvml.NVMLError as error:  # a slice of a GPU (MIG) has no such figure; a lost GPU neither
                _log.warning("gpu not sampled any more", extra={"gpu": gpu, "cause": str(error)})
                with suppress(KeyError):
                    GPU_UTILIZATION.remove(gpu)
                del handles[gpu]
        stopped.wait(interval_seconds)
