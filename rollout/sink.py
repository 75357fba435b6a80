"""Where a rollout's events are sent: a sink over HTTP, in structured mode."""

import logging
from collections.abc import Mapping

import httpx

_log = logging.getLogger(__name__)

_TIMEOUT_SECONDS = 5.0


def send(http: httpx.Client, url: str, event: Mapping[str, object]) -> None:
    """Send the event. One that the sink does not take is lost, and logged: a rollout waits for nobody's sink."""
    headers = {"content-type": "application/cloudevents+json"}
    try:
        http.post(url, json=event, headers=headers, timeout=_TIMEOUT_SECONDS).raise_for_status()
    except httpx.HTTPError as error:
        _log.warning("sink failing, an event is lost", extra={"cause": type(error).__name__})
