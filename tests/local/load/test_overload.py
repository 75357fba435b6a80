"""Twice what the model can do, through a real gateway: it stays busy, the excess is answered at once, nothing breaks.

The model has a known capacity and takes no processor time (`servers.paced_model`): what is judged is the gateway.
"""

import asyncio
import json
import math
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

import aiohttp
import httpx
import pytest
from servers import stages
from servers.paced_model import CAPACITY, SLOTS, paced_model
from servers.processes import free_ports

BODY = json.dumps({"text": "Angela Merkel was in Berlin."}).encode()
TIMES = 2
"""Load over capacity."""


@dataclass(frozen=True)
class Shot:
    """One request, ended."""

    policy: str
    status: int
    is_degraded: bool
    retry_after: str | None
    seconds: float


@dataclass(frozen=True)
class Overloaded:
    """A gateway before such a model, by URL."""

    url: str
    metrics_url: str

    def resident_bytes(self) -> float:
        text = httpx.get(self.metrics_url, timeout=20).text
        (line,) = [line for line in text.splitlines() if line.startswith("process_resident_memory_bytes ")]
        return float(line.split()[1])


@pytest.fixture(scope="module")
def door(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Overloaded]:
    folder = tmp_path_factory.mktemp("overload")
    (metrics,) = free_ports(1)
    settings = {"GATEWAY_METRICS_PORT": str(metrics), "GATEWAY_PROBE_SECONDS": "5", "GATEWAY_LOG_LEVEL": "WARNING"}
    with paced_model(folder) as model, stages.gateway(model, folder, **settings) as gateway:
        yield Overloaded(gateway.url, f"http://127.0.0.1:{metrics}/metrics")


async def shoot(session: aiohttp.ClientSession, policy: str) -> Shot:
    began = time.monotonic()
    headers = {"content-type": "application/json", "x-degradation": policy}
    async with session.post("/extract", data=BODY, headers=headers) as response:
        answer = await response.json()
        is_degraded = bool(answer.get("degraded"))
        retry_after = response.headers.get("retry-after")
        return Shot(policy, response.status, is_degraded, retry_after, time.monotonic() - began)


async def alone(url: str, seconds: float) -> float:
    """Model answers a second, when as many callers as it has slots ask one after the other."""
    until, counted = time.monotonic() + seconds, 0

    async def caller(session: aiohttp.ClientSession) -> int:
        count = 0
        while time.monotonic() < until:
            count += not (await shoot(session, "refuse")).is_degraded
        return count

    async with aiohttp.ClientSession(url) as session:
        counted = sum(await asyncio.gather(*(caller(session) for _ in range(SLOTS))))
    return counted / seconds


async def overload(url: str, seconds: float) -> list[Shot]:
    """Requests at twice the capacity, whether or not they are answered; every second one refuses the fallback."""
    gap, began = 1 / (TIMES * CAPACITY), time.monotonic()
    shots: list[asyncio.Task[Shot]] = []
    async with aiohttp.ClientSession(url, connector=aiohttp.TCPConnector(limit=0)) as session:
        for number in range(math.ceil(seconds / gap)):
            await asyncio.sleep(began + number * gap - time.monotonic())
            shots.append(asyncio.create_task(shoot(session, ("allow", "refuse")[number % 2])))
        return await asyncio.gather(*shots)


def check_promises(shots: list[Shot]) -> None:
    """What holds for every single caller."""
    by_policy = {
        policy: Counter(shot.status for shot in shots if shot.policy == policy) for policy in ("allow", "refuse")
    }
    assert set(by_policy["allow"]) == {200}
    assert set(by_policy["refuse"]) <= {200, 429, 503}
    assert not [shot for shot in shots if shot.policy == "refuse" and shot.is_degraded]
    assert not [shot for shot in shots if shot.status in {429, 503} and not shot.retry_after]


def model_answers(shots: list[Shot]) -> int:
    return sum(shot.status == 200 and not shot.is_degraded for shot in shots)


def percentile(values: list[float], share: float) -> float:
    return sorted(values)[min(len(values) - 1, int(share * len(values)))]


async def test_a_short_overload_keeps_every_promise_to_callers(door: Overloaded) -> None:
    """What depends on a quiet machine is judged in the long form."""
    shots = await overload(door.url, seconds=3)
    check_promises(shots)
    assert {shot.is_degraded for shot in shots if shot.policy == "allow"} == {True, False}
    assert model_answers(shots) >= 0.5 * CAPACITY * 3


@pytest.mark.long
@pytest.mark.timeout(400)
async def test_two_minutes_at_twice_the_capacity(door: Overloaded) -> None:
    capacity = await alone(door.url, seconds=15)
    await overload(door.url, seconds=10)  # buffers and pools find their size
    before = await asyncio.to_thread(door.resident_bytes)
    began = time.monotonic()
    shots = await overload(door.url, seconds=120)
    lasted = time.monotonic() - began
    grown = await asyncio.to_thread(door.resident_bytes) - before
    check_promises(shots)
    degraded = [shot.seconds for shot in shots if shot.is_degraded]
    measured = {
        "capacity": round(capacity, 1),
        "model answers a second": round(model_answers(shots) / lasted, 1),
        "degraded p50 ms": round(percentile(degraded, 0.5) * 1000, 1),
        "degraded p99 ms": round(percentile(degraded, 0.99) * 1000, 1),
        "grown MiB": round(grown / 2**20, 1),
        "statuses": Counter((shot.policy, shot.status) for shot in shots),
    }
    assert model_answers(shots) / lasted >= 0.9 * capacity, measured
    assert percentile(degraded, 0.99) <= 0.05, measured
    assert grown <= 8 * 2**20, measured
    record(measured)


def record(measured: dict[str, object]) -> None:
    """The figures, for who runs this to see with `-s` or `-rP`."""
    for name, value in measured.items():
        print(f"{name}: {value}")  # noqa: T201 - the test's own report
