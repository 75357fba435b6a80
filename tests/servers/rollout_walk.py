"""A rollout on its stage with everything that can go wrong around it, and what must be true whatever does."""

from collections.abc import Callable
from dataclasses import replace
from enum import StrEnum

from servers.rollout_stage import Quality, Stage

from rollout import plan as planning
from rollout.effects import Effect, MoveAlias
from rollout.evidence import NoEvidence, Sample
from rollout.phase import Phase
from rollout.policy import demo_policy
from rollout.state import KEPT_DECISIONS, Approval, Order, Status
from rollout.turn import Plan
from rollout.world import Readiness, World

QUALITIES = {
    "1": Quality(errors=0.001),
    "2": Quality(errors=0.001),
    "3": Quality(errors=0.3),
    "4": Quality(fault="its digests contradict each other"),
    "5": Quality(never_ready=True),
    "6": Quality(slow=0.9),
    "7": Quality(differs=0.9),
}
_FRESH_SECONDS = demo_policy().confidence.freshness_seconds
_UNPROVEN = frozenset({Phase.VALIDATING, Phase.DARK, Phase.SMOKE})


class Broken(AssertionError):
    """An invariant of the rollout."""


class Fault(StrEnum):
    """What goes wrong in one turn."""

    NONE = "none"
    BEFORE_WRITE = "the controller dies before it writes"
    BEFORE_ACT = "it dies before it acts"
    AFTER_ACT = "it dies after it acted, and does not know"
    TWICE = "the effect happens twice"
    STALE = "it sees the world of the turn before"


class Walk:
    """One stage, walked over by faults and people. Every step checks every invariant."""

    def __init__(self) -> None:
        self.stage = Stage(QUALITIES, demo_policy(), rps=100.0)
        self.stage.serve("1")
        self.proven_revisions = {revision.name for revision in self.stage.kserve.revisions}
        self.foreign_revisions: set[str] = set()
        self.seen: World = self.stage.observe()
        self.orders = 0
        self.evidence_is_late = False
        self.last_sample: Sample | NoEvidence = self.stage.evidence()

    def turn(self, fault: Fault) -> Effect | None:
        """Observe, decide, write, act; with a fault."""
        stage, before = self.stage, self.stage.status
        world = self.seen if fault is Fault.STALE else stage.observe()
        self.seen = stage.observe()
        evidence = self.last_sample if self.evidence_is_late else stage.evidence()
        self.last_sample = evidence
        decided = planning.decide(stage.spec, before, world, evidence, stage.now)
        self._check_restart(before, world, evidence, decided)
        if fault is Fault.BEFORE_WRITE:
            return decided.effect
        stage.status = decided.status
        self._note_proof()
        self._check_status(before)
        if decided.effect is not None and fault is not Fault.BEFORE_ACT:
            for _ in range(2 if fault is Fault.TWICE else 1):
                self._act(decided.effect, evidence)
        return decided.effect

    def go_on(self, turns: int, fault: Fault = Fault.NONE, seconds: float = 5.0) -> None:
        """So many turns, time between them, the fault in the first."""
        for at in range(turns):
            self.turn(fault if at == 0 else Fault.NONE)
            self.pass_time(seconds)

    def lose_evidence_while_acting(self, turns: int) -> None:
        """Each time the controller dies before it acts, and the next one has no evidence when it starts."""
        is_seen = self.stage.is_gateway_seen
        for _ in range(turns):
            self.see_gateway(is_seen=is_seen)
            self.turn(Fault.BEFORE_ACT)
            self.see_gateway(is_seen=False)
            self.turn(Fault.NONE)
            self.pass_time(5.0)
        self.see_gateway(is_seen=is_seen)

    def see_late_evidence_while_acting(self, turns: int) -> None:
        """Each time the controller dies before it acts, and the next one sees what was counted long ago."""
        for _ in range(turns):
            self.turn(Fault.BEFORE_ACT)
            self.evidence_is_late = True
            self.pass_time(2 * _FRESH_SECONDS)
            self.turn(Fault.NONE)
            self.evidence_is_late = False

    def pass_time(self, seconds: float) -> None:
        self._watched(lambda: self.stage.pass_time(seconds))

    def set_candidate(self, version: str | None) -> None:
        self.stage.aliases = replace(self.stage.aliases, candidate=version)

    def set_champion(self, version: str) -> None:
        self.stage.aliases = replace(self.stage.aliases, champion=version)

    def see_gateway(self, *, is_seen: bool) -> None:
        self.stage.is_gateway_seen = is_seen

    def see_registry(self, *, is_there: bool) -> None:
        self.stage.is_registry_there = is_there

    def suspend(self, *, is_suspended: bool) -> None:
        self.stage.spec = self.stage.spec.model_copy(update={"is_suspended": is_suspended})

    def order(self, kind: str) -> None:
        """`abort`, `promote`, `start` or `approve`, for the present rollout and step."""
        self.orders += 1
        status, name = self.stage.status, f"order-{self.orders}"
        order = Order(id=name, rollout_id=status.rollout_id, by="ann")
        if kind == "approve":
            order = Approval(id=name, rollout_id=status.rollout_id, step=status.step)
        self.stage.spec = self.stage.spec.model_copy(update={kind: order})

    def break_candidate(self) -> None:
        """The latest revision breaks for good, unless it is the only one."""
        latest = self.stage.kserve.latest
        if latest is not None and latest.version != "1" and latest.readiness is Readiness.READY:
            crashes = self.stage.kserve.crashes
            crashes[latest.version] = crashes.get(latest.version, 0) + 1

    def edit(self) -> None:
        """Somebody changes the template of what is there."""
        latest, kserve = self.stage.kserve.latest, self.stage.kserve
        if latest is not None:
            self.foreign_revisions.add(f"rev-{len(kserve.revisions) + 1:05d}")
            kserve.apply(latest.version, kserve.percent)

    def come_to_rest(self) -> None:
        """Nobody wishes anything any more and nothing goes wrong: then the champion serves everything, settled."""
        stage = self.stage
        self.see_gateway(is_seen=True)
        self.see_registry(is_there=True)
        self.suspend(is_suspended=False)
        self.evidence_is_late = False
        stage.kserve.crashes.clear()
        self.set_candidate(None)
        self.order("abort")
        self.go_on(150)
        champion = stage.status.champion
        _hold(stage.status.phase.is_over, f"it never ends: {stage.status.phase}, {stage.status.reason}")
        _hold(champion is not None, "nobody is champion")
        if champion and not self.foreign_revisions:
            _hold(stage.kserve.split() == {champion.version: 100}, f"traffic is {stage.kserve.split()}")
            _hold(stage.kserve.routed == {champion.version: 100}, f"routes are {stage.kserve.routed}")
            _hold(stage.aliases.champion == champion.version, "the alias is wrong")

    def _act(self, effect: Effect, evidence: Sample | NoEvidence) -> None:
        stage = self.stage
        candidate = stage.status.candidate.version if stage.status.candidate else ""
        before = self._share(candidate)
        self._watched(lambda: stage.act(effect))
        if self._share(candidate) > before and stage.status.champion and not stage.status.is_forced:
            is_fresh = isinstance(evidence, Sample) and evidence.age_seconds(stage.now) <= _FRESH_SECONDS
            _hold(is_fresh, f"traffic rises without fresh evidence, by {effect}")
        if isinstance(effect, MoveAlias) and stage.aliases.champion == effect.version and effect.alias == "champion":
            _hold(stage.kserve.split().get(effect.version) == 100, "the champion does not serve everything")

    def _share(self, version: str) -> int:
        return max(self.stage.kserve.split().get(version, 0), self.stage.kserve.routed.get(version, 0))

    def _watched(self, happening: Callable[[], object]) -> None:
        happening()
        for name in self.stage.kserve.traffic():
            if name in self.foreign_revisions:
                continue
            version = next(each.version for each in self.stage.kserve.revisions if each.name == name)
            champion = self.stage.status.champion
            is_champion = champion is not None and champion.version == version
            _hold(not QUALITIES[version].fault, f"version {version} is invalid, and has traffic")
            _hold(is_champion or name in self.proven_revisions, f"{name} of version {version} has traffic, unproven")

    def _note_proof(self) -> None:
        status = self.stage.status
        if status.candidate_revision and status.phase not in _UNPROVEN | {Phase.ROLLING_BACK, Phase.SUSPENDED}:
            self.proven_revisions.add(status.candidate_revision)

    def _check_status(self, before: Status) -> None:
        status = self.stage.status
        numbers = [record.number for record in status.decisions]
        _hold(numbers == sorted(set(numbers)) and len(numbers) <= KEPT_DECISIONS, "decisions are out of order")
        _hold(status.phase is not Phase.ROLLING_BACK or bool(status.reason), "it rolls back without a reason")
        if before.phase is Phase.SUSPENDED and self.stage.spec.is_suspended:
            _hold(status == before, "something was decided while it was halted")

    def _check_restart(self, before: Status, world: World, evidence: Sample | NoEvidence, decided: Plan) -> None:
        """Another controller, which knows only what was written, decides the same."""
        read = Status.model_validate_json(before.model_dump_json())
        again = planning.decide(self.stage.spec, read, world, evidence, self.stage.now)
        _hold(again == decided, "a restarted controller decides otherwise")


def _hold(holds: bool, otherwise: str) -> None:  # noqa: FBT001 - as of `assert`
    if not holds:
        raise Broken(otherwise)
