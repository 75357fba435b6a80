"""The `ModelRollout` resource: the only state of a controller. On a cluster a custom resource, on one machine a file.

People write the spec, one controller writes the status. The same JSON in both places, so this is a trust boundary.
Every `…_at` is Unix time in seconds.
"""

from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field

from rollout.evidence import Counters, Sample
from rollout.phase import Phase
from rollout.policy import Policy

KEPT_DECISIONS = 50
KEPT_OUTCOMES = 20


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", use_attribute_docstrings=True)


class ExactVersion(_Part):
    """One model version, by content: an alias resolved once."""

    version: str
    """MLflow's number."""
    run_id: str | None = None
    digest: str = ""
    """Of all its files."""


class Order(_Part):
    """What a person asks of one rollout. It counts once, for the rollout and the step that it names."""

    rollout_id: str = ""
    """Empty: whichever runs when the controller first sees the order's id."""
    id: str = ""
    """Another order has another id."""
    by: str = ""
    """Who: for the record."""
    at: float = 0.0


class Approval(Order):
    """Pass a gate."""

    step: int = -1
    """Of the ramp, as the status counts it: an approval is for what was seen."""


class Spec(_Part):
    """What people want. Whoever may write it, may do all of this."""

    model_name: str
    policy: Policy = Policy()
    is_suspended: bool = False
    """`halt` and `resume`: while true, nothing at all is done."""
    start: Order = Order()
    """Try the candidate again that failed."""
    approve: Approval = Approval()
    abort: Order = Order()
    promote: Order = Order()
    """Skip the evidence, not the validation: `promote --force`."""


class Slice(_Part):
    """Golden texts of one kind, and how the candidate read them."""

    name: str
    f1: float
    """From 0 to 1."""
    champion_f1: float | None = None
    loss_at_least: float = 0.0
    """Lower bound (bootstrap, one-sided 95%) of the F1 that was lost against the champion; 0 or less is chance."""
    texts: int = 0


class GoldenReport(_Part):
    """What golden requests showed."""

    at: float
    version: str
    """That was asked; and that every answer said it was by, else there is a fault."""
    faults: tuple[str, ...] = ()
    """Answers against the contract, each a sentence without text of the request."""
    slices: tuple[Slice, ...] = ()
    """The first one is all golden texts together."""
    p95_seconds: float | None = None
    """Of warm requests; None where none was answered."""
    unanswered: int = 0


class Score(_Part):
    """A sequential test's sums, for one rule."""

    bad: float = 0.0
    """Natural logarithm of the odds that it is bad; never below 0."""
    peak: float = 0.0
    """The highest that `bad` was since the look before."""
    good: float = 0.0
    """That it is good; sinks with every failure."""


class Scores(_Part):
    """Every sum that the judge keeps for one window of evidence."""

    counts: Counters = Counters()
    champion: Counters = Counters()
    """Over the same time."""
    errors: Score = Score()
    slow: Score = Score()
    champion_errors: Score = Score()
    champion_slow: Score = Score()
    worse: float = 0.0
    """Natural logarithm of the odds that the candidate fails more than the champion."""
    began_at: float = 0.0
    """When the window began."""


class Ledger(_Part):
    """All evidence of one rollout."""

    last: Sample | None = None
    """The readings up to which all has been counted."""
    step: Scores = Scores()
    """Since the phase or the step began."""
    carried: Scores = Scores()
    """Since the shadow phase began."""


class Verdict(StrEnum):
    """What a rule says, or all of them."""

    OK = "ok"
    BAD = "bad"
    HOLD = "hold"
    """Cannot say: too little evidence, none that is fresh, or not the candidate's doing."""


class RuleResult(_Part):
    """One rule's word on the candidate, with all that a person needs to check it."""

    rule: str
    """Stable name: errors, slow, burn, health, relative, champion, witness, excluded, freshness, shadow…"""
    verdict: Verdict
    sentence: str
    """`errors 2 of 812; needs about 210 more requests (≈ 14 min at the current rate)`."""
    n: int = 0
    k: int = 0
    score: float = 0.0
    """How far the decisive sum is; `bound` is where it decides."""
    bound: float = 0.0
    needs: int | None = None
    """About so many more requests, if all goes well; None where requests do not help."""
    is_waiting: bool = False
    """Whether it holds for nothing but more of the same evidence."""


class DecisionRecord(_Part):
    """One thing that was decided, for people."""

    number: int
    """Grows by one for each decision of this resource."""
    at: float
    rollout_id: str
    phase: Phase
    """That it led to."""
    percent: int
    """Of the candidate, wanted from then on."""
    sentence: str
    code: str
    """Stable: started, advanced, held, gated, promoted, rolled_back …"""


class Point(_Part):
    """How things stood at one moment: for the report's plots."""

    at: float
    phase: Phase
    percent: int
    requests: int = 0
    failures: int = 0
    bad: float = 0.0
    good: float = 0.0
    slow_requests: int = 0
    slow: int = 0
    slow_bad: float = 0.0
    compared: int = 0
    different: int = 0


class Outcome(_Part):
    """A rollout that is over."""

    rollout_id: str
    candidate: ExactVersion
    champion: ExactVersion | None = None
    phase: Phase
    code: str
    reason: str
    began_at: float
    ended_at: float


class Status(_Part):
    """What the controller knows and wants. Whoever reads it knows all."""

    phase: Phase = Phase.IDLE
    rollout_id: str = ""
    """`summit-extract-2-r7`: model, candidate, and a number that grows."""
    attempts: int = 0
    candidate: ExactVersion | None = None
    champion: ExactVersion | None = None
    """What serves, and is restored if the candidate fails; None before the first promotion."""
    candidate_revision: str = ""
    """The deployed instance that was validated; another one is somebody else's."""
    step: int = 0
    """Of the ramp, from 0."""
    percent: int = 0
    """Of the candidate: what is wanted now. What is, stands in the InferenceService."""
    began_at: float = 0.0
    phase_at: float = 0.0
    """When the phase began; that of the ramp, when its step did."""
    held_at: float | None = None
    """Since when the step has been held, with or without interruption."""
    resume_phase: Phase | None = None
    """Where Held and Gate go on."""
    suspended_phase: Phase | None = None
    """Where Suspended goes on."""
    is_forced: bool = False
    """By a human: evidence is not waited for."""
    code: str = ""
    reason: str = ""
    """Why it is where it is: a sentence that a person can act on."""
    refused: ExactVersion | None = None
    """The candidate that failed last; not tried again unless asked for again."""
    orders_done: tuple[str, ...] = ()
    """Ids of the last orders that were followed."""
    golden: GoldenReport | None = None
    waived: tuple[str, ...] = ()
    """Rules that a human has let pass: `agreement`, `relative`."""
    ledger: Ledger = Ledger()
    rules: tuple[RuleResult, ...] = ()
    """The judge's last word, rule by rule."""
    decisions: tuple[DecisionRecord, ...] = Field(default=(), max_length=KEPT_DECISIONS)
    announced: int = 0
    """The number of the last decision that was told the world."""
    points: tuple[Point, ...] = ()
    outcomes: tuple[Outcome, ...] = Field(default=(), max_length=KEPT_OUTCOMES)


class ModelRollout(_Part):
    """The resource: one a model."""

    name: str
    spec: Spec
    status: Status = Status()
    resource_version: str = ""
    """Changes with every write; whoever writes must have seen the last."""
