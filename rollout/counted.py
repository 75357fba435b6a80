"""Samples of a gateway's metrics → what was counted of each model version. Pure."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from prometheus_client.parser import text_string_to_metric_families

from rollout.evidence import Comparison, Counters, NoEvidence, Tally

LIVE, SHADOW = "live", "shadow"
_OF_THE_VERSION = frozenset({"broken", "timeout"})
"""Reasons of the fallback that are the version's doing."""
_FAMILIES = ("ai_requests", "ai_degraded", "ai_inference_latency_seconds", "ai_shadow_texts", "ai_shadow_spans")
_START = "process_start_time_seconds"


@dataclass(frozen=True, slots=True)
class _One:
    """One line of a scrape."""

    labels: Mapping[str, str]
    value: float


class Scrape:
    """One reading of a gateway's `/metrics`.

    Raises:
        NoEvidence: a metric that must be there is not.
    """

    def __init__(self, text: str) -> None:
        self._samples: defaultdict[str, list[_One]] = defaultdict(list)
        families = set()
        for family in text_string_to_metric_families(text):
            families.add(family.name)
            for sample in family.samples:
                self._samples[sample.name].append(_One(sample.labels, sample.value))
        missing = [name for name in _FAMILIES if name not in families]
        if missing:
            raise NoEvidence(f"the gateway does not tell {', '.join(missing)}")

    @property
    def began(self) -> str:
        """When the process began: another value is another process."""
        return next((str(sample.value) for sample in self._samples[_START]), "")

    def by_version(self, slow_seconds: float) -> dict[str, Counters]:
        """The counters of every version that was asked.

        Raises:
            NoEvidence: no bucket of the latency ends at `slow_seconds`.
        """
        versions = {one.labels["model_version"] for one in self._samples["ai_requests_total"]} - {""}
        return {version: self._counters(version, slow_seconds) for version in sorted(versions)}

    def _counters(self, version: str, slow_seconds: float) -> Counters:
        return Counters(
            live=self._tally(version, LIVE, slow_seconds),
            shadow=self._tally(version, SHADOW, slow_seconds),
            comparison=self._comparison(version),
        )

    def _tally(self, version: str, traffic: str, slow_seconds: float) -> Tally:
        of_this = {"model_version": version, "traffic": traffic}
        ended = self._sums("ai_requests_total", of_this, "outcome")
        degraded = self._sums("ai_degraded_total", of_this, "reason")
        blamed = sum(count for reason, count in degraded.items() if reason in _OF_THE_VERSION)
        timed, quick = self._timed(of_this, slow_seconds)
        return Tally(
            answered=ended["model"],
            failed=ended["error"] + blamed,
            excluded=ended["refused"] + ended["caller_error"] + max(0, ended["degraded"] - blamed),
            timed=timed,
            slow=timed - quick,
        )

    def _timed(self, of_this: Mapping[str, str], slow_seconds: float) -> tuple[int, int]:
        """Answers in the histogram, and those of them that were not slow."""
        name = "ai_inference_latency_seconds"
        answered = [
            {**of_this, "outcome": outcome} for outcome in ("model", "degraded")
        ]  # an error is no answer, and counted as what it is
        timed = sum(int(one.value) for each in answered for one in self._matching(f"{name}_count", each))
        buckets = [one for each in answered for one in self._matching(f"{name}_bucket", each)]
        quick = [int(one.value) for one in buckets if float(one.labels["le"]) == slow_seconds]
        if timed and not quick:
            raise NoEvidence(f"{name} has no bucket that ends at {slow_seconds:g} s")
        return timed, sum(quick)

    def _comparison(self, version: str) -> Comparison:
        texts = self._sums("ai_shadow_texts_total", {"model_version": version}, "verdict")
        spans = self._sums("ai_shadow_spans_total", {"model_version": version}, "verdict")
        return Comparison(
            compared=sum(texts.values()),
            different=texts["different"],
            contract_faults=texts["contract_fault"],
            spans_common=spans["common"],
            spans_missing=spans["missing"],
            spans_added=spans["added"],
            label_flips=spans["label_flip"],
        )

    def _matching(self, name: str, labels: Mapping[str, str]) -> Iterable[_One]:
        return (one for one in self._samples[name] if labels.items() <= one.labels.items())

    def _sums(self, name: str, labels: Mapping[str, str], by: str) -> defaultdict[str, int]:
        sums: defaultdict[str, int] = defaultdict(int)
        for one in self._matching(name, labels):
            sums[one.labels[by]] += int(one.value)
        return sums
