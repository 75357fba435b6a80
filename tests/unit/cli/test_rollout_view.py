from cli.rollout_view import decision_line, outcome_line, status_lines, watch_line
from rollout.phase import Phase
from rollout.policy import Policy, Step
from rollout.state import DecisionRecord, ExactVersion, ModelRollout, Outcome, RuleResult, Spec, Status, Verdict

ONE, TWO = ExactVersion(version="1"), ExactVersion(version="2")
DECISION = DecisionRecord(
    number=3, at=0, rollout_id="r1", phase=Phase.RAMP, percent=25, sentence="5% is proven", code="advanced"
)
RAMP = Status(
    phase=Phase.RAMP,
    rollout_id="r1",
    candidate=TWO,
    champion=ONE,
    step=1,
    percent=25,
    phase_at=100,
    reason="5% is proven",
    rules=(
        RuleResult(rule="errors", verdict=Verdict.HOLD, sentence="errors 2 of 812; needs about 210 more requests"),
        RuleResult(rule="slow", verdict=Verdict.OK, sentence="0 of 812 answers over 400 ms"),
    ),
    decisions=(DECISION,),
)


def _rollout(status: Status) -> ModelRollout:
    policy = Policy(steps=(Step(percent=5), Step(percent=25), Step(percent=50)))
    return ModelRollout(name="summit-extract", spec=Spec(model_name="summit-extract", policy=policy), status=status)


def test_a_status_tells_phase_traffic_evidence_and_decisions() -> None:
    lines = status_lines(_rollout(RAMP), {"1": 75, "2": 25}, now=400)
    assert "Ramp   version 2 after version 1" in lines[0]
    text = "\n".join(lines)
    assert "75% version 1, 25% version 2" in text
    assert "5.0 min   5% → [25%] → 50% → 100%" in text
    assert "…    errors     errors 2 of 812; needs about 210 more requests" in text
    assert lines[-1] == decision_line(DECISION)


def test_a_machine_without_rollouts_says_what_serves() -> None:
    (line,) = status_lines(_rollout(Status(champion=ONE)), {"1": 100}, now=0)
    assert "version 1 serves" in line


def test_history_says_what_moved_how_it_ended_and_why() -> None:
    outcome = Outcome(
        rollout_id="r1", candidate=TWO, champion=ONE, phase=Phase.ROLLED_BACK, code="errors",
        reason="errors 9 of 80", began_at=0, ended_at=90,
    )  # fmt: skip
    assert "RolledBack  1 → 2" in outcome_line(outcome)
    assert "1.5 min  errors 9 of 80" in outcome_line(outcome)


def test_a_watcher_reads_traffic_and_the_one_thing_that_is_waited_for() -> None:
    line = watch_line(_rollout(RAMP), {"1": 75, "2": 25})
    assert line.strip() == "75% version 1, 25% version 2   errors 2 of 812; needs about 210 more requests"


def test_what_hinders_comes_before_what_more_requests_would_prove() -> None:
    waiting = RuleResult(rule="errors", verdict=Verdict.HOLD, sentence="errors 0 of 1", needs=446, is_waiting=True)
    hindering = RuleResult(rule="champion", verdict=Verdict.HOLD, sentence="the champion breaks the objectives too")
    status = RAMP.model_copy(update={"rules": (waiting, hindering)})
    assert watch_line(_rollout(status), {}).endswith("the champion breaks the objectives too")


def test_where_nothing_is_judged_a_watcher_reads_what_happens() -> None:
    status = RAMP.model_copy(update={"phase": Phase.ROLLING_BACK})
    assert watch_line(_rollout(status), {"1": 100}).strip() == "100% version 1   the champion gets everything back"
