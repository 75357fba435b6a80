"""Requests sent at times that were fixed beforehand, whatever the server does: latency as users see it.

A slow answer delays none of the next, and counts from when its request was due.
"""

import asyncio
import random
import time
from collections.abc import Sequence
from dataclasses import dataclass

import aiohttp
import numpy as np

from bench.contenders import Contender
from bench.server import answer

_LEAD_SECONDS = 0.1


@dataclass(frozen=True, slots=True)
class OpenLoop:
    """Latency at a given rate."""

    p50_ms: float
    p99_ms: float
    errors: int


def send_times(per_second: float, seconds: float, seed: int = 0) -> list[float]:
    """When to send, from 0 on: independent callers, so that gaps are exponential. Units: seconds."""
    draw, times, now = random.Random(seed), [], 0.0  # noqa: S311 - a load
    while (now := now + draw.expovariate(per_second)) < seconds:
        times.append(now)
    return times


def open_loop(contender: Contender, texts: Sequence[str], times: Sequence[float]) -> OpenLoop:
    """One text a request, at these times."""
    return asyncio.run(_open_loop(contender, texts, times))


async def _open_loop(contender: Contender, texts: Sequence[str], times: Sequence[float]) -> OpenLoop:
    connector = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(connector=connector, timeout=aiohttp.ClientTimeout(total=60)) as session:
        start = time.perf_counter() + _LEAD_SECONDS
        calls = [_call(session, contender, texts[at % len(texts)], start + due) for at, due in enumerate(times)]
        found = await asyncio.gather(*calls)
    good = [milliseconds for status, milliseconds in found if status == 200]  # noqa: PLR2004
    p50, p99 = np.percentile(good, [50, 99]).tolist() if good else (0.0, 0.0)
    return OpenLoop(p50, p99, len(found) - len(good))


async def _call(session: aiohttp.ClientSession, contender: Contender, text: str, due: float) -> tuple[int, float]:
    await asyncio.sleep(max(0.0, due - time.perf_counter()))
    status = await answer(session, contender, text)
    return status, (time.perf_counter() - due) * 1000
