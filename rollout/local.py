"""Rollouts on one machine: each version has a pair of processes, and the routes document of the gateway is the split.

The champion's route comes first and the candidate's last: the last one is the version whose spec stands, as a cluster
would have it, and is taken out again to restore the champion.
"""

import asyncio
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from rollout.effects import Restore, SendGolden, SetShadow, Settle, SetTraffic, StartDark
from rollout.golden_requests import Asked, ask, report
from rollout.golden_set import golden_texts
from rollout.pair import Pair
from rollout.pair_health import PairHealth
from rollout.pairs import Pairs, of_version
from rollout.routes import Routes
from rollout.state import ExactVersion, GoldenReport
from rollout.world import Deployed, Readiness, Serving
from summit_inference.errors import ArtifactError, ConfigurationError
from summit_inference.routes_document import Route, RoutesDocument

_WHOLE = 100

Fetch = Callable[[ExactVersion], Path]
"""Brings a version's verified files to this machine; raises an ArtifactError where they are not what was published."""


class LocalBackend:
    """A `Backend` of processes on this machine."""

    def __init__(  # noqa: PLR0913 -- the parts, made in one place
        self,
        model_name: str,
        pairs: Pairs,
        health: PairHealth,
        routes: Routes,
        fetch: Fetch,
        *,
        golden_timeout_seconds: float = 10.0,
        retire_seconds: float = 2.0,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._model_name = model_name
        self._pairs = pairs
        self._health = health
        self._routes = routes
        self._fetch = fetch
        self._golden_timeout_seconds = golden_timeout_seconds
        self._retire_seconds = retire_seconds
        self._clock = clock
        self._refused: tuple[str, str] | None = None
        """The candidate whose files were not what was published, and how."""

    def observe(self) -> Serving:
        pairs, document = self._pairs.all(), self._routes.read()
        routes = document.routes if document else ()
        deployed = {pair.model_version: self._health.of(pair) for pair in pairs}
        specified = routes[-1].model_version if routes else None
        if self._refused:
            specified, fault = self._refused
            deployed[specified] = Deployed(Readiness.FAILED, fault=fault)
        split = {route.model_version: route.percent for route in routes}
        return Serving(
            deployed=deployed,
            split=split,
            routed=split,
            shadowed={route.model_version: route.shadow_percent for route in routes},
            specified=specified,
            rolled_out=routes[0].model_version if routes else None,
            is_settled=not self._refused and len(routes) == len(pairs) == 1 and specified in deployed,
        )

    def start_dark(self, effect: StartDark) -> None:
        version = effect.candidate.version
        try:
            directory = self._fetch(effect.candidate)
        except ArtifactError as error:
            self._refused = (version, error.message)
            return
        self._refused = None
        pair = self._pairs.start(version, directory)
        champion = self._pair(effect.champion) if effect.champion else None
        self._write(_split(pair, champion, percent=0 if champion else _WHOLE))

    def set_traffic(self, effect: SetTraffic) -> None:
        candidate = self._pair(effect.candidate)
        champion = self._pair(effect.champion) if effect.champion else None
        shadow_percent = self._shadow_percent(effect.candidate.version)
        self._write(_split(candidate, champion, percent=effect.percent, shadow_percent=shadow_percent))

    def set_shadow(self, effect: SetShadow) -> None:
        document, version = self._routes.read(), effect.candidate.version
        if document is None or document.route_of(version) is None:
            raise ConfigurationError(f"version {version} has no route that copies could follow; it is started again")
        self._write(
            [
                route.model_copy(update={"shadow_percent": effect.percent}) if route.model_version == version else route
                for route in document.routes
            ]
        )

    def send_golden(self, effect: SendGolden) -> GoldenReport:
        return asyncio.run(self._golden(effect.candidate.version))

    def restore(self, effect: Restore) -> None:
        """Take the candidate's route out: nothing else was changed for it. The champion's processes run as they did."""
        self._refused = None
        self._write(_alone(self._pair(effect.champion)))

    def settle(self, effect: Settle) -> None:
        """Leave one route; and once every gateway has followed, one pair."""
        before = self._routes.read()
        after = self._write(_alone(self._pair(effect.version)))
        if before == after and self._routes.age_seconds(self._clock()) >= self._retire_seconds:
            self._pairs.keep(effect.version.version)

    def _pair(self, version: ExactVersion) -> Pair:
        """The version's pair, started again if somebody has ended it."""
        pair = of_version(self._pairs.all(), version.version)
        return pair or self._pairs.start(version.version, self._fetch(version))

    def _shadow_percent(self, version: str) -> int:
        document = self._routes.read()
        route = document.route_of(version) if document else None
        return route.shadow_percent if route else 0

    def _write(self, routes: Sequence[Route]) -> RoutesDocument:
        document = self._routes.read()
        return self._routes.write(routes, document.generation if document else 0)

    async def _golden(self, version: str) -> GoldenReport:
        texts = golden_texts()
        pairs = {pair.model_version: Asked(pair.model_version, pair.url) for pair in self._pairs.all()}
        if version not in pairs:
            raise ConfigurationError(f"version {version} does not run; it is started again")
        mine = await ask(self._model_name, pairs.pop(version), texts, self._golden_timeout_seconds)
        champion = pairs.get(self._first_routed(version))
        theirs = await ask(self._model_name, champion, texts, self._golden_timeout_seconds) if champion else None
        return report(version, texts, mine, theirs, self._clock())

    def _first_routed(self, but: str) -> str:
        """The version that gets requests beside this one; empty where there is none."""
        document = self._routes.read()
        routes = document.routes if document else ()
        return next((route.model_version for route in routes if route.model_version != but), "")


def _split(candidate: Pair, champion: Pair | None, *, percent: int, shadow_percent: int = 0) -> list[Route]:
    """The champion's route before the candidate's."""
    mine = Route(
        model_version=candidate.model_version, percent=percent, url=candidate.url, shadow_percent=shadow_percent
    )
    if champion is None:
        return [mine]
    return [Route(model_version=champion.model_version, percent=_WHOLE - percent, url=champion.url), mine]


def _alone(pair: Pair) -> list[Route]:
    return [Route(model_version=pair.model_version, percent=_WHOLE, url=pair.url)]
