"""One turn of the controller: everything that a decision goes by, and what is read out of it. Pure."""

from dataclasses import dataclass, replace

from rollout.effects import Effect, SetShadow, SetTraffic
from rollout.evidence import NoEvidence, Sample
from rollout.judge import Judgement, Look, judged
from rollout.ledger import absorbed, seen
from rollout.phase import Phase
from rollout.policy import Carry, Policy
from rollout.state import ExactVersion, Point, Spec, Status
from rollout.transition import with_point
from rollout.world import Deployed, Serving, World

MINUTE = 60.0


@dataclass(frozen=True, slots=True)
class Plan:
    """What follows from what is known: write the status, then do the effect."""

    status: Status
    effect: Effect | None = None


@dataclass(frozen=True, slots=True)
class Turn:
    """The arguments of a decision."""

    spec: Spec
    status: Status
    world: World
    evidence: Sample | NoEvidence
    now: float

    @property
    def policy(self) -> Policy:
        return self.spec.policy

    @property
    def serving(self) -> Serving:
        return self.world.serving

    @property
    def candidate(self) -> ExactVersion:
        """What is rolled out.

        Raises:
            ValueError: nothing is.
        """
        if self.status.candidate is None:
            raise ValueError("nothing is rolled out")
        return self.status.candidate

    @property
    def deployed(self) -> Deployed | None:
        """The candidate, as the backend has it."""
        return self.serving.deployed.get(self.candidate.version)

    @property
    def minutes(self) -> float:
        """In this phase, or in this step of the ramp."""
        return (self.now - self.status.phase_at) / MINUTE

    @property
    def percents(self) -> tuple[int, int]:
        """The lowest and the highest percent that anything gives the candidate now."""
        version = self.candidate.version
        both = (self.serving.split.get(version, 0), self.serving.routed.get(version, 0))
        return min(both), max(both)

    @property
    def is_fresh(self) -> bool:
        """Whether the evidence is new enough to decide by."""
        return self.look().is_fresh

    def look(self) -> Look:
        """What the judge goes by."""
        status, policy = self.status, self.policy
        is_ramp = Phase.RAMP in {status.phase, status.resume_phase}
        is_carried = not is_ramp or policy.steps[status.step].evidence is Carry.CARRIED
        return Look(
            policy, status.ledger, is_carried, self.evidence, self.deployed, status.golden, self.now, status.waived
        )

    def looked(self) -> tuple["Turn", Judgement]:
        """The turn with the evidence absorbed, and what the judge says of it. What is too old adds nothing."""
        turn = self
        if isinstance(self.evidence, Sample) and self.is_fresh:
            champion = self.status.champion.version if self.status.champion else None
            ledger = absorbed(self.status.ledger, self.evidence, self.candidate.version, champion, self.policy)
            if ledger is not self.status.ledger:
                turn = self.with_status(self.status.model_copy(update={"ledger": ledger}))
                turn = turn.with_status(with_point(turn.status, turn.point()))
        judgement = judged(turn.look())
        return turn.with_status(turn.status.model_copy(update={"rules": judgement.results})), judgement

    def traffic(self, percent: int, *, may_rise: bool) -> Effect | None:
        """What brings the candidate's percent there, downwards at once, upwards only if it may; None if it is there."""
        lowest, highest = self.percents
        if highest > percent:
            return SetTraffic(self.candidate, self.status.champion, percent if may_rise else min(lowest, percent))
        if lowest < percent and may_rise:
            return SetTraffic(self.candidate, self.status.champion, percent)
        return None

    def shadow(self, percent: int) -> Effect | None:
        """What brings the candidate's shadow percent there; None if it is there."""
        if self.status.champion is None or self.serving.shadowed.get(self.candidate.version, 0) == percent:
            return None
        return SetShadow(self.candidate, self.status.champion, percent)

    def with_status(self, status: Status) -> "Turn":
        """The same turn, from another status."""
        return replace(self, status=status)

    def point(self) -> Point:
        """How things stand, for the report's plots."""
        carried = self.status.ledger.carried
        counts, comparison = seen(carried.counts), carried.counts.comparison
        return Point(
            at=self.now, phase=self.status.phase, percent=self.percents[1],
            requests=counts.judged, failures=counts.failed, bad=carried.errors.peak, good=carried.errors.good,
            slow_requests=counts.timed, slow=counts.slow, slow_bad=carried.slow.peak,
            compared=comparison.compared, different=comparison.different,
        )  # fmt: skip
