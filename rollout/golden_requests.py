"""Golden requests: asked of a version's own host, past all routes, and scored."""

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from rollout.golden_set import GoldenText
from rollout.state import GoldenReport, Slice
from rollout.statistics import Found, f1, loss_at_least
from summit_inference import metrics
from summit_inference.client import Upstream
from summit_inference.context import current, working_on
from summit_inference.deadline import Deadline
from summit_inference.errors import CallerError, SummitError, UpstreamBroken
from summit_inference.spans import Span
from summit_inference.tensors import InferRequest
from summit_inference.text_tensors import spans_within, text_tensor

WHOLE = "all"
_WARM_UPS = 3
"""Requests that come first and are not timed."""
_KEPT_FAULTS = 5
_TRAFFIC = "probe"


@dataclass(frozen=True, slots=True)
class Reply:
    """What one golden request brought."""

    spans: tuple[Span, ...] | None
    """None where it was not answered, or against the contract."""
    seconds: float
    fault: str = ""
    """How it broke the contract; empty where it did not, or was not answered."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One version, and where it answers."""

    model_version: str
    url: str


_Row = tuple[GoldenText, Reply, Reply | None]


async def ask(model_name: str, asked: Asked, texts: Sequence[GoldenText], timeout_seconds: float) -> list[Reply]:
    """A reply to each text, one request a text, one after the other."""
    async with Upstream(asked.url, timeout_seconds=timeout_seconds) as upstream:
        return [
            await _reply(upstream, model_name, asked.model_version, golden.text, timeout_seconds) for golden in texts
        ]


async def _reply(upstream: Upstream, model_name: str, version: str, text: str, timeout_seconds: float) -> Reply:
    request = InferRequest(model_name, (text_tensor([text]),), version)
    began = time.monotonic()
    try:
        with working_on(replace(current(), deadline=Deadline.after(timeout_seconds))):
            response = await upstream.infer(request)
    except CallerError as error:
        return _counted(version, Reply(None, time.monotonic() - began, error.message))
    except SummitError:
        return _counted(version, Reply(None, time.monotonic() - began))
    seconds = time.monotonic() - began
    try:
        return _counted(version, Reply(tuple(spans_within(response, [text])[0]), seconds))
    except UpstreamBroken as error:
        return _counted(version, Reply(None, seconds, error.message))


def _counted(version: str, reply: Reply) -> Reply:
    outcome = "error" if reply.spans is None else "model"
    metrics.REQUESTS.labels(version, outcome, _TRAFFIC).inc()
    return reply


def report(
    version: str, texts: Sequence[GoldenText], mine: Sequence[Reply], champions: Sequence[Reply] | None, now: float
) -> GoldenReport:
    """What the replies show; `champions` are the champion's to the same texts. Pure."""
    faults = dict.fromkeys(reply.fault for reply in mine if reply.fault)
    return GoldenReport(
        at=now,
        version=version,
        faults=tuple(faults)[:_KEPT_FAULTS],
        slices=tuple(_slices(texts, mine, champions)),
        p95_seconds=_p95([reply.seconds for reply in mine[_WARM_UPS:] if reply.spans is not None]),
        unanswered=sum(reply.spans is None and not reply.fault for reply in mine),
    )


def _slices(texts: Sequence[GoldenText], mine: Sequence[Reply], champions: Sequence[Reply] | None) -> list[Slice]:
    unasked: list[Reply | None] = [None] * len(texts)
    rows: list[_Row] = list(zip(texts, mine, champions or unasked, strict=True))
    by_name = [(name, list(part)) for name, part in groupby(rows, key=lambda row: row[0].slice_name)]
    return [_slice(name, part) for name, part in [(WHOLE, rows), *by_name]]


def _slice(name: str, rows: Sequence[_Row]) -> Slice:
    found = [_found(text, reply) for text, reply, _ in rows]
    before = [_found(text, reply) for text, _, reply in rows if reply is not None and reply.spans is not None]
    if len(before) < len(rows):  # a champion that did not answer all is nothing to be compared with
        return Slice(name=name, f1=f1(found), texts=len(rows))
    return Slice(
        name=name, f1=f1(found), champion_f1=f1(before), loss_at_least=loss_at_least(before, found), texts=len(rows)
    )


def _found(golden: GoldenText, reply: Reply) -> Found:
    spans = {(span.start, span.end, span.label) for span in reply.spans or ()}
    right = len(spans & golden.entities)
    return Found(right, len(spans) - right, len(golden.entities) - right)


def _p95(seconds: Sequence[float]) -> float | None:
    return sorted(seconds)[math.ceil(0.95 * len(seconds)) - 1] if seconds else None
