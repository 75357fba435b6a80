"""The loop around the decision: observe, decide, write down, act. Whatever ends it, it goes on where it stood.

Nothing is remembered between two turns but what the state says: a controller that is killed at any point, and another
that starts, do together what one would have done.
"""

import logging
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from rollout.effects import Effect, MoveAlias, PublishReport, SendGolden, TagVersion
from rollout.evidence import NoEvidence, Sample
from rollout.phase import Phase
from rollout.plan import decide
from rollout.state import DecisionRecord, ModelRollout, Spec
from rollout.traffic import change
from rollout.world import (
    Aliases,
    Backend,
    EvidenceSource,
    ModelRegistry,
    StateStore,
    StatusConflict,
    VersionFacts,
    World,
    of_interest,
)
from summit_inference import metrics
from summit_inference.errors import SummitError

_log = logging.getLogger(__name__)

_BUSY_SECONDS = 0.2
"""Between two turns while something happens."""


@dataclass(frozen=True, slots=True)
class Controller:
    """The controller of one model's rollouts."""

    name: str
    store: StateStore
    registry: ModelRegistry
    backend: Backend
    evidence: EvidenceSource
    report: Callable[[ModelRollout], str]
    """The rollout's report, as HTML."""
    announce: Callable[[DecisionRecord], None]
    is_approved: Callable[[str], bool | None] = lambda _url: None
    """What the approval URL says; None where it says nothing yet."""
    clock: Callable[[], float] = time.time

    def follow(self, interval_seconds: float, stop: threading.Event) -> None:
        """Take turns until told to stop."""
        while not stop.is_set():
            is_busy = False
            try:
                is_busy = self.turn()
            except StatusConflict:
                is_busy = True
            except SummitError as error:
                _log.warning("turn failed, to be tried again", extra={"cause": error.message})
            stop.wait(_BUSY_SECONDS if is_busy else interval_seconds)

    def turn(self) -> bool:
        """Do the one thing that is due. Returns whether another may be due at once.

        Raises:
            StatusConflict: somebody else has written meanwhile, and nothing was done.
            SummitError: what is to be observed or acted on does not answer.
        """
        rollout = self._announced(self._read())
        now, evidence = self.clock(), self._sample()
        plan = decide(rollout.spec, rollout.status, self._world(rollout), evidence, now)
        phase = rollout.status.phase
        if plan.status != rollout.status:
            rollout = self.store.write_status(rollout, plan.status)
        metrics.ROLLOUT_RECONCILED.set(now)
        if plan.effect:
            self._act(plan.effect, rollout)
        return plan.effect is not None or plan.status.phase is not phase

    def _read(self) -> ModelRollout:
        """The resource; a new one where nobody has wanted anything yet."""
        found = self.store.read(self.name)
        if found is not None:
            return found
        spec = Spec(model_name=self.name)
        return self.store.write_spec(ModelRollout(name=self.name, spec=spec), spec)

    def _announced(self, rollout: ModelRollout) -> ModelRollout:
        """The resource, once everybody has been told of every decision: at least once each."""
        status = rollout.status
        untold = [decision for decision in status.decisions if decision.number > status.announced]
        for decision in untold:
            self.announce(decision)
        if not untold:
            return rollout
        return self.store.write_status(rollout, status.model_copy(update={"announced": untold[-1].number}))

    def _sample(self) -> Sample | NoEvidence:
        try:
            sample = self.evidence.sample()
        except NoEvidence as error:
            return error
        metrics.ROLLOUT_EVIDENCE.set(sample.at)
        return sample

    def _world(self, rollout: ModelRollout) -> World:
        aliases, serving = self._aliases(), self.backend.observe()
        versions = of_interest(rollout.status, aliases, serving)
        return World(serving, aliases, self._facts(versions), self._approval(rollout))

    def _aliases(self) -> Aliases | None:
        try:
            return self.registry.aliases()
        except SummitError as error:
            _log.warning("registry failing", extra={"cause": error.message})
            return None

    def _facts(self, versions: frozenset[str]) -> Mapping[str, VersionFacts]:
        facts = {}
        for version in sorted(versions):
            try:
                facts[version] = self.registry.facts(version)
            except SummitError as error:
                _log.warning("registry failing", extra={"cause": error.message, "model_version": version})
        return facts

    def _approval(self, rollout: ModelRollout) -> bool | None:
        url = rollout.spec.policy.approval_url
        return self.is_approved(url) if url and rollout.status.phase is Phase.GATE else None

    def _act(self, effect: Effect, rollout: ModelRollout) -> None:
        _log.info("acting", extra={"effect": type(effect).__name__, "phase": rollout.status.phase})
        match effect:
            case SendGolden():
                golden = self.backend.send_golden(effect)
                self.store.write_status(rollout, rollout.status.model_copy(update={"golden": golden}))
            case MoveAlias():
                self.registry.move_alias(effect)
            case TagVersion():
                self.registry.tag_version(effect)
            case PublishReport():
                self.registry.publish_report(effect, self.report(rollout))
            case _:
                change(self.backend, effect)
