"""A model of KServe's canary in Knative mode, traps included, to hold the rollout's decisions against. No cluster.

- Knative sends `latestRevision` to the latest *ready* revision: one that is not ready leaves the old one there.
- `canaryTrafficPercent: N` gives N to that, the rest to what was rolled out last; no field means 100.
- Any change of the template makes a revision that takes over the share. At 100 the latest ready one is rolled out.
- On the first revision the field is ignored.
"""

from dataclasses import dataclass, field

from rollout.effects import Restore, SetShadow, Settle, SetTraffic, StartDark
from rollout.world import Deployed, Readiness, Serving


@dataclass(eq=False)
class Revision:
    """One template that was applied."""

    name: str
    version: str
    readiness: Readiness = Readiness.STARTING


@dataclass
class KServe:
    """One InferenceService, and the routes document beside it."""

    revisions: list[Revision] = field(default_factory=list)
    percent: int | None = None
    rolled_out: Revision | None = None
    routed: dict[str, int] = field(default_factory=dict)
    shadowed: dict[str, int] = field(default_factory=dict)
    crashes: dict[str, int] = field(default_factory=dict)

    def apply(self, version: str, percent: int | None) -> None:
        """Apply a template of this version together with the canary field."""
        self.revisions.append(Revision(f"rev-{len(self.revisions) + 1:05d}", version))
        self.percent = percent
        self.reconcile()

    def set_readiness(self, name: str, readiness: Readiness) -> None:
        """What the cluster finds out of a revision."""
        next(revision for revision in self.revisions if revision.name == name).readiness = readiness
        self.reconcile()

    @property
    def starting(self) -> list[Revision]:
        return [revision for revision in self.revisions if revision.readiness is Readiness.STARTING]

    @property
    def latest(self) -> Revision | None:
        return self.revisions[-1] if self.revisions else None

    @property
    def latest_ready(self) -> Revision | None:
        ready = [revision for revision in self.revisions if revision.readiness is Readiness.READY]
        return ready[-1] if ready else None

    def traffic(self) -> dict[str, int]:
        """The percent of each revision, by name: what Knative does with what KServe writes."""
        ready, old = self.latest_ready, self.rolled_out
        if ready is None:
            return {}
        if self.percent is None or old is None or old is ready:
            return {ready.name: 100}
        shares = {ready.name: self.percent, old.name: 100 - self.percent}
        return {name: share for name, share in shares.items() if share}

    def split(self) -> dict[str, int]:
        """The percent of each version."""
        shares: dict[str, int] = {}
        for revision in self.revisions:
            share = self.traffic().get(revision.name, 0)
            if share:
                shares[revision.version] = shares.get(revision.version, 0) + share
        return shares

    def observe(self) -> Serving:
        """What a rollout sees of it."""
        latest, old = self.latest, self.rolled_out
        deployed = {
            revision.version: Deployed(
                revision.readiness, revision.name, crashes=self.crashes.get(revision.version, 0)
            )
            for revision in self.revisions
            if revision in {latest, old} or revision.name in self.traffic()
        } if latest else {}  # fmt: skip
        is_settled = self.percent is None and latest is self.latest_ready is old
        return Serving(
            deployed, self.split(), dict(self.routed), dict(self.shadowed), latest.version if latest else None,
            old.version if old else None, is_settled,
        )  # fmt: skip

    def start_dark(self, effect: StartDark) -> None:
        """As the adapter does it and each other effect: conditional, and only by patches of the InferenceService."""
        if self.latest is None or self.latest.version != effect.candidate.version:
            self.apply(effect.candidate.version, 0 if effect.champion else None)

    def set_traffic(self, effect: SetTraffic) -> None:
        if self.latest is None or self.latest.version != effect.candidate.version:
            return
        percent, candidate = effect.percent, effect.candidate.version
        self.routed = {candidate: percent} if percent else {}
        if effect.champion and percent < 100:
            self.routed[effect.champion.version] = 100 - percent
        self.percent = percent
        self.reconcile()

    def set_shadow(self, effect: SetShadow) -> None:
        self.shadowed = {effect.candidate.version: effect.percent} if effect.percent else {}

    def restore(self, effect: Restore) -> None:
        if self.latest is None or self.latest.version != effect.champion.version:
            self.apply(effect.champion.version, 0)

    def settle(self, effect: Settle) -> None:
        if self.latest is None or self.latest.version != effect.version.version:
            return
        self.percent = None
        self.routed = {effect.version.version: 100}
        self.reconcile()

    def reconcile(self) -> None:
        """Roll out what has everything."""
        ready = self.latest_ready
        if ready is not None and (self.percent in {None, 100} or self.rolled_out is None):
            self.rolled_out = ready
