"""What is observed, and what a controller is given to observe and act with: the seams of a rollout.

    observe  World = what `ModelRegistry` and `Backend` say, read anew each time and never assumed
    decide   plan.decide(spec, status, world, evidence, now) → Plan(status, effect)
    act      write the status first (it may conflict: then do nothing), then do the effect

Traffic backends differ only behind `Backend`: Knative, Standard mode, processes on one machine. All methods block.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from rollout.effects import MoveAlias, PublishReport, SendGolden, TagVersion
from rollout.evidence import Sample
from rollout.state import ExactVersion, GoldenReport, ModelRollout, Spec, Status
from rollout.traffic import Traffic


@dataclass(frozen=True, slots=True)
class Aliases:
    """The versions that the registry's aliases name."""

    champion: str | None = None
    candidate: str | None = None
    previous: str | None = None


@dataclass(frozen=True, slots=True)
class VersionFacts:
    """What the registry says of one version."""

    exact: ExactVersion
    fault: str | None = None
    """Why it must not be served, as a sentence: no digests, or ones that contradict each other; no such version."""
    labels: tuple[str, ...] | None = None
    """That it can give (`PER`), sorted, without BIO prefixes; None where the registry does not tell."""
    scores: Mapping[str, float] = field(default_factory=dict)
    """Evaluation metrics: `wikigold_test/f1_PER`, in percent."""
    tags: Mapping[str, str] = field(default_factory=dict)
    """Those whose names begin with `rollout.`."""


class Readiness(StrEnum):
    """How far a deployed version is."""

    STARTING = "starting"
    READY = "ready"
    FAILED = "failed"
    """It will not become ready by waiting: refused files, a crash loop, no image."""


@dataclass(frozen=True, slots=True)
class Deployed:
    """One model version as the backend has it."""

    readiness: Readiness
    revision: str = ""
    """Names this instance: a Knative revision, a ReplicaSet's hash. Another template is another instance."""
    answers_as: str | None = None
    """The model version that its own host says it is; None where it does not answer, or sleeps."""
    crashes: int = 0
    """Restarts and out-of-memory kills since it was deployed."""
    fault: str = ""
    """Why it failed or crashes, as a sentence."""


@dataclass(frozen=True, slots=True)
class Serving:
    """What is true about traffic, read back."""

    deployed: Mapping[str, Deployed]
    """By model version; one that is not there is not deployed."""
    split: Mapping[str, int]
    """The backend's own traffic percents, by model version; those with none may be left out."""
    routed: Mapping[str, int]
    """Those of the routes document, which the gateways follow. Where the routes are the split, the same."""
    shadowed: Mapping[str, int]
    """The shadow percents of the routes document."""
    specified: str | None
    """The version whose spec stands: what all callers would get if the split's field were dropped now."""
    rolled_out: str | None
    """The version that gets what a split leaves to others, and so can be given everything at once.

    In Knative the last that had 100 percent, so the candidate once it has; elsewhere the champion while it runs.
    """
    is_settled: bool
    """Whether nothing of a split is left: one version, no canary field, no other process."""


@dataclass(frozen=True, slots=True)
class World:
    """All that is observed at one moment."""

    serving: Serving
    aliases: Aliases | None
    """None where the registry did not answer: then nobody's wish has changed, and no alias is moved."""
    facts: Mapping[str, VersionFacts]
    """At least of the versions that `of_interest` names, as far as they exist."""
    is_approved: bool | None = None
    """What the policy's `approval_url` answers at a gate; None where it has not answered, or is not asked."""


def of_interest(status: Status, aliases: Aliases | None, serving: Serving) -> frozenset[str]:
    """The versions whose facts `decide` may ask for."""
    exact = (status.candidate, status.champion)
    named = (aliases.champion, aliases.candidate) if aliases else ()
    known = {each.version for each in exact if each} | {version for version in named if version}
    return frozenset(known | set(serving.deployed) | set(serving.split))


class ModelRegistry(Protocol):
    """The registry of one model. Methods may raise a SummitError: then it counts as not answering."""

    def aliases(self) -> Aliases: ...

    def facts(self, version: str) -> VersionFacts:
        """What is known; a version that does not exist has a fault that says so."""
        ...

    def move_alias(self, effect: MoveAlias) -> None: ...

    def tag_version(self, effect: TagVersion) -> None: ...

    def publish_report(self, effect: PublishReport, html: str) -> None:
        """Log the file with the version's run, and set the version's tags `rollout.report_uri` and `rollout.report_id`.

        The latter is the rollout's id, by which `decide` sees that it is done.
        """
        ...


class Backend(Traffic, Protocol):
    """Traffic, and how it stands. What raises a SummitError is tried again."""

    def observe(self) -> Serving: ...

    def send_golden(self, effect: SendGolden) -> GoldenReport:
        """What the candidate did, faults and silence included. The controller keeps it in `status.golden`."""
        ...


class EvidenceSource(Protocol):
    """Who counted what."""

    def sample(self) -> Sample:
        """The present counters of every version that any source has counted, whichever are rolled out.

        A version that is missing from a source that was read has counted nothing there. Live and shadow tallies:
        `ai_requests_total`, `ai_degraded_total` and `ai_inference_latency_seconds`; comparisons:
        `ai_shadow_texts_total` (`verdict`: same, different, contract_fault) and `ai_shadow_spans_total` (`verdict`:
        common, missing, added, label_flip), both by the candidate's `model_version`.

        Raises:
            NoEvidence: a source that must be there did not answer, or a counter is missing.
        """
        ...


class StatusConflict(Exception):
    """Somebody has written the resource since it was read: read it again, decide anew, and do nothing until then."""


class StateStore(Protocol):
    """Where the `ModelRollout` resources are. One controller at a time may write status (a Lease, a locked file)."""

    def read(self, name: str) -> ModelRollout | None: ...

    def write_status(self, seen: ModelRollout, status: Status) -> ModelRollout:
        """The resource with this status, durable when it returns.

        Raises:
            StatusConflict: it is not as `seen` any more.
        """
        ...

    def write_spec(self, seen: ModelRollout, spec: Spec) -> ModelRollout:
        """The resource with this spec; makes it where `seen.resource_version` is empty.

        Raises:
            StatusConflict: it is not as `seen` any more.
        """
        ...
