"""The policy of a rollout: what a candidate must prove, and how carefully it is let near callers.

People write it as YAML. Every member has a default that suits a service with one request a second; `demo_policy`
promotes in minutes.
"""

from enum import StrEnum
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

Percent = Annotated[int, Field(ge=0, le=100)]
Share = Annotated[float, Field(gt=0, lt=100)]
Minutes = Annotated[float, Field(ge=0)]
MetricName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_./ -]{1,128}$")]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


class Objectives(_Part):
    """What callers are promised. The judge asks whether a version keeps it."""

    errors_percent: Share = 1.0
    """At most this percent of a version's requests may fail. A degraded answer is a failure of the version asked."""
    slow_percent: Share = 5.0
    """At most this percent of its answers may take longer than `slow_seconds`; 5 means a p95."""
    slow_seconds: float = Field(default=0.4, gt=0)
    """Must be a bucket of `ai_inference_latency_seconds`: nothing is interpolated."""


class Confidence(_Part):
    """How sure the judge has to be. See docs/decisions/0011."""

    times_worse: float = Field(default=3.0, gt=1)
    """The candidate that must not pass has this many times the objective's share of errors; one that passes, a part."""
    wrong_percent: Share = 5.0
    """Of candidates that just miss the objective, at most this percent pass one step."""
    abort_factor: float = Field(default=4.0, ge=1)
    """How many times surer an abort must be than an advance: it is asked at every look, and starts anew at 0."""
    burn_failures: int = Field(default=5, ge=1)
    """So many failures among the first `burn_requests` end it at once."""
    burn_requests: int = Field(default=20, ge=1)
    """How many requests count as the first."""
    crashes: int = Field(default=0, ge=0)
    """So many crashes of the candidate's processes are let pass; one more ends it at once."""
    freshness_seconds: float = Field(default=60.0, gt=0)
    """Older evidence decides nothing."""
    witness_percent: Share = 5.0
    """Gateway and predictor may disagree by this percent; more holds."""
    worse_odds: float = Field(default=1000.0, gt=1)
    """The odds at which a candidate within the objective, yet worse than the champion, is held for a human."""
    excluded_percent: Share = 50.0
    """More requests than this percent that nobody is to blame for (cold starts, shedding) hold."""


class ScoreGate(_Part):
    """A bound on one evaluation metric in MLflow."""

    metric: MetricName
    """Such as `wikigold_test/f1` or, for a slice's label, `wikigold_test/f1_PER`."""
    at_least: float | None = None
    """In the metric's own unit."""
    lose_at_most: float | None = None
    """How much less than the champion's it may be, in the metric's own unit."""


class Validation(_Part):
    """What is checked before anything is started."""

    same_labels: bool = True
    """The candidate must know every label that the champion gives, and no other."""
    gates: tuple[ScoreGate, ...] = ()
    """Bounds on evaluation metrics. A metric that is missing fails its gate."""
    lose_at_most: float | None = 2.0
    """How much F1, in points, any slice that both versions were evaluated on may lose; null asks nothing."""


class Smoke(_Part):
    """What golden requests must show before any caller's text is read."""

    golden_f1_at_least: float = Field(default=0.5, ge=0, le=1)
    """Floor of the F1 on the golden texts, from 0 to 1."""
    lose_at_most: float = Field(default=0.05, ge=0, le=1)
    """How much golden F1 a slice may lose against the champion, beyond what chance explains."""
    p95_seconds: float = Field(default=1.0, gt=0)
    """Bound on the p95 of warm golden requests."""
    minutes: Minutes = 10.0
    """How long golden requests may go unanswered."""


class Shadow(_Part):
    """Copies of callers' requests, whose answers nobody gets."""

    percent: Percent = 100
    """Of the champion's requests. 0 leaves the phase out."""
    minutes_at_least: Minutes = 5.0
    """Even if the evidence is enough sooner."""
    minutes_at_most: Minutes = 60.0
    """After that it goes on with the evidence that there is."""
    disagree_percent: Share = 30.0
    """More texts than this percent with other entities than the champion's ask for a human, and abort nothing: a better
    model must disagree."""
    compared_at_least: int = Field(default=50, ge=1)
    """Texts, before disagreement is judged."""


class Carry(StrEnum):
    """Which evidence a step is judged by."""

    OWN = "own"
    """What was counted since the step began."""
    CARRIED = "carried"
    """What was counted since the shadow phase began: for a share so small that its own would take days."""


class Step(_Part):
    """One share of the callers' requests."""

    percent: Annotated[int, Field(ge=1, le=99)]
    minutes: Minutes = 5.0
    """At least."""
    evidence: Carry = Carry.OWN


class Held(_Part):
    """What happens to a rollout that can be neither advanced nor rolled back."""

    after_minutes: Minutes = 120.0
    """A step without a verdict for so long is held, and people are told."""
    hours: float = Field(default=24.0, gt=0)
    """How long it waits."""
    roll_back: bool = True
    """What then: roll back, or wait on."""


class Policy(_Part):
    """All of it."""

    objectives: Objectives = Objectives()
    confidence: Confidence = Confidence()
    validation: Validation = Validation()
    dark_minutes: Annotated[float, Field(gt=0)] = 15.0
    """How long the candidate may take to become ready: a GPU node may have to boot first."""
    warm_seconds: Annotated[float, Field(gt=0)] = 240.0
    """Between golden requests that keep a candidate with little traffic from scaling to zero."""
    smoke: Smoke = Smoke()
    shadow: Shadow = Shadow()
    steps: tuple[Step, ...] = Field(
        default=(
            Step(percent=1, evidence=Carry.CARRIED),
            Step(percent=5, evidence=Carry.CARRIED),
            Step(percent=10, evidence=Carry.CARRIED),
            Step(percent=25),
            Step(percent=50),
        ),
        min_length=1,
    )
    """The ramp, each step higher than the one before."""
    held: Held = Held()
    approve_promotion: bool = False
    """Whether a human must approve the promotion after the last step."""
    approval_url: str = ""
    """Asked before a promotion: 200 approves, 403 rolls back, anything else waits. Empty asks nobody."""
    soak_minutes: Minutes = 30.0
    """How long the promoted candidate is judged on before the old champion is let go."""

    @model_validator(mode="after")
    def _rises(self) -> Self:
        percents = [step.percent for step in self.steps]
        if percents != sorted(set(percents)):
            raise ValueError("each step must have a higher percent than the one before")
        return self


def demo_policy() -> Policy:
    """A policy for a demonstration on one machine: the same proof, asked at once and with no time to wait out.

    A laptop that does other things besides is no GPU: answers are slow from 2 seconds on. The two shipped versions give
    other entities to three of the eight sentences of `summit load`, and no human shall be needed.
    """
    return Policy(
        objectives=Objectives(slow_seconds=2.0),
        smoke=Smoke(p95_seconds=5.0),
        shadow=Shadow(minutes_at_least=0.1, minutes_at_most=3.0, disagree_percent=60.0),
        steps=(
            Step(percent=5, minutes=0.1, evidence=Carry.CARRIED),
            Step(percent=25, minutes=0.2),
            Step(percent=50, minutes=0.2),
        ),
        held=Held(after_minutes=10.0, hours=1.0),
        soak_minutes=0.3,
    )
