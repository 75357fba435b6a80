"""One rule at a time: what it says, and with which numbers."""

import pytest

from rollout.evidence import Comparison, Counters, NoEvidence, Sample, Tally
from rollout.judge import Judgement, Look, judged
from rollout.ledger import absorbed, begun
from rollout.policy import Policy
from rollout.state import GoldenReport, RuleResult, Verdict
from rollout.world import Deployed, Readiness

NOW = 1_000.0
READY = Deployed(Readiness.READY, "rev-2")


def _looked(  # noqa: PLR0913 - one for each thing that counts
    mine: Counters,
    theirs: Counters | None = None,
    *,
    deployed: Deployed | None = READY,
    evidence: Sample | NoEvidence | None = None,
    golden: GoldenReport | None = None,
    waived: tuple[str, ...] = (),
) -> Judgement:
    policy = Policy()
    first = Sample(at=NOW - 600)
    second = Sample(
        at=NOW, readings={"a": {"2": mine, "1": theirs or Counters()}}, has_witness=mine.predictor_answered > 0
    )
    ledger = absorbed(begun(NOW - 600, first), second, "2", "1", policy)
    return judged(Look(policy, ledger, False, evidence or second, deployed, golden, NOW, waived))


def _live(n: int, failed: int = 0, slow: int = 0, excluded: int = 0) -> Counters:
    return Counters(live=Tally(answered=n - failed, failed=failed, timed=n - failed, slow=slow, excluded=excluded))


def _rule(judgement: Judgement, name: str) -> RuleResult:
    return next(result for result in judgement.results if result.rule == name)


def test_447_clean_requests_advance() -> None:
    assert _looked(_live(447)).verdict is Verdict.OK
    assert _looked(_live(446)).verdict is Verdict.HOLD


def test_what_is_missing_is_said_with_how_long_it_takes() -> None:
    """300 requests came in ten minutes, so the 147 that are missing take five."""
    errors = _rule(_looked(_live(300)), "errors")
    assert errors.sentence == "errors 0 of 300; needs about 147 more requests (≈ 5 min at the current rate)"
    assert (errors.needs, errors.is_waiting) == (147, True)


def test_without_any_request_no_time_is_promised() -> None:
    assert _rule(_looked(Counters()), "errors").sentence == "errors 0 of 0; needs about 447 more requests"


def test_errors_over_the_objective_roll_back() -> None:
    judgement = _looked(_live(200, failed=9))
    assert judgement.verdict is Verdict.BAD
    assert _rule(judgement, "errors").sentence == "errors 9 of 200: the objective of 1% is broken"


def test_slow_answers_roll_back() -> None:
    assert _rule(_looked(_live(100, slow=40)), "slow").verdict is Verdict.BAD


def test_59_answers_none_slow_clear_the_p95_and_58_do_not() -> None:
    assert _rule(_looked(_live(59)), "slow").verdict is Verdict.OK
    assert _rule(_looked(_live(58)), "slow").needs == 1


def test_a_champion_that_fails_as_well_turns_bad_into_hold() -> None:
    judgement = _looked(_live(200, failed=20), _live(400, failed=60))
    assert judgement.verdict is Verdict.HOLD
    assert judgement.hindrance is not None
    assert "the champion" in judgement.hindrance.sentence


def test_fast_failures_end_it_at_once() -> None:
    assert _rule(_looked(_live(6, failed=5)), "burn").verdict is Verdict.BAD
    assert _rule(_looked(_live(6, failed=4)), "burn").verdict is Verdict.OK


@pytest.mark.parametrize(
    ("deployed", "verdict"),
    [
        pytest.param(None, Verdict.BAD, id="gone"),
        pytest.param(Deployed(Readiness.FAILED, fault="no memory"), Verdict.BAD, id="failed"),
        pytest.param(Deployed(Readiness.READY, crashes=1), Verdict.BAD, id="crashed"),
        pytest.param(Deployed(Readiness.STARTING), Verdict.HOLD, id="not ready"),
        pytest.param(READY, Verdict.OK, id="ready"),
    ],
)
def test_health(deployed: Deployed | None, verdict: Verdict) -> None:
    assert _rule(_looked(_live(500), deployed=deployed), "health").verdict is verdict


def test_a_broken_contract_in_golden_requests_is_bad() -> None:
    golden = GoldenReport(at=NOW, version="2", faults=("an entity does not stand where it says",))
    assert _looked(_live(500), golden=golden).verdict is Verdict.BAD


def test_within_the_objective_yet_worse_than_the_champion_asks_for_a_human() -> None:
    judgement = _looked(_live(2_000, failed=18), _live(40_000, failed=20))
    assert _rule(judgement, "errors").verdict is not Verdict.BAD
    assert _rule(judgement, "relative").verdict is Verdict.HOLD
    assert not _rule(judgement, "relative").is_waiting


def test_what_a_human_let_pass_holds_no_more() -> None:
    counts = Counters(live=_live(500).live, comparison=Comparison(compared=100, different=90))
    assert _looked(counts).verdict is Verdict.HOLD
    assert _looked(counts, waived=("agreement",)).verdict is Verdict.OK


def test_few_compared_texts_say_nothing() -> None:
    counts = Counters(live=_live(500).live, comparison=Comparison(compared=49, different=49))
    assert _rule(_looked(counts), "agreement").verdict is Verdict.OK


def test_a_shadow_answer_against_the_contract_is_bad() -> None:
    counts = Counters(live=_live(500).live, comparison=Comparison(compared=100, contract_faults=1))
    assert _looked(counts).verdict is Verdict.BAD


def test_no_evidence_is_never_a_verdict() -> None:
    judgement = _looked(_live(500), evidence=NoEvidence("no gateway answers"))
    assert judgement.verdict is Verdict.HOLD
    assert _rule(judgement, "freshness").sentence == "there is no evidence: no gateway answers"


def test_old_evidence_is_never_a_verdict() -> None:
    judgement = _looked(_live(500), evidence=Sample(at=NOW - 61))
    assert judgement.verdict is Verdict.HOLD
    assert _rule(judgement, "freshness").sentence == "the evidence is 61 s old, too old to decide by"


def test_a_witness_who_saw_fewer_answers_holds() -> None:
    counts = Counters(live=_live(500).live, predictor_answered=400)
    assert _rule(_looked(counts), "witness").verdict is Verdict.HOLD
    fitting = Counters(live=_live(500).live, predictor_answered=490)
    assert _rule(_looked(fitting), "witness").verdict is Verdict.OK


def test_mostly_cold_starts_hold() -> None:
    assert _rule(_looked(_live(500, excluded=600)), "excluded").verdict is Verdict.HOLD
    assert _rule(_looked(_live(500, excluded=100)), "excluded").verdict is Verdict.OK
