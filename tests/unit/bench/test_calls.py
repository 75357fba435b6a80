"""Calls in turn, timed."""

import asyncio
import os

from bench.calls import Way, _times, costs
from bench.usage import ProcessTree
from summit_inference.tensors import InferRequest, InferResponse


class _Caller:
    def __init__(self, name: str, log: list[str], seconds: float = 0.0) -> None:
        self._name, self._log, self._seconds = name, log, seconds

    async def infer(self, request: InferRequest) -> InferResponse:
        self._log.append(f"{self._name} {request.model_name}")
        await asyncio.sleep(self._seconds)
        return InferResponse(request.model_name, ())


def _way(caller: _Caller, *names: str) -> Way:
    return Way(caller, ProcessTree([os.getpid()]), [InferRequest(name, ()) for name in names])


async def test_the_ways_take_turns_and_cycle_through_their_requests() -> None:
    log: list[str] = []
    await costs({"a": _way(_Caller("a", log), "x", "y"), "b": _way(_Caller("b", log), "z")}, rounds=1, calls=3)
    assert log == 2 * ["a x", "a y", "a x", "b z", "b z", "b z"]


async def test_the_median_of_the_calls_counts() -> None:
    found = await costs({"slow": _way(_Caller("slow", [], 0.01), "x"), "fast": _way(_Caller("fast", []), "x")}, 1, 5)
    assert found["slow"].p50_ms >= 10
    assert found["fast"].p50_ms < found["slow"].p50_ms
    assert found["slow"].server_cpu_ms >= 0


async def test_a_way_that_is_slow_makes_fewer_calls() -> None:
    log: list[str] = []
    assert len(await _times(_way(_Caller("slow", log, 0.35), "x"), 50)) == len(log) == 3
