"""The count of every request, once: in the metrics for Prometheus, and in the last minute for who looks now."""

from collections import Counter, deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from gateway.caller import LIVE, Caller, Outcome
from summit_inference import metrics
from summit_inference.deadline import Clock

WINDOW_SECONDS = 60.0
_MOST = 20_000
"""Requests that are remembered: beyond some 300 a second, the window is shorter."""


@dataclass(frozen=True, slots=True)
class Ended:
    """One request that has ended."""

    at: float
    model_version: str
    outcome: Outcome
    traffic: str
    seconds: float


@dataclass(frozen=True, slots=True)
class Traffic:
    """Requests of one model version and one class."""

    outcomes: Mapping[Outcome, int]
    answer_seconds: Sequence[float]
    """Of the model and of the fallback, ascending."""

    @property
    def requests(self) -> int:
        return sum(self.outcomes.values())

    def quantile_seconds(self, share: float) -> float | None:
        """What this share of the answers did not exceed; None where there were none."""
        if not self.answer_seconds:
            return None
        return self.answer_seconds[min(len(self.answer_seconds) - 1, int(share * len(self.answer_seconds)))]


class Tally:
    """All requests of one gateway."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._ended: deque[Ended] = deque(maxlen=_MOST)

    def count(self, caller: Caller) -> None:
        """Count it when it has ended, and not again. Without an outcome, the caller left before there was one."""
        if caller.is_counted:
            return
        caller.is_counted = True
        now = self._clock()
        outcome, seconds = caller.outcome or Outcome.CALLER_ERROR, now - caller.arrived_at
        metric_labels = (caller.model_version, outcome, caller.traffic)
        metrics.REQUESTS.labels(*metric_labels).inc()
        metrics.INFERENCE_LATENCY.labels(*metric_labels).observe(seconds)
        self._ended.append(Ended(now, *metric_labels, seconds))

    def recent(self, model_version: str, *, is_live: bool) -> Traffic:
        """The requests of the last minute for this version: those of live callers, or batch work."""
        of_version = (ended for ended in self._recent() if ended.model_version == model_version)
        return _traffic([ended for ended in of_version if (ended.traffic == LIVE) == is_live])

    def recent_versions(self) -> set[str]:
        """The versions that had requests in the last minute; "" where none was known."""
        return {ended.model_version for ended in self._recent()}

    def _recent(self) -> list[Ended]:
        since = self._clock() - WINDOW_SECONDS
        return [ended for ended in self._ended if ended.at >= since]


def _traffic(ended: Sequence[Ended]) -> Traffic:
    answered = sorted(each.seconds for each in ended if each.outcome in {Outcome.MODEL, Outcome.DEGRADED})
    return Traffic(Counter(each.outcome for each in ended), answered)
