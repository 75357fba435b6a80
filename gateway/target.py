"""Where a request can go: one target for each model version, with what the gateway has learnt of it."""

import asyncio
from collections.abc import Callable, Iterator
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from gateway.breaker import Breaker
from gateway.draw import drawn
from gateway.readiness import Readiness
from summit_inference import metrics
from summit_inference.client import Upstream
from summit_inference.errors import ModelVersionNotFound
from summit_inference.routes_document import Route, RoutesDocument


@dataclass(frozen=True, slots=True)
class Target:
    """One place that answers V2."""

    model_version: str | None
    """The version that answers there; None for the plain host, which chooses itself."""
    upstream: Upstream
    readiness: Readiness
    breaker: Breaker

    async def aclose(self) -> None:
        """Stop waking it, and close the connections."""
        await self.readiness.aclose()
        await self.upstream.aclose()


MakeTarget = Callable[[str, str | None], Target]
"""From a URL and a model version."""


class Targets:
    """The targets of the present routes document; without one, the plain host alone."""

    def __init__(self, plain_url: str, make: MakeTarget, random: Callable[[], float], retire_seconds: float) -> None:
        self._plain_url = plain_url
        self._make = make
        self._random = random
        self._retire_seconds = retire_seconds
        self._document: RoutesDocument | None = None
        self._targets: dict[str | None, Target] = {None: make(plain_url, None)}
        self._retiring: set[asyncio.Task[None]] = set()

    def __iter__(self) -> Iterator[Target]:
        return iter(self._targets.values())

    @property
    def versions(self) -> tuple[str, ...]:
        """The versions that have a route of their own."""
        return tuple(version for version in self._targets if version is not None)

    def follow(self, document: RoutesDocument | None) -> None:
        """Go by this document from now on. Targets that stay keep what was learnt; others end when their calls have."""
        wanted: dict[str | None, str] = (
            {route.model_version: route.url for route in document.routes} if document else {}
        )
        wanted = wanted or {None: self._plain_url}
        kept = {
            version: target
            for version, target in self._targets.items()
            if (wanted.get(version) or "").rstrip("/") == target.upstream.url
        }
        for version, target in self._targets.items():
            if version not in kept:
                self._retire(target)
        self._targets = {version: kept.get(version) or self._make(url, version) for version, url in wanted.items()}
        self._document = document
        metrics.ROUTE_PERCENT.clear()
        for route in document.routes if document else ():
            metrics.ROUTE_PERCENT.labels(route.model_version).set(route.percent)

    def chosen(self, model_version: str | None, disabled: AbstractSet[str]) -> Target | None:
        """The target of a request for this version, or for any; None where an operator has switched it off.

        Raises:
            ModelVersionNotFound: the version has no route.
        """
        if self._document is None:
            return None if model_version in disabled else self._targets[None]
        if model_version is None:
            route = drawn(self._document.routes, disabled, self._random)
            return self._targets[route.model_version] if route else None
        if model_version not in self._targets:
            served = ", ".join(self.versions)
            raise ModelVersionNotFound(f"This version is not served here; served are: {served}.")
        return None if model_version in disabled else self._targets[model_version]

    def shadows(self, answering: Target, flag_percent: float | None) -> list[tuple[Target, float]]:
        """The targets that get copies of what this one answers, each with its percent, which a flag may say anew.

        A version that the routes document gives no copies gets none by a flag: nobody has let it see callers' texts.
        """
        routes = self._document.routes if self._document else ()
        return [
            (self._targets[route.model_version], route.shadow_percent if flag_percent is None else flag_percent)
            for route in routes
            if route.shadow_percent and route.model_version != answering.model_version
        ]

    def route_of(self, model_version: str) -> Route | None:
        """The route of this version by the present document, None where it has none."""
        return self._document.route_of(model_version) if self._document else None

    async def aclose(self) -> None:
        """Close every target, retiring ones too."""
        for task in self._retiring:
            task.cancel()
        await asyncio.gather(*self._retiring, return_exceptions=True)
        await asyncio.gather(*(target.aclose() for target in self))

    def _retire(self, target: Target) -> None:
        task = asyncio.create_task(self._close_later(target))
        self._retiring.add(task)
        task.add_done_callback(self._retiring.discard)

    async def _close_later(self, target: Target) -> None:
        try:
            await asyncio.sleep(self._retire_seconds)
        finally:
            await target.aclose()
