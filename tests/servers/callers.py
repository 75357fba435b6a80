"""Callers of a gateway who never stop asking, and what each of their answers was."""

import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

import httpx

_TEXT = "angela merkel was in berlin ."
_FOLLOWING_SECONDS = 1.0
"""Within which a gateway follows its routes: what is asked meanwhile may go by the old ones or the new."""


@dataclass(frozen=True)
class Asked:
    """One request."""

    began_at: float
    """On the monotonic clock."""
    status: int
    version: str
    """That answered, or was asked where the answer is degraded."""
    is_degraded: bool
    seconds: float


@dataclass
class Callers:
    """What was asked so far, and the traffic percents that held meanwhile."""

    asked: list[Asked] = field(default_factory=list)
    routed: list[tuple[float, Mapping[str, int]]] = field(default_factory=list)
    """Each change: when, and the percents from then on."""

    def failed(self) -> list[Asked]:
        """Requests without a good answer."""
        return [each for each in self.asked if each.status != 200]

    def degraded(self, since: float = 0.0) -> list[Asked]:
        """Answers by the fallback."""
        return [each for each in self.asked if each.is_degraded and each.began_at >= since]

    def seconds_to_zero(self, version: str) -> float | None:
        """From the first answer that the version failed to no traffic for it; None where it has failed no caller."""
        failed = [each for each in self.degraded() if each.version == version]
        if not failed:
            return None
        began = failed[0].began_at + failed[0].seconds
        return next((at - began for at, percents in self.routed if at > began and not percents.get(version)), None)

    def by_percent(self, version: str) -> dict[int, tuple[int, int]]:
        """Percent of the version → requests while it held, and those of them that the version was asked."""
        counts: dict[int, tuple[int, int]] = {}
        ends = [at for at, _ in self.routed[1:]] + [float("inf")]
        for (began, percents), end in zip(self.routed, ends, strict=True):
            meanwhile = [each for each in self.asked if began + _FOLLOWING_SECONDS <= each.began_at < end]
            percent = percents.get(version, 0)
            n, k = counts.get(percent, (0, 0))
            counts[percent] = (n + len(meanwhile), k + sum(each.version == version for each in meanwhile))
        return counts


@contextmanager
def callers(
    url: str, routed: Callable[[], Mapping[str, int]], count: int = 1, pause: float = 0.02
) -> Iterator[Callers]:
    """Callers, each with one request at a time, until the block ends."""
    told, stop = Callers(), threading.Event()
    threads = [threading.Thread(target=_ask, args=(url, told.asked, stop, pause)) for _ in range(count)]
    threads.append(threading.Thread(target=_watch, args=(routed, told.routed, stop)))
    for thread in threads:
        thread.start()
    try:
        yield told
    finally:
        stop.set()
        for thread in threads:
            thread.join()


def _ask(url: str, asked: list[Asked], stop: threading.Event, pause: float) -> None:
    with httpx.Client(base_url=url, timeout=60, trust_env=False) as http:
        while not stop.wait(pause):
            asked.append(_asked(http))


def _asked(http: httpx.Client) -> Asked:
    began = time.monotonic()
    try:
        response = http.post("/extract", json={"text": _TEXT})
        answer = response.json()
        version = answer["requested_model_version"] if answer["degraded"] else answer["model"]["version"]
        return Asked(began, response.status_code, str(version), answer["degraded"], time.monotonic() - began)
    except (httpx.HTTPError, ValueError, KeyError):
        return Asked(began, 0, "", is_degraded=False, seconds=time.monotonic() - began)


def _watch(
    routed: Callable[[], Mapping[str, int]], changes: list[tuple[float, Mapping[str, int]]], stop: threading.Event
) -> None:
    while not stop.wait(0.02):
        percents = routed()
        if not changes or changes[-1][1] != percents:
            changes.append((time.monotonic(), percents))


def chi_square(counts: Mapping[int, tuple[int, int]]) -> tuple[float, int]:
    """How far the requests are from their percents, and the degrees of freedom; at 0 and 100 percent all must agree."""
    shares: Sequence[tuple[int, int, float]] = [(n, k, percent / 100) for percent, (n, k) in counts.items() if n]
    assert all(k == n * share for n, k, share in shares if share in {0.0, 1.0}), counts
    drawn = [each for each in shares if each[2] not in {0.0, 1.0}]
    return sum((k - n * p) ** 2 / (n * p * (1 - p)) for n, k, p in drawn), len(drawn)
