"""`GET /state`: what this gateway knows at this moment, for the page and for people with curl.

One gateway's own view: of several, each tells its own. What lasts is in the metrics.
"""

from pydantic import BaseModel, ConfigDict, Field

from gateway.breaker import State
from gateway.degrade import Standing
from gateway.dispatch import Dispatcher
from gateway.settings import GatewaySettings
from gateway.tally import WINDOW_SECONDS, Tally, Traffic
from gateway.target import Target, Targets
from gateway.watches import Watches
from serving.drain import Drain
from summit_inference import __version__
from summit_inference.http_message import HttpResponse, Receive, Scope


class _Message(BaseModel):
    model_config = ConfigDict(frozen=True, use_attribute_docstrings=True)


class LatencyState(_Message):
    """Milliseconds from a request's arrival to its answer, of the model or of the fallback."""

    p50: float
    p95: float
    p99: float


class TrafficState(_Message):
    """Requests of the last `window_seconds`."""

    requests: int = Field(ge=0)
    outcomes: dict[str, int]
    """model, degraded, refused, caller_error, error."""
    latency_ms: LatencyState | None
    """null where nothing was answered."""


class VersionState(_Message):
    """One model version, as this gateway sees it."""

    model_version: str
    """The MLflow model version; "" where requests went to no version that is known."""
    percent: int | None
    """Share of the requests by the routes document; null where it has no route."""
    shadow_percent: int
    standing: Standing | None
    """Whether it is ready, as far as its answers tell; null where it has no route."""
    breaker: State | None
    is_disabled: bool
    """By a flag."""
    live: TrafficState
    batch: TrafficState


class QueueState(_Message):
    """Requests that wait for a model."""

    in_flight: int = Field(ge=0)
    limit: int
    """From here on the fallback answers, or the caller is refused."""


class GatewayState(_Message):
    """The answer of `GET /state`."""

    gateway_version: str
    model_name: str
    is_draining: bool
    window_seconds: float
    versions: list[VersionState]
    queue: QueueState
    flags: dict[str, str]
    """Those that are set, and can be used."""


class StateRoute:
    """The route, over the parts that know."""

    def __init__(  # noqa: PLR0913 -- all that there is to tell
        self,
        *,
        settings: GatewaySettings,
        targets: Targets,
        tally: Tally,
        watches: Watches,
        dispatcher: Dispatcher,
        drain: Drain,
    ) -> None:
        self._settings = settings
        self._targets = targets
        self._tally = tally
        self._watches = watches
        self._dispatcher = dispatcher
        self._drain = drain

    async def __call__(self, _scope: Scope, _receive: Receive) -> HttpResponse:
        """The state now."""
        return HttpResponse(200, {"content-type": "application/json"}, self._state().model_dump_json().encode())

    def _state(self) -> GatewayState:
        return GatewayState(
            gateway_version=__version__,
            model_name=self._settings.model_name,
            is_draining=self._drain.has_begun,
            window_seconds=WINDOW_SECONDS,
            versions=self._versions(),
            queue=QueueState(in_flight=self._dispatcher.in_flight, limit=self._settings.max_in_flight),
            flags=dict(self._watches.flag_texts),
        )

    def _versions(self) -> list[VersionState]:
        targets = {target.model_version or "": target for target in self._targets}
        names = {*targets, *self._tally.recent_versions()}
        return [self._version(name, targets.get(name)) for name in sorted(names)]

    def _version(self, name: str, target: Target | None) -> VersionState:
        route = self._targets.route_of(name)
        return VersionState(
            model_version=name,
            percent=route.percent if route else None,
            shadow_percent=route.shadow_percent if route else 0,
            standing=target.readiness.standing if target else None,
            breaker=target.breaker.state if target else None,
            is_disabled=name in self._watches.flags.disabled_versions,
            live=_traffic(self._tally.recent(name, is_live=True)),
            batch=_traffic(self._tally.recent(name, is_live=False)),
        )


def _traffic(traffic: Traffic) -> TrafficState:
    quantiles = [traffic.quantile_seconds(share) for share in (0.5, 0.95, 0.99)]
    p50, p95, p99 = (None if each is None else round(each * 1000, 1) for each in quantiles)
    latency = None if p50 is None or p95 is None or p99 is None else LatencyState(p50=p50, p95=p95, p99=p99)
    return TrafficState(
        requests=traffic.requests,
        outcomes={outcome.value: count for outcome, count in traffic.outcomes.items()},
        latency_ms=latency,
    )
