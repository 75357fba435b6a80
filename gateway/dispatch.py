"""The one path of every inference, whichever door it came through: choose a version, ask it, or degrade.

What to do is decided in `degrade.py`; here is what has to happen around it.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

from fallback import NAME
from gateway.breaker import Verdict
from gateway.caller import POLICY_NAME, Caller, Outcome, policy_of
from gateway.degrade import Patience, Plan, Policy, Situation, Standing, plan, reason_of, refusal
from gateway.flags import Flags
from gateway.mirror import Mirror, Original
from gateway.model_answer import Answer, checked, onward
from gateway.rate import Rate
from gateway.rules import Rules
from gateway.target import Target, Targets
from summit_inference import __version__, metrics
from summit_inference.context import working_on
from summit_inference.deadline import Clock, Deadline
from summit_inference.errors import SummitError, TooLarge, UpstreamUnreachable
from summit_inference.extraction import DegradedReason
from summit_inference.tensors import InferRequest, InferResponse, Parameter
from summit_inference.text_tensors import tensors_of, texts_of


@dataclass(frozen=True, slots=True)
class DispatchLimits:
    """What one request may carry, and what the model gets at most. All are settings."""

    max_texts: int
    max_characters: int
    """Code points of one text."""
    max_in_flight: int
    """Requests that wait for the model at once."""
    slow_seconds: float
    """From here on an answer is slow, for the breaker."""


@dataclass(frozen=True, slots=True)
class _Work:
    """One request, read and understood."""

    request: InferRequest
    texts: list[str]
    caller: Caller
    policy: Policy
    flags: Flags


class Dispatcher:
    """All inference of the gateway."""

    def __init__(  # noqa: PLR0913 -- the parts, made in one place
        self,
        *,
        targets: Targets,
        rules: Rules,
        flags: Callable[[], Flags],
        patience: Patience,
        limits: DispatchLimits,
        mirror: Mirror,
        clock: Clock,
    ) -> None:
        self._targets = targets
        self._rules = rules
        self._flags = flags
        self._patience = patience
        self._limits = limits
        self._mirror = mirror
        self._clock = clock
        self._in_flight = 0
        self._throttle: Rate | None = None

    @property
    def in_flight(self) -> int:
        """Requests that wait for the model now."""
        return self._in_flight

    async def answer(self, request: InferRequest, caller: Caller) -> Answer:
        """The model's answer, or the fallback's.

        Raises:
            CallerError: the request is wrong, or asks for a version that is not there.
            BusyError: the model cannot answer, and caller or operator refuse the fallback.
        """
        work = self._work(request, caller)
        target = self._targets.chosen(request.model_version, work.flags.disabled_versions)
        asked = (target and target.model_version) or request.model_version
        if asked in self._targets.versions:
            caller.model_version = asked or ""
        answer = await self._by_model(work, target) if target else "flag"
        if isinstance(answer, Answer):
            caller.outcome = Outcome.MODEL
            return answer
        if work.policy is Policy.REFUSE or work.flags.refuse:
            raise refusal(answer)
        return await self._by_rules(work, answer, asked)

    def _work(self, request: InferRequest, caller: Caller) -> _Work:
        policy = policy_of(str(request.parameters.get(POLICY_NAME, ""))) or caller.policy or Policy.ALLOW
        flags = self._flags()
        if flags.refuse and policy is Policy.ALLOW:
            policy = Policy.REFUSE
        return _Work(request, self._texts(request), caller, policy, flags)

    def _texts(self, request: InferRequest) -> list[str]:
        texts = texts_of(request)
        if len(texts) > self._limits.max_texts:
            raise TooLarge(f"There are {len(texts)} texts; send at most {self._limits.max_texts} in one request.")
        longest = max(map(len, texts), default=0)
        if longest > self._limits.max_characters:
            raise TooLarge(f"A text has {longest} characters; send at most {self._limits.max_characters}, in parts.")
        return texts

    async def _by_model(self, work: _Work, target: Target) -> Answer | DegradedReason:
        made = self._plan(work, target)
        if made.wait_seconds and target.readiness.standing is Standing.UNKNOWN:
            await target.readiness.probe(made.wait_seconds)
            made = self._plan(work, target)
        if made.wait_seconds and await target.readiness.wait(made.wait_seconds):
            made = self._plan(work, target)
        return made.reason or await self._ask(work, target, made.ask_seconds)

    def _plan(self, work: _Work, target: Target) -> Plan:
        deadline = work.caller.request.deadline
        situation = Situation(
            policy=work.policy,
            seconds_left=deadline.remaining_seconds() if deadline else None,
            fallback_seconds=self._rules.seconds_for(sum(map(len, work.texts))),
            standing=target.readiness.standing,
            down_reason=target.readiness.down_reason,
            is_switched_off=work.flags.fallback_only,
            breaker_reason=None if target.breaker.may_pass() else target.breaker.open_reason,
            has_capacity=self._in_flight < self._limits.max_in_flight,
            has_rate=self._has_rate(work.flags.throttle),
        )
        return plan(situation, self._patience)

    def _has_rate(self, per_second: float | None) -> bool:
        if per_second is None:
            self._throttle = None
        elif self._throttle is None or self._throttle.per_second != per_second:
            self._throttle = Rate(per_second, self._clock)
        return self._throttle is None or self._throttle.seconds_until_free() == 0

    async def _ask(self, work: _Work, target: Target, seconds: float) -> Answer | DegradedReason:
        # No await since the plan: what it saw free is still free.
        if self._throttle:
            self._throttle.take()
        entered, began = target.breaker.enter(), self._clock()
        self._in_flight += 1
        try:
            with working_on(replace(work.caller.request, deadline=Deadline.after(seconds))):
                answer = checked(await target.upstream.infer(_onward(work.request, target)), work.texts)
        except SummitError as error:
            return self._note_failure(work, target, error, entered, began)
        finally:
            self._in_flight -= 1
        target.readiness.note_answer()
        target.breaker.leave(entered, Verdict.SLOW if self._is_slow(work, began) else Verdict.ANSWERED)
        work.caller.model_version = answer.response.model_version or work.caller.model_version
        self._mirror_live(work, target, answer, began)
        return answer

    def _mirror_live(self, work: _Work, target: Target, answer: Answer, began: float) -> None:
        if work.caller.request.is_batch:
            return
        original = Original(work.request, work.texts, work.caller, answer, self._clock() - began)
        self._mirror.offer(original, self._targets.shadows(target, work.flags.shadow_percent), self._in_flight)

    def _note_failure(
        self, work: _Work, target: Target, error: SummitError, entered: int, began: float
    ) -> DegradedReason:
        """Why the model did not answer; learn from it. What says nothing of the model is no verdict for the breaker."""
        reason = reason_of(error, has_route=target.model_version is not None)
        match reason:
            case None:
                target.readiness.note_answer()
                target.breaker.leave(entered, Verdict.ANSWERED)
                raise error
            case "timeout":
                target.readiness.note_doubt(began)
                if self._is_slow(work, began):
                    target.breaker.leave(entered, Verdict.SLOW)
            case "cold":
                target.readiness.note_down("cold")
            case "broken":
                if isinstance(error, UpstreamUnreachable):
                    target.readiness.note_down("broken")
                target.breaker.leave(entered, Verdict.FAILED)
        return reason

    def _is_slow(self, work: _Work, began: float) -> bool:
        """For the breaker; batch work may take its time."""
        return not work.caller.request.is_batch and self._clock() - began >= self._limits.slow_seconds

    async def _by_rules(self, work: _Work, reason: DegradedReason, asked: str | None) -> Answer:
        spans = await self._rules.spans_of(work.texts)
        metrics.DEGRADED.labels(work.caller.model_version, reason, work.caller.traffic).inc()
        work.caller.outcome = Outcome.DEGRADED
        parameters: dict[str, Parameter] = {"run_id": "", "degraded": True, "degraded_reason": reason}
        if asked:
            parameters["requested_model_version"] = asked
        response = InferResponse(NAME, tensors_of(spans), __version__, parameters=parameters)
        return Answer(response, spans)


def _onward(request: InferRequest, target: Target) -> InferRequest:
    return onward(request, target.model_version or request.model_version)
