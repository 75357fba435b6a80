"""Whether a candidate is good: one verdict a rule, each with the sentence that a person needs to check it. Pure.

Any `bad` rolls back, all `ok` advances, everything else holds. Nothing is ever said of what was not seen.
"""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from rollout.evidence import NoEvidence, Sample
from rollout.ledger import errors_test, seen, slow_test
from rollout.policy import Policy
from rollout.state import GoldenReport, Ledger, RuleResult, Scores, Verdict
from rollout.statistics import chance_of_at_most, requests_to_clear
from rollout.world import Deployed, Readiness

_SLACK_REQUESTS = 20
"""Gateway and predictor are read at different moments: so many requests may lie between."""
_MINUTE = 60.0
_LEAST_CHANCE = 1e-300
"""So that it has a logarithm."""
_LONG = 600
"""Minutes from which on they are said in hours."""


AGREEMENT, RELATIVE = "agreement", "relative"
WAIVABLE = (AGREEMENT, RELATIVE)
"""The rules that ask for a human, who may let them pass."""


@dataclass(frozen=True, slots=True)
class Look:
    """All that one judging goes by."""

    policy: Policy
    ledger: Ledger
    is_carried: bool
    """Whether advancing goes by the evidence since the shadow phase began, not by the step's own."""
    evidence: Sample | NoEvidence
    deployed: Deployed | None
    """The candidate, as the backend has it."""
    golden: GoldenReport | None
    now: float
    waived: tuple[str, ...] = ()
    """Rules that a human has let pass."""

    @property
    def window(self) -> Scores:
        """The evidence that advances."""
        return self.ledger.carried if self.is_carried else self.ledger.step

    @property
    def age_seconds(self) -> float | None:
        return None if isinstance(self.evidence, NoEvidence) else self.evidence.age_seconds(self.now)

    @property
    def is_fresh(self) -> bool:
        """Whether the evidence is new enough to decide by."""
        return self.age_seconds is not None and self.age_seconds <= self.policy.confidence.freshness_seconds

    @property
    def is_champion_bad(self) -> bool:
        """Whether the champion breaks the objectives too: then it is the environment's doing."""
        carried = self.ledger.carried
        bound = errors_test(self.policy).good_bound
        return max(carried.champion_errors.peak, carried.champion_slow.peak) >= bound


@dataclass(frozen=True, slots=True)
class Judgement:
    """The verdict, and each rule's."""

    verdict: Verdict
    results: tuple[RuleResult, ...]

    def first(self, verdict: Verdict) -> RuleResult | None:
        """The rule that decided so."""
        return next((result for result in self.results if result.verdict is verdict), None)

    @property
    def hindrance(self) -> RuleResult | None:
        """The rule that holds for another reason than that more of the same evidence is needed."""
        return next((each for each in self.results if each.verdict is Verdict.HOLD and not each.is_waiting), None)


def judged(look: Look) -> Judgement:
    """The verdict on the candidate."""
    results = tuple(_waived(rule(look), look.waived) for rule in _RULES)
    verdicts = {result.verdict for result in results}
    verdict = Verdict.BAD if Verdict.BAD in verdicts else Verdict.HOLD if Verdict.HOLD in verdicts else Verdict.OK
    return Judgement(verdict, results)


def _waived(result: RuleResult, waived: tuple[str, ...]) -> RuleResult:
    if result.verdict is not Verdict.HOLD or result.rule not in waived:
        return result
    return result.model_copy(update={"verdict": Verdict.OK, "sentence": f"{result.sentence}, and did"})


def _health(look: Look) -> RuleResult:
    fault = next(_health_faults(look), None)
    if fault:
        return RuleResult(rule="health", verdict=Verdict.BAD, sentence=fault)
    if look.deployed is not None and look.deployed.readiness is Readiness.STARTING:
        return RuleResult(rule="health", verdict=Verdict.HOLD, sentence="the candidate is not ready")
    return RuleResult(rule="health", verdict=Verdict.OK, sentence="ready, without crashes")


def _health_faults(look: Look) -> Iterator[str]:
    deployed = look.deployed
    if deployed is None:
        yield "the candidate is not deployed any more"
    elif deployed.readiness is Readiness.FAILED:
        yield f"the candidate is broken: {deployed.fault or 'it will not become ready'}"
    elif deployed.crashes > look.policy.confidence.crashes:
        yield f"the candidate crashed ({deployed.crashes} times): {deployed.fault or 'see its log'}"
    if look.golden and look.golden.faults:
        yield f"the candidate breaks the contract: {look.golden.faults[0]}"


def _burn(look: Look) -> RuleResult:
    confidence, counts = look.policy.confidence, seen(look.ledger.step.counts)
    is_burning = counts.judged <= confidence.burn_requests and counts.failed >= confidence.burn_failures
    sentence = f"{counts.failed} of the first {min(counts.judged, confidence.burn_requests)} requests failed"
    verdict = Verdict.BAD if is_burning else Verdict.OK
    if not is_burning:
        sentence = f"fewer than {confidence.burn_failures} of the first {confidence.burn_requests} requests failed"
    return RuleResult(rule="burn", verdict=verdict, sentence=sentence, n=counts.judged, k=counts.failed)


def _errors(look: Look) -> RuleResult:
    test, counts = errors_test(look.policy), seen(look.window.counts)
    n, k = counts.judged, counts.failed
    said = f"errors {k} of {n}"
    if look.ledger.carried.errors.peak >= test.bad_bound:
        total = seen(look.ledger.carried.counts)
        bound = f"the objective of {look.policy.objectives.errors_percent:g}% is broken"
        return _broken(look, "errors", f"errors {total.failed} of {total.judged}: {bound}", total.judged, total.failed)
    needs = test.clean_requests(look.window.errors.good)
    return _measured(look, "errors", said, (n, k), needs, (look.window.errors.good, test.good_bound))


def _slow(look: Look) -> RuleResult:
    test, counts, objectives = slow_test(look.policy), seen(look.window.counts), look.policy.objectives
    n, k = counts.timed, counts.slow
    bound = f"over {objectives.slow_seconds * 1000:g} ms"
    if look.ledger.carried.slow.peak >= test.bad_bound:
        total = seen(look.ledger.carried.counts)
        said = f"{total.slow} of {total.timed} answers {bound}: the objective of {objectives.slow_percent:g}% is broken"
        return _broken(look, "slow", said, total.timed, total.slow)
    chance = chance_of_at_most(k, n, test.objective)
    needs = 0 if chance <= test.wrong else max(1, requests_to_clear(k, test.objective, test.wrong) - n)
    return _measured(
        look,
        "slow",
        f"{k} of {n} answers {bound}",
        (n, k),
        needs,
        (-math.log(max(chance, _LEAST_CHANCE)), test.good_bound),
    )


def _broken(look: Look, rule: str, said: str, n: int, k: int) -> RuleResult:
    """Bad, unless the champion fares no better."""
    carried = look.ledger.carried
    score = (carried.errors if rule == "errors" else carried.slow).peak
    verdict = Verdict.HOLD if look.is_champion_bad else Verdict.BAD
    excuse = ", but by the champion too" if look.is_champion_bad else ""
    bound = errors_test(look.policy).bad_bound
    return RuleResult(rule=rule, verdict=verdict, sentence=said + excuse, n=n, k=k, score=score, bound=bound)


def _measured(  # noqa: PLR0913, PLR0917 - the parts of one sentence
    look: Look, rule: str, said: str, counts: tuple[int, int], needs: int, score: tuple[float, float]
) -> RuleResult:
    """Ok where nothing is needed any more, else how much is."""
    n, k = counts
    verdict = Verdict.HOLD if needs else Verdict.OK
    sentence = f"{said}; needs about {needs} more requests{_duration(look, n, needs)}" if needs else said
    return RuleResult(
        rule=rule, verdict=verdict, sentence=sentence, n=n, k=k, score=score[0], bound=score[1],
        needs=needs or None, is_waiting=needs > 0,
    )  # fmt: skip


def _duration(look: Look, requests: int, needs: int) -> str:
    """How long that takes, if requests go on to come as they did."""
    elapsed = look.now - look.window.began_at
    if not requests or elapsed <= 0:
        return ""
    minutes = needs * elapsed / requests / _MINUTE
    if minutes < 1:
        return " (less than a minute at the current rate)"
    said = f"{minutes:.0f} min" if minutes < _LONG else f"{minutes / 60:.0f} h"
    return f" (≈ {said} at the current rate)"


def _champion(look: Look) -> RuleResult:
    if not look.is_champion_bad:
        return RuleResult(rule="champion", verdict=Verdict.OK, sentence="the champion keeps the objectives")
    live = look.ledger.carried.champion.live
    sentence = f"the champion breaks the objectives too (errors {live.failed} of {live.judged}, slow {live.slow} of {live.timed}): the environment is at fault"  # noqa: E501
    return RuleResult(rule="champion", verdict=Verdict.HOLD, sentence=sentence, n=live.judged, k=live.failed)


def _relative(look: Look) -> RuleResult:
    carried, bound = look.ledger.carried, math.log(look.policy.confidence.worse_odds)
    mine, theirs = seen(carried.counts), carried.champion.live
    said = f"errors {mine.failed} of {mine.judged}, the champion's {theirs.failed} of {theirs.judged}"
    is_worse = carried.worse >= bound
    return RuleResult(
        rule=RELATIVE, verdict=Verdict.HOLD if is_worse else Verdict.OK, n=mine.judged, k=mine.failed,
        sentence=f"{said}: the candidate fails more; a human must decide" if is_worse else said,
        score=carried.worse, bound=bound,
    )  # fmt: skip


def _witness(look: Look) -> RuleResult:
    counts, allowed = look.ledger.carried.counts, look.policy.confidence.witness_percent / 100
    if isinstance(look.evidence, NoEvidence) or not look.evidence.has_witness:
        return RuleResult(rule="witness", verdict=Verdict.OK, sentence="no second witness is there")
    gateway, predictor = seen(counts), counts.predictor_answered
    said = f"the gateway counts {gateway.answered} answers, the predictor {predictor}"
    missing = gateway.answered * (1 - allowed) - predictor - _SLACK_REQUESTS
    hidden = counts.predictor_failed - gateway.failed - _SLACK_REQUESTS - allowed * gateway.judged
    is_odd = missing > 0 or hidden > 0
    sentence = (
        f"{said}, and {counts.predictor_failed} failures against {gateway.failed}: one of them is wrong"
        if is_odd
        else said
    )
    return RuleResult(rule="witness", verdict=Verdict.HOLD if is_odd else Verdict.OK, sentence=sentence)


def _excluded(look: Look) -> RuleResult:
    counts, limit = look.window.counts.live, look.policy.confidence.excluded_percent
    n, k = counts.judged + counts.excluded, counts.excluded
    said = f"{k} of {n} requests are nobody's fault (cold starts, shedding, callers' errors)"
    is_odd = n >= _SLACK_REQUESTS and 100 * k > limit * n
    verdict = Verdict.HOLD if is_odd else Verdict.OK
    return RuleResult(rule="excluded", verdict=verdict, sentence=f"{said}: too many" if is_odd else said, n=n, k=k)


def _contract(look: Look) -> RuleResult:
    comparison = look.ledger.carried.counts.comparison
    n, k = comparison.compared, comparison.contract_faults
    verdict = Verdict.BAD if k else Verdict.OK
    return RuleResult(rule="contract", verdict=verdict, sentence=f"{k} answers of {n} break the contract", n=n, k=k)


def _agreement(look: Look) -> RuleResult:
    comparison, shadow = look.ledger.carried.counts.comparison, look.policy.shadow
    n, k = comparison.compared, comparison.different
    is_enough = n >= shadow.compared_at_least
    is_other = is_enough and 100 * k > shadow.disagree_percent * n
    said = f"{k} of {n} texts have other entities than the champion's"
    sentence = f"{said}, more than {shadow.disagree_percent:g}%; a human must look" if is_other else said
    verdict = Verdict.HOLD if is_other else Verdict.OK
    return RuleResult(rule=AGREEMENT, verdict=verdict, sentence=sentence, n=n, k=k)


def _freshness(look: Look) -> RuleResult:
    if isinstance(look.evidence, NoEvidence):
        return RuleResult(rule="freshness", verdict=Verdict.HOLD, sentence=f"there is no evidence: {look.evidence}")
    age = f"the evidence is {max(0.0, look.age_seconds or 0.0):.0f} s old"
    verdict = Verdict.OK if look.is_fresh else Verdict.HOLD
    sentence = age if look.is_fresh else f"{age}, too old to decide by"
    return RuleResult(rule="freshness", verdict=verdict, sentence=sentence)


_RULES: tuple[Callable[[Look], RuleResult], ...] = (
    _health, _burn, _contract, _errors, _slow, _freshness, _champion, _relative, _agreement, _witness, _excluded,
)  # fmt: skip
