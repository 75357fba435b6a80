"""The loop: what it writes before it acts, and that being killed anywhere changes nothing but the time it takes."""

from dataclasses import dataclass, field

import pytest

from rollout.controller import Controller
from rollout.effects import (
    MoveAlias,
    PublishReport,
    Restore,
    SendGolden,
    SetShadow,
    Settle,
    SetTraffic,
    StartDark,
    TagVersion,
)
from rollout.evidence import NoEvidence, Sample
from rollout.phase import Phase
from rollout.policy import Policy, Shadow, Smoke, Step
from rollout.state import DecisionRecord, ExactVersion, GoldenReport, ModelRollout, Order, Slice, Spec, Status
from rollout.world import Aliases, Deployed, Readiness, Serving, StatusConflict, VersionFacts
from summit_inference.errors import UpstreamUnreachable

NAME = "summit-extract"
POLICY = Policy(
    smoke=Smoke(golden_f1_at_least=0),
    shadow=Shadow(percent=0),
    steps=(Step(percent=50, minutes=0),),
    soak_minutes=0,
)


class _Killed(BaseException):
    """The process is gone."""


@dataclass
class _Machine:
    """Everything around a controller, which outlives it: registry, backend, store, evidence and clock in one."""

    rollout: ModelRollout = field(default_factory=lambda: ModelRollout(name=NAME, spec=_forcing()))
    aliases_now: dict[str, str] = field(default_factory=lambda: {"champion": "1", "candidate": "2"})
    tags: dict[str, dict[str, str]] = field(default_factory=dict)
    routes: dict[str, int] = field(default_factory=lambda: {"1": 100})
    running: list[str] = field(default_factory=lambda: ["1"])
    told: list[str] = field(default_factory=list)
    done: list[str] = field(default_factory=list)
    writes: int = 0
    now: float = 1000.0
    kill_at: int | None = None
    steps: int = 0
    is_registry_up: bool = True

    def _step(self, what: str) -> None:
        """One thing that a controller does to the world; the process may be killed right after it."""
        self.steps += 1
        self.done.append(what)
        if self.steps == self.kill_at:
            raise _Killed

    def controller(self) -> Controller:
        return Controller(
            name=NAME,
            store=self,
            registry=self,
            backend=self,
            evidence=self,
            report=lambda _: "<html>",
            announce=self._announce,
            clock=lambda: self.now,
        )

    def _announce(self, decision: DecisionRecord) -> None:
        self.told.append(decision.code)
        self._step("announce")

    def read(self, name: str) -> ModelRollout | None:
        assert name == NAME
        return self.rollout

    def write_status(self, seen: ModelRollout, status: Status) -> ModelRollout:
        return self._write(seen, seen.model_copy(update={"status": status}))

    def write_spec(self, seen: ModelRollout, spec: Spec) -> ModelRollout:
        return self._write(seen, seen.model_copy(update={"spec": spec}))

    def _write(self, seen: ModelRollout, changed: ModelRollout) -> ModelRollout:
        if seen.resource_version != self.rollout.resource_version:
            raise StatusConflict
        self.writes += 1
        self.rollout = changed.model_copy(update={"resource_version": str(self.writes)})
        self._step("write")
        return self.rollout

    def aliases(self) -> Aliases:
        if not self.is_registry_up:
            raise UpstreamUnreachable("the registry cannot be reached")
        return Aliases(**self.aliases_now)

    def facts(self, version: str) -> VersionFacts:
        return VersionFacts(ExactVersion(version=version, digest=f"d{version}"), tags=self.tags.get(version, {}))

    def move_alias(self, effect: MoveAlias) -> None:
        if self.aliases_now.get(effect.alias) == effect.expected:
            self.aliases_now[effect.alias] = effect.version
        self._step("move_alias")

    def tag_version(self, effect: TagVersion) -> None:
        self.tags.setdefault(effect.version, {}).update(dict(effect.tags))
        self._step("tag")

    def publish_report(self, effect: PublishReport, html: str) -> None:
        assert html
        self.tags.setdefault(effect.version.version, {})["rollout.report_id"] = effect.rollout_id
        self._step("report")

    def observe(self) -> Serving:
        ready = {each: Deployed(Readiness.READY, revision=f"r{each}", answers_as=each) for each in self.running}
        routes = list(self.routes)
        return Serving(
            deployed=ready,
            split=dict(self.routes),
            routed=dict(self.routes),
            shadowed={},
            specified=routes[-1],
            rolled_out=routes[0],
            is_settled=len(routes) == len(self.running) == 1,
        )

    def start_dark(self, effect: StartDark) -> None:
        if effect.candidate.version not in self.running:
            self.running.append(effect.candidate.version)
        self.routes.setdefault(effect.candidate.version, 0)
        self._step("start_dark")

    def set_traffic(self, effect: SetTraffic) -> None:
        assert effect.champion
        self.routes = {effect.champion.version: 100 - effect.percent, effect.candidate.version: effect.percent}
        self._step("set_traffic")

    def set_shadow(self, effect: SetShadow) -> None:
        raise AssertionError(effect)  # this policy has no shadow phase

    def send_golden(self, effect: SendGolden) -> GoldenReport:
        self._step("golden")
        return GoldenReport(at=self.now, version=effect.candidate.version, slices=(Slice(name="all", f1=1),))

    def restore(self, effect: Restore) -> None:
        self.routes = {effect.champion.version: 100}
        self._step("restore")

    def settle(self, effect: Settle) -> None:
        self.routes, self.running = {effect.version.version: 100}, [effect.version.version]
        self._step("settle")

    def sample(self) -> Sample:
        if not self.is_registry_up:
            raise NoEvidence("the gateway does not answer")
        return Sample(at=self.now)

    def run(self, turns: int = 60) -> None:
        """Turns of one controller, a second apart."""
        controller = self.controller()
        for _ in range(turns):
            self.now += 1
            controller.turn()


def _forcing() -> Spec:
    """A spec that promotes the candidate without evidence, so that every effect comes within a few turns."""
    return Spec(model_name=NAME, policy=POLICY, promote=Order(id="p", by="ada"))


def _outcome(machine: _Machine) -> tuple[object, ...]:
    status = machine.rollout.status
    return status.phase, machine.routes, machine.running, machine.aliases_now, machine.tags


def _promoting() -> _Machine:
    """A machine whose rollout has begun, and is then forced: the order counts once there is something to promote."""
    machine = _Machine(rollout=ModelRollout(name=NAME, spec=Spec(model_name=NAME, policy=POLICY)))
    for _ in range(10):
        machine.now += 1
        machine.controller().turn()
        if machine.rollout.status.phase is Phase.VALIDATING:
            break
    machine.rollout = machine.rollout.model_copy(update={"spec": _forcing()})
    machine.steps, machine.done = 0, []
    return machine


def test_a_forced_candidate_ends_as_champion_alone_with_its_record() -> None:
    machine = _promoting()
    machine.run()
    assert machine.rollout.status.phase is Phase.PROMOTED
    assert (machine.routes, machine.running) == ({"2": 100}, ["2"])
    assert machine.aliases_now == {"champion": "2", "previous": "1", "candidate": "2"}
    assert machine.tags["2"]["rollout.report_id"] == machine.rollout.status.rollout_id


def _whole_run() -> _Machine:
    machine = _promoting()
    machine.run()
    return machine


@pytest.mark.parametrize("kill_at", range(1, _whole_run().steps + 1))
def test_a_controller_that_is_killed_after_any_step_changes_nothing_but_the_time(kill_at: int) -> None:
    machine = _promoting()
    machine.kill_at = kill_at
    with pytest.raises(_Killed):
        machine.run()
    machine.run()
    assert _outcome(machine) == _outcome(_whole_run())


def test_the_status_is_written_before_the_effect_is_done() -> None:
    machine = _Machine(rollout=ModelRollout(name=NAME, spec=Spec(model_name=NAME, policy=POLICY)))
    machine.run(turns=10)
    assert machine.done.index("write") < machine.done.index("start_dark")


def test_every_decision_is_told_at_least_once_and_without_a_fault_only_once() -> None:
    machine = _promoting()
    machine.run()
    status = machine.rollout.status
    assert status.announced == status.decisions[-1].number == len(machine.told)


def test_who_finds_the_state_changed_does_nothing() -> None:
    machine = _promoting()

    class _Stale(_Machine):
        def read(self, name: str) -> ModelRollout | None:
            found = super().read(name)
            return found and found.model_copy(update={"resource_version": "stale"})

    stale = _Stale(rollout=machine.rollout, now=machine.now)
    with pytest.raises(StatusConflict):
        stale.controller().turn()
    assert not stale.done


def test_a_silent_registry_and_missing_evidence_keep_the_traffic_as_it_is() -> None:
    machine = _promoting()
    machine.run(turns=2)
    before = dict(machine.routes)
    machine.is_registry_up = False
    machine.run(turns=20)
    assert machine.routes == before
    machine.is_registry_up = True
    machine.run()
    assert machine.rollout.status.phase is Phase.PROMOTED
