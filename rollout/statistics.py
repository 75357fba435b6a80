"""The tests that decide, each of which knows how little it has seen. Pure; numbers or numpy arrays alike.

Sequential tests (Wald 1945) may be looked at as often as one likes: the odds that they promise hold at every look.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

Number = Any
"""A float, or an array of floats: one element a simulated rollout."""

_BISECTIONS = 60


@dataclass(frozen=True, slots=True)
class Weights:
    """What one request adds to the logarithm of the odds of one share of failures against another."""

    failure: float
    success: float

    @classmethod
    def between(cls, doubted: float, believed: float) -> "Weights":
        """For the odds of `believed` over `doubted`, both shares of failures, 0 to 1."""
        return cls(math.log(believed / doubted), math.log((1 - believed) / (1 - doubted)))


@dataclass(frozen=True)
class ShareTest:
    """Whether a share of failures keeps an objective: is it `times_worse` than it, or a `times_worse`th of it?"""

    objective: float
    """The share that is still allowed, 0 to 1."""
    times_worse: float
    wrong: float
    """The chance, 0 to 1, that a candidate exactly at the objective passes."""
    abort_factor: float

    @cached_property
    def bad(self) -> Weights:
        worse = min(self.objective * self.times_worse, (1 + self.objective) / 2)
        return Weights.between(self.objective, worse)

    @cached_property
    def good(self) -> Weights:
        return Weights.between(self.objective, self.objective / self.times_worse)

    @cached_property
    def good_bound(self) -> float:
        """Where the sum of `good` advances."""
        return -math.log(self.wrong)

    @cached_property
    def bad_bound(self) -> float:
        """Where the sum of `bad` aborts."""
        return self.good_bound + math.log(self.abort_factor)

    def clean_requests(self, good: float) -> int:
        """How many requests without a failure the sum still needs to advance."""
        return max(0, math.ceil((self.good_bound - good) / self.good.success))


def advanced(score: Number, failures: Number, successes: Number, weights: Weights) -> Number:
    """The sum after these requests, in whichever order they came."""
    return score + failures * weights.failure + successes * weights.success


def restarted(score: Number, failures: Number, successes: Number, weights: Weights) -> tuple[Number, Number]:
    """The sum that starts anew at 0 whenever it falls below, after these requests; and its peak on the way.

    A reading of counters hides the order. The failures are taken as evenly spread: had they come last, a healthy
    version with many requests would be condemned; had they come first, a sick one would never be.
    Source: Page 1954, `Continuous inspection schemes`.
    """
    gap = successes / (failures + 1) * weights.success
    first = np.maximum(0.0, score + gap) + weights.failure
    last = np.maximum(weights.failure, first + (failures - 1) * (weights.failure + gap))
    has_failed = failures > 0
    after = np.maximum(0.0, np.where(has_failed, last + gap, score + gap))
    return after, np.maximum(after, np.where(has_failed, np.maximum(first, last), score))


def worse_than(score: Number, mine: tuple[Number, Number], others: tuple[Number, Number], times: float) -> Number:
    """The logarithm of the odds that mine fail `times` as often as others', after these (failures, requests) of each.

    Given that something failed, it was mine with the chance of my part of the requests, unless I am worse. So it asks
    nothing of how good either is, nor of how the traffic is split.
    """
    (my_failures, my_requests), (their_failures, their_requests) = mine, others
    both = my_requests + their_requests
    part = np.where(both > 0, my_requests / np.maximum(both, 1), 0.5)
    is_telling = (part > 0) & (part < 1)
    part = np.where(is_telling, part, 0.5)
    worse = times * part / (times * part + 1 - part)
    gained = my_failures * np.log(worse / part) + their_failures * np.log((1 - worse) / (1 - part))
    return score + np.where(is_telling, gained, 0.0)


def chance_of_at_most(failures: int, requests: int, share: float) -> float:
    """The probability of at most so many failures among so many requests, if each fails with this chance: exact."""
    if failures >= requests:
        return 1.0
    logs = _log_factorials(requests)
    k = np.arange(failures + 1)
    terms = logs[requests] - logs[k] - logs[requests - k] + k * math.log(share) + (requests - k) * math.log1p(-share)
    peak = float(terms.max())
    return min(1.0, math.exp(peak) * float(np.exp(terms - peak).sum()))


def requests_to_clear(failures: int, share: float, wrong: float) -> int:
    """The fewest requests among which so few failures have at most the chance `wrong`, if the share were the truth.

    With 5% and 5%: 59 with no failure, 93 with one.
    """
    low, high = failures, max(16, math.ceil(4 * (failures + 3) / share))
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if chance_of_at_most(failures, middle, share) <= wrong else (middle, high)
    return high


def upper_bound(successes: int, trials: int, wrong: float = 0.05) -> float:
    """The largest share that explains so few successes with at least the chance `wrong` (Clopper and Pearson 1934)."""
    if successes >= trials:
        return 1.0
    low, high = 0.0, 1.0
    for _ in range(_BISECTIONS):
        middle = (low + high) / 2
        low, high = (middle, high) if chance_of_at_most(successes, trials, middle) > wrong else (low, middle)
    return high


@dataclass(frozen=True, slots=True)
class Found:
    """What was found in one text against what is there."""

    right: int
    extra: int
    missed: int


def f1(found: Sequence[Found]) -> float:
    """F1 over all texts, 0 to 1; 1 where there is nothing to find and nothing was found."""
    return float(_f1(np.array([[each.right, each.extra, each.missed] for each in found]).sum(axis=0)))


def loss_at_least(
    champion: Sequence[Found], candidate: Sequence[Found], *, wrong: float = 0.05, seed: int = 0
) -> float:
    """The F1 that the candidate surely lost against the champion on the same texts: a one-sided lower bound.

    Bootstrap over texts, which are what was drawn: both versions' results of a text stay together.
    """
    counts = np.array([[(each.right, each.extra, each.missed) for each in side] for side in (champion, candidate)])
    source = np.random.default_rng(seed)
    drawn = source.multinomial(counts.shape[1], np.full(counts.shape[1], 1 / counts.shape[1]), size=2000)
    before, after = (_f1(drawn @ side) for side in counts)
    return float(np.quantile(before - after, wrong))


def _f1(counts: Any) -> Any:
    """Of the last axis: right, extra, missed."""
    right, wrong = 2 * counts[..., 0], counts[..., 1] + counts[..., 2]
    return np.where(right + wrong > 0, right / np.maximum(right + wrong, 1), 1.0)


def _log_factorials(largest: int) -> Any:
    return np.concatenate([[0.0], np.cumsum(np.log(np.arange(1, largest + 1)))])
