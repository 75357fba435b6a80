"""Evidence added up: every reading of the counters once, into the sums of every test. Pure."""

import numpy as np

from rollout.evidence import Counters, Sample, Tally, fresh_counts, merged
from rollout.policy import Policy
from rollout.state import Ledger, Score, Scores
from rollout.statistics import ShareTest, advanced, restarted, worse_than


def errors_test(policy: Policy) -> ShareTest:
    """The test of the objective for errors."""
    return _test(policy, policy.objectives.errors_percent)


def slow_test(policy: Policy) -> ShareTest:
    """The test of the objective for latency."""
    return _test(policy, policy.objectives.slow_percent)


def _test(policy: Policy, percent: float) -> ShareTest:
    confidence = policy.confidence
    return ShareTest(percent / 100, confidence.times_worse, confidence.wrong_percent / 100, confidence.abort_factor)


def begun(now: float, last: Sample | None = None) -> Ledger:
    """A ledger with nothing in it, that counts from the sample on."""
    return Ledger(last=last, step=Scores(began_at=now), carried=Scores(began_at=now))


def with_new_step(ledger: Ledger, now: float) -> Ledger:
    """The ledger with what was carried, and a new step."""
    return ledger.model_copy(update={"step": Scores(began_at=now)})


def absorbed(ledger: Ledger, sample: Sample, candidate: str, champion: str | None, policy: Policy) -> Ledger:
    """The ledger with what the sample adds; the same where it is no newer than the last."""
    if ledger.last is not None and sample.at <= ledger.last.at:
        return ledger
    mine = fresh_counts(ledger.last, sample, candidate)
    theirs = fresh_counts(ledger.last, sample, champion) if champion else Counters()
    return Ledger(
        last=merged(ledger.last, sample),
        step=_added(ledger.step, mine, theirs, policy),
        carried=_added(ledger.carried, mine, theirs, policy),
    )


def seen(counters: Counters) -> Tally:
    """All requests that a version read, callers' and copies."""
    return counters.live.plus(counters.shadow)


def _added(scores: Scores, mine: Counters, theirs: Counters, policy: Policy) -> Scores:
    errors, slow = errors_test(policy), slow_test(policy)
    my, their = seen(mine), theirs.live
    return Scores(
        counts=scores.counts.plus(mine),
        champion=scores.champion.plus(theirs),
        errors=_scored(scores.errors, my.failed, my.answered, errors),
        slow=_scored(scores.slow, my.slow, my.timed - my.slow, slow),
        champion_errors=_scored(scores.champion_errors, their.failed, their.answered, errors),
        champion_slow=_scored(scores.champion_slow, their.slow, their.timed - their.slow, slow),
        worse=_worse(scores.worse, my, their, policy),
        began_at=scores.began_at,
    )


def _worse(score: float, my: Tally, their: Tally, policy: Policy) -> float:
    mine, others = (my.failed, my.judged), (their.failed, their.judged)
    return float(worse_than(score, mine, others, policy.confidence.times_worse))


def _scored(score: Score, failures: int, successes: int, test: ShareTest) -> Score:
    failures = max(failures, 0)  # a difference of two counters that are not read at one moment
    bad, peak = restarted(score.bad, failures, np.maximum(successes, 0), test.bad)
    return Score(bad=float(bad), peak=float(peak), good=float(advanced(score.good, failures, successes, test.good)))
