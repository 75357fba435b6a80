"""The gateway out of its parts: from settings to an application, a gRPC server, and what runs beside them."""

import random
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import grpc

from gateway.access import Access
from gateway.batch_doors import BatchDoors
from gateway.breaker import Breaker, BreakerPolicy, State
from gateway.degrade import Patience
from gateway.dispatch import Dispatcher, DispatchLimits
from gateway.edge import App, Edge
from gateway.extract_route import ExtractRoute
from gateway.grpc_edge import GrpcEdge
from gateway.health import Health
from gateway.mirror import Mirror, MirrorLimits
from gateway.openapi import openapi_route
from gateway.page_files import page_routes
from gateway.paths import Paths, Route
from gateway.quota import Quotas
from gateway.readiness import Readiness, WakePolicy
from gateway.rules import Extract, Rules
from gateway.servable import GatewayServable
from gateway.settings import GatewaySettings
from gateway.state import StateRoute
from gateway.tally import Tally
from gateway.target import Target, Targets
from gateway.watches import Watches
from serving.drain import Drain
from summit_inference import __version__, metrics
from summit_inference.client import Upstream
from summit_inference.errors import ConfigurationError
from summit_inference.v2_grpc import generic_handler, server_options
from summit_inference.v2_http import V2App
from summit_inference.v2_limits import Limits

_SERVER_NAME = "summit-gateway"
_CLOCK = time.monotonic
_BREAKER_VALUES = {State.CLOSED: 0.0, State.HALF_OPEN: 0.5, State.OPEN: 1.0}


class Gateway:
    """All parts, made once. To be made within the event loop that serves them.

    Raises:
        ConfigurationError: a setting does not allow the start; an open door to other machines above all.
    """

    def __init__(self, settings: GatewaySettings, extract: Extract) -> None:
        self._settings = settings
        self.drain = Drain()
        self._limits = Limits(
            max_body_bytes=settings.max_body_bytes, body_timeout_seconds=settings.body_timeout_seconds
        )
        self._targets = Targets(settings.upstream_url, self._target, random.random, settings.model_timeout_seconds)
        self._watches = Watches(settings, self._targets.follow)
        if self._watches.ring is None and not settings.is_loopback:
            raise ConfigurationError(
                "Without a key the gateway listens on loopback only: set AI_GATEWAY_TOKEN or GATEWAY_KEYS_FILE, "
                "or GATEWAY_LISTEN_HOST=127.0.0.1."
            )
        self._rules = Rules(extract, settings.fallback_margin_seconds, _CLOCK)
        self._access = Access(lambda: self._watches.ring, Quotas(_CLOCK))
        self._tally = Tally(_CLOCK)
        self._mirror = self._make_mirror()
        self._dispatcher = self._make_dispatcher()
        self._batch = BatchDoors(settings, self._limits)
        self._servables = {
            settings.model_name: GatewayServable(
                settings.model_name, self._dispatcher, lambda: self._targets.versions, lambda: self.drain.has_begun
            )
        }

    def http_app(self) -> App:
        """The application of the main port."""
        settings = self._settings
        health = Health(self._targets, self.drain)
        extract = ExtractRoute(self._dispatcher, settings.model_name, self._limits, _CLOCK)
        routes: dict[str, dict[str, Route]] = {
            "/extract": {"POST": extract},
            "/health": {"GET": health.live},
            "/ready": {"GET": health.ready},
            "/state": {"GET": self._state_route()},
            "/openapi.json": {"GET": openapi_route},
            **page_routes(),
            **self._batch.routes,
        }
        if settings.metrics_on_main_port:
            routes["/metrics"] = {"GET": health.metrics}
        v2 = V2App(self._servables, server_name=_SERVER_NAME, server_version=__version__, limits=self._limits)
        return Edge(Paths(routes, v2, self._batch.below), self._access, self._tally, _CLOCK)

    def grpc_server(self) -> grpc.aio.Server:
        """The server of the gRPC port, bound and not started.

        Raises:
            ConfigurationError: another process has the port.
        """
        server = grpc.aio.server(
            interceptors=[GrpcEdge(self._access, self._tally, _CLOCK)],
            options=[*server_options(self._limits), ("grpc.so_reuseport", 0)],  # a port that is taken shall be an error
        )
        handler = generic_handler(
            self._servables, server_name=_SERVER_NAME, server_version=__version__, limits=self._limits
        )
        server.add_generic_rpc_handlers([handler])
        address = f"{self._settings.listen_host}:{self._settings.grpc_port}"
        try:
            server.add_insecure_port(address)
        except RuntimeError as error:
            raise ConfigurationError(
                f"port {self._settings.grpc_port} cannot be opened: another process has it"
            ) from error
        return server

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """What runs beside the ports: entered before they open, left when they are closed."""
        self._rules.calibrate()
        async with self._watches.following():
            try:
                yield
            finally:
                await self._mirror.aclose()
                await self._targets.aclose()
                await self._batch.aclose()

    def _state_route(self) -> StateRoute:
        return StateRoute(
            settings=self._settings,
            targets=self._targets,
            tally=self._tally,
            watches=self._watches,
            dispatcher=self._dispatcher,
            drain=self.drain,
        )

    def _make_mirror(self) -> Mirror:
        settings = self._settings
        limits = MirrorLimits(
            max_in_flight=settings.shadow_max_in_flight,
            busy_in_flight=settings.shadow_busy_in_flight,
            timeout_seconds=settings.shadow_timeout_seconds,
            is_text_logged=settings.shadow_log_texts,
        )
        return Mirror(limits, random.random, _CLOCK)

    def _make_dispatcher(self) -> Dispatcher:
        settings = self._settings
        return Dispatcher(
            targets=self._targets,
            rules=self._rules,
            flags=lambda: self._watches.flags,
            patience=Patience(
                ask_seconds=settings.model_timeout_seconds,
                cold_wait_seconds=settings.cold_wait_seconds,
                cold_start_seconds=settings.cold_start_seconds,
                probe_seconds=settings.probe_seconds,
            ),
            limits=DispatchLimits(
                max_texts=settings.max_texts,
                max_characters=settings.max_characters,
                max_in_flight=settings.max_in_flight,
                slow_seconds=settings.breaker_slow_seconds,
            ),
            mirror=self._mirror,
            clock=_CLOCK,
        )

    def _target(self, url: str, model_version: str | None) -> Target:
        settings = self._settings
        upstream = Upstream(
            url,
            connect_timeout_seconds=settings.connect_timeout_seconds,
            timeout_seconds=settings.model_timeout_seconds + 1,  # of a call's two limits, the deadline shall come first
            max_connections=settings.max_in_flight + 1,  # one to wake it
            limits=self._limits,
        )
        breaker = Breaker(
            BreakerPolicy(
                error_share=settings.breaker_error_share,
                slow_share=settings.breaker_slow_share,
                minimum_calls=settings.breaker_minimum_calls,
                window_seconds=settings.breaker_window_seconds,
                open_seconds=settings.breaker_open_seconds,
            ),
            _CLOCK,
        )
        readiness = Readiness(
            lambda: upstream.is_ready(settings.model_name, model_version),
            WakePolicy(settings.idle_seconds, settings.wake_interval_seconds, settings.wake_give_up_seconds),
            _CLOCK,
            version_label=model_version or "",
        )
        gauge = metrics.BREAKER_OPEN.labels(model_version or "")
        gauge.set_function(lambda: _BREAKER_VALUES[breaker.state])
        return Target(model_version, upstream, readiness, breaker)
