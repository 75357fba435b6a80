"""What must be true of a rollout whatever happens: hypothesis looks for a way to break it. Broken rules are found."""

import random
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule
from servers.kserve_canary import KServe
from servers.rollout_walk import QUALITIES, Broken, Fault, Walk

from rollout import endings, plan, validation
from rollout.effects import MoveAlias, Restore, Settle, SetTraffic, StartDark
from rollout.judge import Look
from rollout.phase import Phase
from rollout.turn import Plan, Turn

CANDIDATES = sorted(QUALITIES)
ORDERS = ("abort", "promote", "start", "approve")


class RolloutMachine(RuleBasedStateMachine):
    """Hypothesis chooses who does what, and when what goes wrong."""

    def __init__(self) -> None:
        super().__init__()
        self.walk = Walk()

    @rule(turns=st.integers(1, 30), fault=st.sampled_from(Fault))
    def the_controller_goes_on(self, turns: int, fault: Fault) -> None:
        self.walk.go_on(turns, fault)

    @rule(fault=st.sampled_from(Fault))
    def one_turn_goes_wrong(self, fault: Fault) -> None:
        self.walk.turn(fault)

    @rule(seconds=st.sampled_from([1.0, 30.0, 600.0]))
    def nobody_controls_for_a_while(self, seconds: float) -> None:
        self.walk.pass_time(seconds)

    @rule(version=st.sampled_from([*CANDIDATES, None]))
    def the_candidate_alias_moves(self, version: str | None) -> None:
        self.walk.set_candidate(version)

    @rule(version=st.sampled_from(["1", "2", "3", "4"]))
    def the_champion_alias_is_moved_by_hand(self, version: str) -> None:
        self.walk.set_champion(version)

    @rule(is_seen=st.booleans())
    def the_gateways_are_seen_or_not(self, *, is_seen: bool) -> None:
        self.walk.see_gateway(is_seen=is_seen)

    @rule(is_late=st.booleans())
    def evidence_stands_still_or_not(self, *, is_late: bool) -> None:
        self.walk.evidence_is_late = is_late

    @rule(is_there=st.booleans())
    def the_registry_is_there_or_not(self, *, is_there: bool) -> None:
        self.walk.see_registry(is_there=is_there)

    @rule(is_suspended=st.booleans())
    def somebody_halts_or_resumes(self, *, is_suspended: bool) -> None:
        self.walk.suspend(is_suspended=is_suspended)

    @rule(kind=st.sampled_from(ORDERS))
    def somebody_orders(self, kind: str) -> None:
        self.walk.order(kind)

    @rule()
    def the_candidate_crashes(self) -> None:
        self.walk.break_candidate()

    @rule()
    def somebody_edits_the_inference_service(self) -> None:
        self.walk.edit()

    def teardown(self) -> None:
        self.walk.come_to_rest()


def _case(examples: int) -> Any:
    tuned = settings(
        max_examples=examples, stateful_step_count=25, deadline=None, derandomize=True,
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    return type("Invariants", (RolloutMachine.TestCase,), {"settings": tuned})


TestInvariants = _case(8)
TestInvariantsAtLength = pytest.mark.long(_case(300))


def _walked(seed: int) -> None:
    """A candidate on its way, with faults, stale evidence and withdrawals at random moments."""
    source, walk = random.Random(seed), Walk()
    walk.set_candidate("2" if seed % 2 else source.choice(CANDIDATES))
    if seed % 4 == 1:
        walk.lose_evidence_while_acting(turns=20)
    elif seed % 4 == 3:
        walk.see_late_evidence_while_acting(turns=20)
    for _ in range(30):
        happening = source.randrange(10)
        if happening == 0:
            walk.set_candidate(source.choice(CANDIDATES))
        elif happening == 1:
            walk.evidence_is_late = source.random() < 0.3
        elif happening == 2:
            walk.see_gateway(is_seen=source.random() < 0.7)
        elif happening == 3:
            walk.pass_time(source.choice([1.0, 120.0]))
        elif happening == 4 and source.random() < 0.2:
            walk.order("abort")
        elif happening == 5:
            walk.lose_evidence_while_acting(turns=6)
        else:
            walk.go_on(source.randrange(1, 8), source.choice(list(Fault)))
    walk.come_to_rest()


def _all_walked(seeds: range) -> None:
    for seed in seeds:
        _walked(seed)


def _always_rising(turn: Turn, percent: int, **_: bool) -> SetTraffic | None:
    reached = turn.percents == (percent, percent)
    return None if reached else SetTraffic(turn.candidate, turn.status.champion, percent)


def _impatient(turn: Turn, champion: Any) -> Restore | Settle | None:
    if turn.serving.specified != champion.version:
        return Restore(champion, turn.candidate)
    return None if turn.serving.is_settled else Settle(champion)


def _hasty(turn: Turn) -> Plan:
    aliases, candidate = turn.world.aliases, turn.candidate.version
    if aliases is None or aliases.champion == candidate:
        return endings.promoting(turn)
    return Plan(turn.status, MoveAlias("champion", candidate, aliases.champion))


def _without_zero(kserve: KServe, effect: StartDark) -> None:
    if kserve.latest is None or kserve.latest.version != effect.candidate.version:
        kserve.apply(effect.candidate.version, None)


def _never_ending(turn: Turn) -> Plan:
    return Plan(turn.status)


MUTANTS = [  # each with a seed near which it is found soon
    pytest.param(Turn, "traffic", _always_rising, "without fresh evidence", 1, id="traffic rises whatever happens"),
    pytest.param(Look, "is_fresh", True, "without fresh evidence", 3, id="all evidence counts as fresh"),
    pytest.param(plan._PHASES, Phase.PROMOTING, _hasty, "not serve everything", 5, id="the alias moves first"),
    pytest.param(endings, "_restoring", _impatient, "traffic", 0, id="the field is dropped too early"),
    pytest.param(KServe, "start_dark", _without_zero, "unproven", 0, id="the candidate's spec comes without 0 percent"),
    pytest.param(validation, "faults", lambda *_: (), "is invalid", 4, id="nothing is validated"),
    pytest.param(plan._PHASES, Phase.ROLLING_BACK, _never_ending, "never ends", 0, id="rolling back does nothing"),
]  # fmt: skip


def test_seeded_walks_break_nothing() -> None:
    _all_walked(range(4))


@pytest.mark.parametrize(("owner", "name", "mutant", "said", "first_seed"), MUTANTS)
def test_a_broken_rule_is_found(  # noqa: PLR0913, PLR0917 - a mutant, and where it is found
    owner: Any, name: Any, mutant: Any, said: str, first_seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    if isinstance(owner, dict):
        monkeypatch.setitem(owner, name, mutant)
    else:
        monkeypatch.setattr(owner, name, mutant)
    with pytest.raises(Broken, match=said):
        _all_walked(range(first_seed, first_seed + 16))
