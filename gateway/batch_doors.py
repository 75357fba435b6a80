"""The doors of batch work: events in at `/events`, and what became of them at `/jobs…` and `/quarantine…`."""

from gateway.paths import Route
from gateway.relay import Relay
from gateway.settings import GatewaySettings
from summit_inference.v2_limits import Limits


class BatchDoors:
    """Those that the settings open."""

    def __init__(self, settings: GatewaySettings, limits: Limits) -> None:
        seconds = settings.batch_timeout_seconds
        self._sink = Relay(settings.events_sink_url, limits, seconds) if settings.events_sink_url else None
        self._eventing = Relay(settings.eventing_url, limits, seconds) if settings.eventing_url else None

    @property
    def routes(self) -> dict[str, dict[str, Route]]:
        """Those of one path."""
        return {"/events": {"POST": self._sink.to_url}} if self._sink else {}

    @property
    def below(self) -> dict[str, Route]:
        """Those of a path and all below it."""
        return dict.fromkeys(("/jobs", "/quarantine"), self._eventing.to_path) if self._eventing else {}

    async def aclose(self) -> None:
        """Close every connection."""
        for relay in (self._sink, self._eventing):
            if relay:
                await relay.aclose()
