"""Whole rollouts against a model of KServe's canary: what happens, in which order, and why it ends as it does."""

import pytest
from servers.rollout_stage import Quality, Stage

from rollout.effects import MoveAlias, SetShadow, Settle, SetTraffic, StartDark
from rollout.phase import Phase
from rollout.policy import Policy, ScoreGate, Shadow, Validation, demo_policy
from rollout.state import Approval, Order

GOOD = Quality(errors=0.002, slow=0.005)


def _stage(candidate: Quality, policy: Policy | None = None, *, rps: float = 20.0, champion: Quality = GOOD) -> Stage:
    stage = Stage({"1": champion, "2": candidate, "3": GOOD}, policy or demo_policy(), rps=rps)
    stage.serve("1")
    stage.settle_turns()
    stage.aliases = type(stage.aliases)(champion="1", candidate="2")
    return stage


def _percents(stage: Stage) -> list[int]:
    return [effect.percent for effect in stage.acted if isinstance(effect, SetTraffic)]


def test_a_good_candidate_is_promoted_step_by_step() -> None:
    stage = _stage(GOOD)
    stage.run(1_200)
    assert stage.status.phase is Phase.PROMOTED
    assert _percents(stage) == [5, 25, 50, 100]
    assert stage.kserve.split() == stage.kserve.routed == {"2": 100}
    assert (stage.aliases.champion, stage.aliases.previous) == ("2", "1")
    assert stage.kserve.percent is None
    assert not stage.kserve.shadowed


def test_what_is_done_in_which_order() -> None:
    stage = _stage(GOOD)
    stage.run(1_200)
    kinds = [type(effect) for effect in stage.acted]
    moved = [effect.alias for effect in stage.acted if isinstance(effect, MoveAlias)]
    assert kinds.index(StartDark) < kinds.index(SetShadow) < kinds.index(SetTraffic) < kinds.index(MoveAlias)
    assert kinds.index(MoveAlias) < kinds.index(Settle)
    assert moved == ["champion", "previous"]


def test_it_starts_with_no_traffic_at_all() -> None:
    stage = _stage(GOOD)
    while stage.status.phase is not Phase.SMOKE:
        stage.turn()
        stage.pass_time(1)
        assert stage.kserve.split() == {"1": 100}
    assert stage.kserve.percent == 0


@pytest.mark.parametrize(
    ("candidate", "code", "said"),
    [
        pytest.param(Quality(errors=0.05), "errors", "the objective of 1% is broken", id="5% errors"),
        pytest.param(Quality(slow=0.9), "slow", "over 2000 ms", id="slow"),
        pytest.param(Quality(crashes_at_load=True), "health", "crashed", id="crashes at load"),
        pytest.param(Quality(never_ready=True), "not_ready", "not ready within 15 minutes", id="never ready"),
        pytest.param(Quality(labels=("LOC", "PER")), "invalid", "cannot give the label ORG", id="a label less"),
        pytest.param(Quality(fault="its digest is wrong"), "invalid", "its digest is wrong", id="a wrong digest"),
        pytest.param(Quality(answers_as="7"), "other_version", "answers as version 7", id="another version answers"),
        pytest.param(Quality(f1=0.2), "smoke", "F1 is 0.200", id="it reads badly"),
    ],
)
def test_a_bad_candidate_is_rolled_back_with_its_reason(candidate: Quality, code: str, said: str) -> None:
    stage = _stage(candidate)
    stage.run(2_400)
    outcome = stage.status.outcomes[-1]
    assert stage.status.phase is Phase.ROLLED_BACK
    assert (outcome.code, stage.status.code) == (code, code)
    assert said in outcome.reason
    assert stage.kserve.split() == stage.kserve.routed == {"1": 100}
    assert stage.aliases.champion == "1"
    assert stage.kserve.percent is None


def test_what_is_invalid_never_touches_the_cluster() -> None:
    stage = _stage(Quality(fault="its digest is wrong"))
    stage.run(60)
    assert len(stage.kserve.revisions) == 1


def test_a_candidate_that_failed_is_not_tried_again_until_it_is_asked_for() -> None:
    stage = _stage(Quality(errors=0.5))
    stage.run(1_200)
    assert stage.status.attempts == 1
    stage.spec = stage.spec.model_copy(update={"start": Order(id="again", by="ann")})
    stage.settle_turns()
    assert stage.status.attempts == 2


def test_setting_the_alias_anew_asks_again() -> None:
    stage = _stage(Quality(errors=0.5))
    stage.run(1_200)
    stage.aliases = type(stage.aliases)(champion="1")
    stage.settle_turns()
    stage.aliases = type(stage.aliases)(champion="1", candidate="2")
    stage.settle_turns()
    assert stage.status.attempts == 2


def _at(stage: Stage, phase: Phase, percent: int) -> Stage:
    for _ in range(400):
        stage.settle_turns()
        if stage.status.phase is phase and stage.status.percent == percent:
            return stage
        stage.pass_time(5)
    raise AssertionError(f"it is {stage.status.phase} at {stage.status.percent}%: {stage.status.reason}")


def test_deleting_the_alias_rolls_back() -> None:
    stage = _at(_stage(GOOD), Phase.RAMP, 25)
    stage.aliases = type(stage.aliases)(champion="1")
    stage.run(60)
    assert (stage.status.phase, stage.status.code) == (Phase.ROLLED_BACK, "withdrawn")
    assert stage.kserve.split() == {"1": 100}


def test_moving_the_alias_rolls_back_and_tries_the_other() -> None:
    stage = _at(_stage(GOOD), Phase.RAMP, 25)
    stage.aliases = type(stage.aliases)(champion="1", candidate="3")
    stage.run(1_500)
    assert stage.status.phase is Phase.PROMOTED
    assert stage.kserve.split() == {"3": 100}


def test_moving_champion_by_hand_promotes_without_evidence_yet_validated() -> None:
    stage = _stage(GOOD)
    stage.aliases = type(stage.aliases)(champion="2")
    stage.run(300)
    assert stage.status.phase is Phase.PROMOTED
    assert _percents(stage) == [100]
    assert any(record.code == "started" and "champion" in record.sentence for record in stage.status.decisions)


def test_a_champion_moved_by_hand_to_what_is_invalid_is_moved_back() -> None:
    stage = _stage(Quality(fault="its digest is wrong"))
    stage.aliases = type(stage.aliases)(champion="2")
    stage.run(60)
    assert stage.aliases.champion == "1"
    assert stage.kserve.split() == {"1": 100}


def test_the_first_version_is_deployed_directly() -> None:
    stage = Stage({"1": GOOD}, demo_policy())
    stage.aliases = type(stage.aliases)(candidate="1")
    stage.run(120)
    assert stage.status.phase is Phase.PROMOTED
    assert stage.aliases.champion == "1"
    assert stage.kserve.split() == {"1": 100}


def test_an_abort_rolls_back_and_does_not_try_again() -> None:
    stage = _at(_stage(GOOD), Phase.RAMP, 25)
    stage.spec = stage.spec.model_copy(update={"abort": Order(id="a1", by="ann")})
    stage.run(120)
    assert (stage.status.phase, stage.status.reason) == (Phase.ROLLED_BACK, "aborted by ann")
    assert stage.status.attempts == 1


def test_an_abort_of_another_rollout_is_not_followed() -> None:
    stage = _at(_stage(GOOD), Phase.RAMP, 25)
    stage.spec = stage.spec.model_copy(update={"abort": Order(id="a1", rollout_id="summit-extract-2-r9")})
    stage.run(1_200)
    assert stage.status.phase is Phase.PROMOTED


def test_halted_nothing_moves_and_resumed_it_goes_on() -> None:
    stage = _at(_stage(GOOD), Phase.RAMP, 25)
    stage.spec = stage.spec.model_copy(update={"is_suspended": True})
    stage.settle_turns()
    acted = len(stage.acted)
    stage.run(600)
    assert (stage.status.phase, len(stage.acted)) == (Phase.SUSPENDED, acted)
    assert stage.kserve.split() == {"1": 75, "2": 25}
    stage.spec = stage.spec.model_copy(update={"is_suspended": False})
    stage.run(900)
    assert stage.status.phase is Phase.PROMOTED


def test_a_forced_promotion_waits_for_no_evidence() -> None:
    stage = _at(_stage(GOOD, rps=0.0), Phase.SHADOW, 0)
    stage.spec = stage.spec.model_copy(update={"promote": Order(id="p1", by="ann")})
    stage.run(120)
    assert stage.status.phase is Phase.PROMOTED
    assert any("by ann" in record.sentence for record in stage.status.decisions)


def test_without_evidence_nothing_rises_and_nobody_is_demoted() -> None:
    stage = _at(_stage(GOOD), Phase.RAMP, 25)
    stage.is_gateway_seen = False
    stage.run(900)
    assert (stage.status.phase, stage.status.percent) == (Phase.HELD, 25)
    assert stage.status.reason == "there is no evidence: no gateway answers"
    stage.is_gateway_seen = True
    stage.run(900)
    assert stage.status.phase is Phase.PROMOTED


def test_what_is_held_for_too_long_is_rolled_back() -> None:
    stage = _at(_stage(GOOD), Phase.RAMP, 25)
    stage.is_gateway_seen = False
    stage.run(4_500, interval=60)
    assert (stage.status.phase, stage.status.code) == (Phase.ROLLED_BACK, "held_too_long")


def test_a_champion_that_fails_too_holds() -> None:
    stage = _stage(GOOD)
    stage = _at(stage, Phase.RAMP, 25)
    stage.qualities.update({"1": Quality(errors=0.2), "2": Quality(errors=0.2)})
    stage.run(120)
    assert stage.status.phase is Phase.HELD
    assert "the champion" in stage.status.reason or "the environment" in stage.status.reason


def test_versions_that_disagree_wait_for_a_human() -> None:
    stage = _at(_stage(Quality(differs=0.6)), Phase.GATE, 0)
    assert "other entities than the champion's" in stage.status.reason
    stage.run(600)
    assert stage.status.phase is Phase.GATE
    approval = Approval(id="ok1", by="ann", rollout_id=stage.status.rollout_id, step=stage.status.step)
    stage.spec = stage.spec.model_copy(update={"approve": approval})
    stage.run(1_200)
    assert stage.status.model_dump()["phase"] == Phase.PROMOTED


def test_an_approval_of_another_step_opens_nothing() -> None:
    stage = _at(_stage(Quality(differs=0.6)), Phase.GATE, 0)
    approval = Approval(id="ok1", rollout_id=stage.status.rollout_id, step=2)
    stage.spec = stage.spec.model_copy(update={"approve": approval})
    stage.run(600)
    assert stage.status.phase is Phase.GATE


def test_a_policy_can_ask_for_an_approval_before_the_promotion() -> None:
    stage = _at(_stage(GOOD, demo_policy().model_copy(update={"approve_promotion": True})), Phase.GATE, 50)
    approval = Approval(id="ok1", rollout_id=stage.status.rollout_id, step=stage.status.step)
    stage.spec = stage.spec.model_copy(update={"approve": approval})
    stage.run(300)
    assert stage.status.phase is Phase.PROMOTED


def test_what_somebody_else_deploys_over_the_candidate_is_rolled_back() -> None:
    stage = _at(_stage(GOOD), Phase.RAMP, 25)
    stage.kserve.apply("2", 25)  # an environment variable was changed
    stage.pass_time(10)
    stage.settle_turns()
    stage.run(60)
    assert any(outcome.code == "disturbed" for outcome in stage.status.outcomes)
    assert "2" not in stage.status.outcomes[-1].reason or stage.status.phase is not Phase.PROMOTED


def test_a_candidate_that_turns_bad_while_it_soaks_is_taken_back() -> None:
    policy = demo_policy().model_copy(update={"soak_minutes": 30.0})
    stage = _at(_stage(GOOD, policy), Phase.SOAK, 100)
    stage.qualities["2"] = Quality(errors=0.2)
    stage.run(300)
    assert stage.status.phase is Phase.ROLLED_BACK
    assert stage.kserve.split() == stage.kserve.routed == {"1": 100}
    assert stage.aliases.champion == "1"


def test_gates_are_held_against_the_evaluation() -> None:
    gates = (ScoreGate(metric="btc_test/f1", at_least=60.0),)
    policy = demo_policy().model_copy(update={"validation": Validation(gates=gates)})
    stage = _stage(Quality(scores={"btc_test/f1": 55.0}), policy)
    stage.run(60)
    assert stage.status.reason == "btc_test/f1 is 55, and the policy asks for 60"


def test_without_a_shadow_phase_the_first_step_proves_it() -> None:
    policy = demo_policy().model_copy(update={"shadow": Shadow(percent=0)})
    stage = _stage(GOOD, policy, rps=100)
    stage.run(1_200)
    assert stage.status.phase is Phase.PROMOTED
    assert not any(isinstance(effect, SetShadow) and effect.percent for effect in stage.acted)


def test_a_registry_that_is_away_keeps_no_bad_candidate_in_traffic() -> None:
    stage = _at(_stage(GOOD), Phase.RAMP, 25)
    stage.is_registry_there = False
    stage.qualities["2"] = Quality(errors=0.5)
    stage.run(60)
    assert stage.kserve.split() == {"1": 100}
    assert stage.status.phase is Phase.ROLLING_BACK
    stage.is_registry_there = True
    stage.settle_turns()
    assert stage.status.model_dump()["phase"] == Phase.ROLLED_BACK
