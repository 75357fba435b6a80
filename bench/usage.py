"""What a server costs: CPU time and memory of all its processes."""

import contextlib
import time
from collections.abc import Iterator, Sequence

import psutil

_MIB = 2**20


class ProcessTree:
    """Processes and all that they started."""

    def __init__(self, roots: Sequence[int]) -> None:
        self._roots = [psutil.Process(root) for root in roots]

    def processes(self) -> list[psutil.Process]:
        """Those that are alive."""
        return list(self._alive())

    def cpu_seconds(self) -> float:
        """Since each of them started, in user and kernel mode."""
        total = 0.0
        for process in self._alive():
            with contextlib.suppress(psutil.NoSuchProcess):
                total += sum(process.cpu_times()[:2])
        return total

    def memory_mib(self) -> float:
        """Their proportional set size: pages that several share count once."""
        total = 0
        for process in self._alive():
            with contextlib.suppress(psutil.NoSuchProcess):
                total += process.memory_full_info().pss
        return total / _MIB

    def idle_cores(self, seconds: float) -> float:
        """What they use while nobody asks anything."""
        before = self.cpu_seconds()
        time.sleep(seconds)
        return (self.cpu_seconds() - before) / seconds

    def _alive(self) -> Iterator[psutil.Process]:
        for root in self._roots:
            with contextlib.suppress(psutil.NoSuchProcess):
                yield root
                yield from root.children(recursive=True)
