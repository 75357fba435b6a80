"""Traffic on a cluster: the InferenceService's canary, and the routes document beside it.

An adapter: which patch an effect is, `knative.py` or `standard.py` says, and whether it is due, `plan.py`.
"""

import asyncio
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from rollout.cluster import Cluster
from rollout.effects import Restore, SendGolden, SetShadow, Settle, SetTraffic, StartDark
from rollout.golden_requests import Asked, ask, report
from rollout.golden_set import golden_texts
from rollout.inference_service import Document
from rollout.state import GoldenReport
from rollout.world import Serving
from summit_inference.errors import ConfigurationError
from summit_inference.routes_document import Route, RoutesDocument

_WHOLE = 100

Patching = StartDark | SetTraffic | Restore | Settle
"""Effects that change the InferenceService."""
Routed = tuple[Mapping[str, int], Mapping[str, int]]
"""The routes document's percents and shadow percents, by model version."""


class Routes(Protocol):
    """Where the routes document is."""

    def read(self) -> RoutesDocument | None: ...

    def write(self, routes: list[Route], seen_generation: int) -> object:
        """Replace the document that has this generation (0: there is none)."""
        ...


class ClusterBackend(ABC):
    """A `Backend` of one InferenceService; how KServe splits its traffic is the deployment mode's."""

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

    @abstractmethod
    def _patch_for(self, effect: Patching, service: Mapping[str, Any]) -> Document | None:
        """The merge patch of the InferenceService; None where nothing is to be changed."""

    @abstractmethod
    def _serving(self, service: Mapping[str, Any], routed: Routed) -> Serving:
        """What is true about traffic."""

    @abstractmethod
    def _urls(self, service: Mapping[str, Any]) -> Mapping[str, str]:
        """Each version's own host, as far as it has one."""

    def observe(self) -> Serving:
        document = self._routes.read()
        routes = document.routes if document else ()
        percents = {route.model_version: route.percent for route in routes if route.percent}
        shadows = {route.model_version: route.shadow_percent for route in routes if route.shadow_percent}
        return self._serving(self._cluster.inference_service(self._name), (percents, shadows))

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
        urls, champion = self._urls(self._cluster.inference_service(self._name)), self.observe().rolled_out
        if version not in urls:
            raise ConfigurationError(f"version {version} has no host of its own yet; it is asked again")
        mine = asyncio.run(ask(self._name, Asked(version, urls[version]), texts, self._golden_timeout_seconds))
        theirs = None
        if champion and champion != version and champion in urls:
            asked = Asked(champion, urls[champion])
            theirs = asyncio.run(ask(self._name, asked, texts, self._golden_timeout_seconds))
        return report(version, texts, mine, theirs, self._clock())

    def _patch(self, effect: Patching) -> None:
        service = self._cluster.inference_service(self._name)
        patch = self._patch_for(effect, service)
        if patch is not None:
            self._cluster.patch_inference_service(self._name, patch, service)

    def _route(self, percents: Mapping[str, int], shadows: Mapping[str, int] | None = None) -> None:
        """Write the routes: each version at its own host, or at the service's where it has none."""
        service, document = self._cluster.inference_service(self._name), self._routes.read()
        plain = str(service.get("status", {}).get("url") or f"http://{self._name}-predictor.{self._cluster.namespace}")
        urls, shadowed = self._urls(service), shadows or {}
        routes = [
            Route(
                model_version=version,
                percent=percent,
                url=urls.get(version) or plain,
                shadow_percent=shadowed.get(version, 0),
            )
            for version, percent in percents.items()
            if percent or shadowed.get(version)
        ]
        self._routes.write(routes, document.generation if document else 0)
