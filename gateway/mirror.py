"""Copies of callers' requests for versions that are tried, off the caller's path: what they answer, nobody gets.

A copy is made of a request that a model has answered. It has a deadline of its own, counts with `traffic="shadow"`, and
is the first thing to be left out under load. Of a caller's text nothing is kept but a hash that only this process can
make, unless a setting says so.
"""

import asyncio
import hashlib
import hmac
import logging
import secrets
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from gateway.caller import Caller, Outcome
from gateway.comparison import Difference, difference
from gateway.degrade import reason_of
from gateway.model_answer import Answer, checked, onward
from gateway.rate import Rate
from gateway.target import Target
from summit_inference import metrics
from summit_inference.context import working_on
from summit_inference.deadline import Clock, Deadline
from summit_inference.errors import SummitError, UpstreamBroken
from summit_inference.tensors import InferRequest, InferResponse

_log = logging.getLogger(__name__)

_TRAFFIC = "shadow"
_WHOLE = 100
_LOGGED_PER_SECOND = 1.0
_HASH_CHARACTERS = 16
_BLAMELESS = {"cold", "overloaded", "throttled"}
"""Reasons that say nothing of a version's quality."""


@dataclass(frozen=True, slots=True)
class MirrorLimits:
    """How much is copied at most. All are settings."""

    max_in_flight: int
    """Copies that wait for their answer at once."""
    busy_in_flight: int
    """Callers' requests that wait for the model; from here on, nothing is copied."""
    timeout_seconds: float
    """For the answer to a copy."""
    is_text_logged: bool
    """Whether the log names the text of a disagreement."""


@dataclass(frozen=True, slots=True)
class Original:
    """A caller's request, answered."""

    request: InferRequest
    texts: Sequence[str]
    caller: Caller
    answer: Answer
    seconds: float
    """That the model took for the answer."""


class Mirror:
    """All copies of one gateway."""

    def __init__(self, limits: MirrorLimits, random: Callable[[], float], clock: Clock) -> None:
        self._limits = limits
        self._random = random
        self._clock = clock
        self._tasks: set[asyncio.Task[None]] = set()
        self._log_rate = Rate(_LOGGED_PER_SECOND, clock)
        self._key = secrets.token_bytes()

    def offer(self, original: Original, shadows: Iterable[tuple[Target, float]], live_in_flight: int) -> None:
        """Copy the request to each target with the chance of its percent, and return at once."""
        for target, percent in shadows:
            if self._random() * _WHOLE >= percent:
                continue
            reason = self._reason_to_drop(live_in_flight)
            if reason:
                metrics.SHADOW_DROPPED.labels(target.model_version or "", reason).inc()
                continue
            task = asyncio.create_task(self._copy(original, target))
            self._tasks.add(task)
            task.add_done_callback(self._finish)

    async def aclose(self) -> None:
        """Give up every copy that is not answered."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _reason_to_drop(self, live_in_flight: int) -> str | None:
        if live_in_flight >= self._limits.busy_in_flight:
            return "busy"
        return "full" if len(self._tasks) >= self._limits.max_in_flight else None

    def _finish(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (bug := task.exception()):
            _log.error("shadow copy failed", exc_info=bug)

    async def _copy(self, original: Original, target: Target) -> None:
        version, began = target.model_version or "", self._clock()
        context = replace(original.caller.request, deadline=Deadline.after(self._limits.timeout_seconds))
        try:
            with working_on(context):
                response = await target.upstream.infer(onward(original.request, target.model_version))
        except SummitError as error:
            self._count(version, _outcome_of(error), began)
            return
        target.readiness.note_answer()
        metrics.SHADOW_EXTRA_SECONDS.labels(version).observe(self._clock() - began - original.seconds)
        self._count(version, self._compared(original, response, version), began)

    def _count(self, version: str, outcome: Outcome, began: float) -> None:
        metrics.REQUESTS.labels(version, outcome, _TRAFFIC).inc()
        metrics.INFERENCE_LATENCY.labels(version, outcome, _TRAFFIC).observe(self._clock() - began)

    def _compared(self, original: Original, response: InferResponse, version: str) -> Outcome:
        try:
            answer = checked(response, original.texts)
        except UpstreamBroken:
            metrics.SHADOW_TEXTS.labels(version, "contract_fault").inc(len(original.texts))
            return Outcome.ERROR
        for text, live, copy in zip(original.texts, original.answer.spans, answer.spans, strict=True):
            found = difference(live, copy)
            _count_difference(found, version)
            if not found.is_none:
                self._log_difference(text, found, version)
        return Outcome.MODEL

    def _log_difference(self, text: str, found: Difference, version: str) -> None:
        if self._log_rate.seconds_until_free():
            return
        self._log_rate.take()
        digest = hmac.new(self._key, text.encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()
        fields: dict[str, object] = {"missing": found.missing, "added": found.added, "label_flips": found.label_flips}
        if self._limits.is_text_logged:
            fields["text"] = text
        _log.info(
            "shadow disagrees", extra={"model_version": version, "text_hash": digest[:_HASH_CHARACTERS], **fields}
        )


def _count_difference(found: Difference, version: str) -> None:
    metrics.SHADOW_TEXTS.labels(version, "same" if found.is_none else "different").inc()
    for verdict, count in (
        ("common", found.common),
        ("missing", found.missing),
        ("added", found.added),
        ("label_flip", found.label_flips),
    ):
        metrics.SHADOW_SPANS.labels(version, verdict).inc(count)


def _outcome_of(error: SummitError) -> Outcome:
    """How a copy that was not answered counts: as a live request would, for the version that was asked."""
    reason = reason_of(error, has_route=True)
    if reason is None:
        return Outcome.CALLER_ERROR
    return Outcome.REFUSED if reason in _BLAMELESS else Outcome.ERROR
