"""What a policy would do, before it does it: many rollouts at once over callers that are drawn. Pure.

The same sums as the judge's, on arrays: one element a rollout. Beside it stand two usual canary analyses, which compare
a share of errors per window with a bound and count strikes, so that the difference can be seen.
"""

import json
import math
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from rollout.ledger import errors_test, slow_test
from rollout.policy import Carry, Policy
from rollout.statistics import advanced, requests_to_clear, restarted, upper_bound

Array = Any
"""Numbers, one a simulated rollout."""

TICK_SECONDS = 15.0
_MINUTE = 60.0
_HALF_HOUR = 30.0
_LISTED_SLOW = 400
"""Up to so many slow answers the exact bound is looked up; more never pass in a simulation."""


@dataclass(frozen=True, slots=True)
class Scene:
    """What is simulated."""

    rps: float
    """Callers' requests a second, to both versions together."""
    error: float
    """The share of the candidate's requests that fail, 0 to 1."""
    slow: float = 0.01
    """The share of its answers that are over the bound of the latency objective."""
    runs: int = 4_000
    seed: int = 0
    hours: float = 8.0
    """What has not ended by then is held."""


@dataclass(frozen=True, slots=True)
class Simulated:
    """How the rollouts ended. Times are in minutes."""

    runs: int
    promoted: float
    """Share of the rollouts, 0 to 1."""
    promoted_at_most: float
    """Upper bound of that share at 95% (Clopper and Pearson)."""
    aborted: float
    aborted_at_most: float
    held: float
    minutes_to_promote: float | None
    """Median; None where none was."""
    minutes_to_abort: float | None
    minutes_to_first_verdict: float | None
    """Median over the rollouts that had one: the first that was enough to go on by, or the abort."""
    first_verdict_in_30_minutes: float
    """Share of the rollouts, 0 to 1."""

    def to_json(self) -> str:
        """One line."""
        return json.dumps(asdict(self))


def simulated(policy: Policy, scene: Scene) -> Simulated:
    """How rollouts with this policy end in this scene. A seed always gives the same."""
    runs = _Runs(policy, scene)
    ticks = int(scene.hours * 60 * _MINUTE / TICK_SECONDS)
    for tick in range(1, ticks + 1):
        if not runs.are_going:
            break
        runs.tick(tick * TICK_SECONDS)
    return runs.summary()


class _Runs:
    """All rollouts of a scene. Those that have ended are taken out of the arrays, so that the long ones stay cheap."""

    def __init__(self, policy: Policy, scene: Scene) -> None:
        self._policy, self._scene = policy, scene
        self._source = np.random.default_rng(scene.seed)
        self._errors, self._slow = errors_test(policy), slow_test(policy)
        self._clear = _slow_allowed(self._slow.objective, self._slow.wrong)
        count = scene.runs
        self._live: dict[str, Array] = {
            "run": np.arange(count), "stage": np.zeros(count, int) if policy.shadow.percent else np.ones(count, int),
            "since": np.zeros(count), "bad": np.zeros(count), "slow_bad": np.zeros(count),
            "good": np.zeros((count, 2)), "timed": np.zeros((count, 2), int), "slow": np.zeros((count, 2), int),
            "seen": np.zeros(count, int), "failed": np.zeros(count, int),
        }  # fmt: skip
        self._ended = np.full(count, np.nan)
        self._promoted = np.zeros(count, bool)
        self._first = np.full(count, np.nan)
        steps = policy.steps
        self._shares = np.array([policy.shadow.percent / 100, *(step.percent / 100 for step in steps)])
        self._least = np.array([policy.shadow.minutes_at_least, *(step.minutes for step in steps)]) * _MINUTE
        self._carried = np.array([True, *(step.evidence is Carry.CARRIED for step in steps)])

    @property
    def are_going(self) -> bool:
        return bool(len(self._live["run"]))

    def tick(self, now: float) -> None:
        """Let callers call for one tick, and judge."""
        self._count()
        is_bad = self._is_bad()
        is_good = ~is_bad & self._is_good()
        first = (is_bad | is_good) & np.isnan(self._first[self._live["run"]])
        self._first[self._live["run"][first]] = now
        self._advance(is_good, now)
        is_over = is_bad | (self._live["stage"] > len(self._policy.steps))
        self._promoted[self._live["run"][is_over & ~is_bad]] = True
        self._ended[self._live["run"][is_over]] = now
        self._live = {name: values[~is_over] for name, values in self._live.items()}

    def _count(self) -> None:
        live, scene = self._live, self._scene
        share = self._shares[live["stage"]]
        requests = self._source.poisson(scene.rps * TICK_SECONDS * share)
        failed = self._source.binomial(requests, scene.error)
        slow = self._source.binomial(requests - failed, scene.slow)
        live["seen"] += requests
        live["failed"] += failed
        live["bad"], self._peak = restarted(live["bad"], failed, requests - failed, self._errors.bad)
        live["slow_bad"], self._slow_peak = restarted(live["slow_bad"], slow, requests - failed - slow, self._slow.bad)
        live["good"] = advanced(live["good"], failed[:, None], (requests - failed)[:, None], self._errors.good)
        live["timed"] += (requests - failed)[:, None]
        live["slow"] += slow[:, None]

    def _is_bad(self) -> Array:
        confidence = self._policy.confidence
        is_burning = (self._live["seen"] <= confidence.burn_requests) & (
            self._live["failed"] >= confidence.burn_failures
        )
        return is_burning | (self._peak >= self._errors.bad_bound) | (self._slow_peak >= self._slow.bad_bound)

    def _is_good(self) -> Array:
        live = self._live
        at, window = np.arange(len(live["run"])), np.where(self._carried[live["stage"]], 1, 0)
        slow = np.minimum(live["slow"][at, window], _LISTED_SLOW)
        return (live["good"][at, window] >= self._errors.good_bound) & (live["timed"][at, window] >= self._clear[slow])

    def _advance(self, is_good: Array, now: float) -> None:
        live = self._live
        elapsed = now - live["since"]
        is_time_up = (live["stage"] == 0) & (elapsed >= self._policy.shadow.minutes_at_most * _MINUTE)
        moves = (is_good | is_time_up) & (elapsed >= self._least[live["stage"]])
        live["stage"] = live["stage"] + moves
        live["since"] = np.where(moves, now, live["since"])
        for name in ("good", "timed", "slow"):
            live[name][moves, 0] = 0
        live["seen"][moves] = live["failed"][moves] = 0

    def summary(self) -> Simulated:
        """How they ended."""
        is_over = ~np.isnan(self._ended)
        aborted = is_over & ~self._promoted
        return _summary(self._promoted, aborted, self._ended / _MINUTE, self._first / _MINUTE)


@lru_cache(maxsize=8)
def _slow_allowed(objective: float, wrong: float) -> Array:
    """For each number of slow answers the requests among which they pass."""
    needed = [requests_to_clear(slow, objective, wrong) for slow in range(_LISTED_SLOW)]
    return np.array([*needed, np.iinfo(int).max])


def _summary(promoted: Array, aborted: Array, minutes: Array, first: Array) -> Simulated:
    runs = len(promoted)
    seen = first[~np.isnan(first)]
    return Simulated(
        runs, float(promoted.mean()), upper_bound(int(promoted.sum()), runs), float(aborted.mean()),
        upper_bound(int(aborted.sum()), runs), float((~promoted & ~aborted).mean()),
        _median(minutes[promoted]), _median(minutes[aborted]), _median(seen),
        float((first <= _HALF_HOUR).mean()),
    )  # fmt: skip


def _median(minutes: Array) -> float | None:
    return float(np.median(minutes)) if len(minutes) else None


def strikes(scene: Scene, shares: tuple[float, ...], limit: int, *, repeats: bool) -> Simulated:
    """How a usual analysis ends: a window of a minute over 1% of errors, or empty, is a strike; so many abort.

    `shares` are the candidate's, 0 to 1, one a window. With `repeats` a window with a strike is tried again, as Flagger
    does; else every window counts once, as Argo Rollouts does.
    """
    source = np.random.default_rng(scene.seed)
    at, struck = np.zeros(scene.runs, int), np.zeros(scene.runs, int)
    ended, promoted = np.full(scene.runs, np.nan), np.zeros(scene.runs, bool)
    for minute in range(1, len(shares) + limit + 1):
        going = np.isnan(ended)
        requests = source.poisson(scene.rps * _MINUTE * np.array(shares)[np.minimum(at, len(shares) - 1)])
        is_strike = source.binomial(requests, scene.error) > requests * _WINDOW_BOUND
        is_strike |= requests == 0
        struck += going & is_strike
        at += going & ~(is_strike & repeats)
        promoted |= going & (struck < limit) & (at >= len(shares))
        ended[going & (promoted | (struck >= limit))] = minute
    aborted = ~np.isnan(ended) & ~promoted
    return _summary(promoted, aborted, ended, ended)


_WINDOW_BOUND = 0.01


def flagger_like(scene: Scene) -> Simulated:
    """5% more each minute up to 50%, aborted by the fifth strike."""
    return strikes(scene, tuple(at * 0.05 for at in range(1, 11)), 5, repeats=True)


def argo_like(scene: Scene) -> Simulated:
    """20% for ten minutes, aborted by more than three strikes."""
    return strikes(scene, (0.2,) * 10, 4, repeats=False)


ANALYSES: tuple[tuple[str, Callable[[Scene], Simulated]], ...] = (
    ("per minute, 5 strikes", flagger_like),
    ("20%, 3 failures", argo_like),
)
TABLE = (
    (0.1, 0.003),
    (0.1, 0.1),
    (1.0, 0.003),
    (1.0, 0.03),
    (10.0, 0.003),
    (10.0, 0.03),
    (100.0, 0.003),
    (100.0, 0.03),
)
"""Requests a second and share of errors of each row."""


def table(policy: Policy, runs: int, seed: int = 0) -> Iterator[str]:
    """The comparison of the policy with usual analyses, a Markdown row at a time."""
    yield "| req/s | true errors | " + " | ".join(name for name, _ in ANALYSES) + " | this policy |"
    yield "|---" * (len(ANALYSES) + 3) + "|"
    for rps, error in TABLE:
        scene = Scene(rps, error, runs=runs, seed=seed, hours=max(8.0, 24.0 / max(rps, 1 / 3)))
        cells = [_said(analysis(scene)) for _, analysis in ANALYSES] + [_said(simulated(policy, scene))]
        yield f"| {rps:g} | {error:.1%} | " + " | ".join(cells) + " |"


def _said(result: Simulated) -> str:
    """`promotes 99.8% (213 min), aborts 0.1%, holds 0.1%`."""
    ends = (
        ("promotes", result.promoted, result.minutes_to_promote),
        ("aborts", result.aborted, result.minutes_to_abort),
        ("holds", result.held, None),
    )
    return ", ".join(
        f"{verb} {share:.1%}" + (f" ({math.ceil(minutes)} min)" if minutes else "")
        for verb, share, minutes in ends
        if share > 0
    )
