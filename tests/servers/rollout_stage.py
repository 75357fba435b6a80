"""A stage for `rollout.plan.decide`: model versions of known quality, callers, a registry and a clock, in memory."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
from servers.kserve_canary import KServe

from rollout import plan as planning
from rollout.effects import Effect, MoveAlias, PublishReport, SendGolden, TagVersion
from rollout.evidence import Comparison, Counters, NoEvidence, Sample, Tally
from rollout.policy import Policy
from rollout.state import ExactVersion, GoldenReport, Slice, Spec, Status
from rollout.traffic import Traffic, change
from rollout.world import Aliases, Readiness, VersionFacts, World

_START_SECONDS = 8.0
"""Until a revision is ready, if it ever is."""
LABELS = ("LOC", "ORG", "PER")


@dataclass(frozen=True)
class Quality:
    """How a version would do, if it were let."""

    errors: float = 0.0
    slow: float = 0.0
    differs: float = 0.1
    fault: str | None = None
    labels: tuple[str, ...] = LABELS
    f1: float = 0.9
    answers_as: str | None = None
    never_ready: bool = False
    crashes_at_load: bool = False
    scores: Mapping[str, float] = field(default_factory=dict)


class Stage:
    """The world around one rollout, and the controller's loop over it."""

    def __init__(self, qualities: Mapping[str, Quality], policy: Policy, rps: float = 10.0, seed: int = 1) -> None:
        self.qualities = dict(qualities)
        self.spec = Spec(model_name="summit-extract", policy=policy)
        self.status = Status()
        self.kserve = KServe()
        self.traffic: Traffic = self.kserve
        self.aliases = Aliases()
        self.tags: dict[str, dict[str, str]] = {}
        self.now = 1_000.0
        self.rps = rps
        self.source = np.random.default_rng(seed)
        self.counters: dict[str, Counters] = {}
        self.is_gateway_seen = True
        self.is_registry_there = True
        self.acted: list[Effect] = []
        self.started: dict[str, float] = {}
        """When each revision was first seen starting."""

    def serve(self, version: str) -> None:
        """Have this version serve everything, and be the champion."""
        self.kserve.apply(version, None)
        self.kserve.set_readiness(self.kserve.revisions[-1].name, Readiness.READY)
        self.kserve.routed = {version: 100}
        self.aliases = replace(self.aliases, champion=version)

    def exact(self, version: str) -> ExactVersion:
        return ExactVersion(version=version, run_id=f"run{version}", digest=f"digest{version}")

    def pass_time(self, seconds: float) -> None:
        """Let callers call, by the routes; and the cluster find out what is ready."""
        for revision in self.kserve.starting:
            self.started.setdefault(revision.name, self.now)
        self.now += seconds
        for revision in self.kserve.starting:
            is_time = self.now - self.started[revision.name] >= _START_SECONDS
            if is_time and not self.qualities[revision.version].never_ready:
                self.kserve.set_readiness(revision.name, Readiness.READY)
        requests = int(seconds * self.rps)
        for version, percent in self.kserve.routed.items():
            self._count(version, self._some(requests, percent / 100), "live")
        for version, percent in self.kserve.shadowed.items():
            self._count(version, requests * percent // 100, "shadow")

    def _count(self, version: str, requests: int, kind: str) -> None:
        quality = self.qualities[version]
        if requests and quality.crashes_at_load:
            self.kserve.crashes[version] = self.kserve.crashes.get(version, 0) + 1
        failed = self._some(requests, quality.errors)
        slow = self._some(requests - failed, quality.slow)
        tally = Tally(answered=requests - failed, failed=failed, timed=requests - failed, slow=slow)
        counted = (
            Counters(live=tally)
            if kind == "live"
            else Counters(shadow=tally, comparison=self._compared(version, requests))
        )
        self.counters[version] = self.counters.get(version, Counters()).plus(counted)

    def _compared(self, version: str, requests: int) -> Comparison:
        return Comparison(compared=requests, different=self._some(requests, self.qualities[version].differs))

    def _some(self, n: int, share: float) -> int:
        return int(self.source.binomial(n, share))

    def evidence(self) -> Sample | NoEvidence:
        if not self.is_gateway_seen:
            return NoEvidence("no gateway answers")
        return Sample(at=self.now, readings={"gateway-1": dict(self.counters)})

    def facts(self, version: str) -> VersionFacts:
        quality = self.qualities[version]
        return VersionFacts(
            self.exact(version), quality.fault, quality.labels, quality.scores, dict(self.tags.get(version, {}))
        )

    def observe(self) -> World:
        serving = self.kserve.observe()
        deployed = {
            version: replace(each, answers_as=self.qualities[version].answers_as or version)
            for version, each in serving.deployed.items()
        }
        facts = {version: self.facts(version) for version in self.qualities}
        aliases = self.aliases if self.is_registry_there else None
        return World(replace(serving, deployed=deployed), aliases, facts)

    def turn(self) -> Effect | None:
        """Observe, decide, write, act."""
        decided = planning.decide(self.spec, self.status, self.observe(), self.evidence(), self.now)
        self.status = decided.status
        if decided.effect is not None:
            self.act(decided.effect)
        return decided.effect

    def act(self, effect: Effect) -> None:
        """What the adapters do."""
        self.acted.append(effect)
        match effect:
            case SendGolden():
                self.status = self.status.model_copy(update={"golden": self._golden(effect.candidate.version)})
            case MoveAlias():
                if getattr(self.aliases, effect.alias) == effect.expected:
                    self.aliases = replace(self.aliases, **{effect.alias: effect.version})
            case TagVersion():
                self.tags.setdefault(effect.version, {}).update(effect.tags)
            case PublishReport():
                self.tags.setdefault(effect.version.version, {})["rollout.report_id"] = effect.rollout_id
            case _:
                change(self.traffic, effect)

    def _golden(self, version: str) -> GoldenReport:
        return GoldenReport(
            at=self.now, version=version, p95_seconds=0.05, slices=(Slice(name="all", f1=self.qualities[version].f1),)
        )

    def run(self, seconds: float, interval: float = 15.0) -> None:
        """Turns at an interval; again at once while the phase changes, or something was done."""
        end = self.now + seconds
        while self.now < end:
            self.settle_turns()
            self.pass_time(interval)
        self.settle_turns()

    def settle_turns(self) -> None:
        """Turns until nothing is to be done."""
        while self.turn() is not None:
            pass
