"""Traffic on a cluster in KServe's Knative mode: the InferenceService's canary, and the routes document beside it.

An adapter: which patch is `knative.py`'s business, and whether it is due is `plan.py`'s.
"""

import asyncio
import time
from collections.abc import Callable, Mapping
from typing import Protocol

from rollout import knative
from rollout.cluster import Cluster
from rollout.effects import Restore, SendGolden, SetShadow, Settle, SetTraffic, StartDark
from rollout.golden_requests import Asked, ask, report
from rollout.golden_set import golden_texts
from rollout.inference_service import specified_version
from rollout.state import GoldenReport
from rollout.world import Serving
from summit_inference.routes_document import Route, RoutesDocument

_WHOLE = 100


class Routes(Protocol):
    """Where the routes document is."""

    def read(self) -> RoutesDocument | None: ...

    def write(self, routes: list[Route], seen_generation: int) -> object:
        """Replace the document that has this generation (0: there is none)."""
        ...


class KnativeBackend:
    """A `Backend` of one InferenceService in KServe's Knative mode."""

    def __init__(
        self,
        name: str,
        cluster: Cluster,
        routes: Routes,
        *,
        golden_timeout_seconds: float = 60.0,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._name = name
        self._cluster = cluster
        self._routes = routes
        self._golden_timeout_seconds = golden_timeout_seconds
        self._clock = clock

    def observe(self) -> Serving:
        service, document = self._cluster.inference_service(self._name), self._routes.read()
        routes = document.routes if document else ()
        percents = {route.model_version: route.percent for route in routes if route.percent}
        shadows = {route.model_version: route.shadow_percent for route in routes if route.shadow_percent}
        return knative.serving(
            service, self._cluster.revisions(self._name), self._cluster.crashes(self._name), (percents, shadows)
        )

    def start_dark(self, effect: StartDark) -> None:
        self._patch(effect)

    def set_traffic(self, effect: SetTraffic) -> None:
        percents = {effect.candidate.version: effect.percent}
        if effect.champion:
            percents[effect.champion.version] = _WHOLE - effect.percent
        is_rise = effect.percent > self.observe().split.get(effect.candidate.version, 0)
        if is_rise:
            self._patch(effect)
        self._route(percents)
        if not is_rise:
            self._patch(effect)

    def set_shadow(self, effect: SetShadow) -> None:
        document = self._routes.read()
        percents = {route.model_version: route.percent for route in document.routes} if document else {}
        percents = percents or {effect.champion.version: _WHOLE}
        self._route({effect.candidate.version: 0, **percents}, {effect.candidate.version: effect.percent})

    def restore(self, effect: Restore) -> None:
        self._patch(effect)

    def settle(self, effect: Settle) -> None:
        self._patch(effect)
        self._route({effect.version.version: _WHOLE})

    def send_golden(self, effect: SendGolden) -> GoldenReport:
        texts, version = golden_texts(), effect.candidate.version
        latest, before = knative.hosts(self._cluster.inference_service(self._name))
        mine = asyncio.run(ask(self._name, Asked(version, latest or ""), texts, self._golden_timeout_seconds))
        champion = self.observe().rolled_out
        theirs = None
        if before and champion and champion != version:
            theirs = asyncio.run(ask(self._name, Asked(champion, before), texts, self._golden_timeout_seconds))
        return report(version, texts, mine, theirs, self._clock())

    def _patch(self, effect: StartDark | SetTraffic | Restore | Settle) -> None:
        service = self._cluster.inference_service(self._name)
        patch = knative.patch_for(effect, service)
        if patch is not None:
            self._cluster.patch_inference_service(self._name, patch, service)

    def _route(self, percents: Mapping[str, int], shadows: Mapping[str, int] | None = None) -> None:
        """Write the routes: each version at its revision's own host, or at the service's where it has none."""
        service, document = self._cluster.inference_service(self._name), self._routes.read()
        plain = str(service.get("status", {}).get("url") or f"http://{self._name}-predictor.{self._cluster.namespace}")
        latest, before = knative.hosts(service)
        newest = specified_version(service)
        shadowed = shadows or {}
        routes = [
            Route(
                model_version=version,
                percent=percent,
                url=(latest if version == newest else before) or plain,
                shadow_percent=shadowed.get(version, 0),
            )
            for version, percent in percents.items()
            if percent or shadowed.get(version)
        ]
        self._routes.write(routes, document.generation if document else 0)
