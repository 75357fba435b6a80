"""Whether the processes of the platform are ready, as they say themselves."""

import socket
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Sequence
from urllib.parse import urlsplit

from cli.service import Service
from summit_inference.errors import ConfigurationError

_POLL_SECONDS = 0.1
_TIMEOUT_SECONDS = 2.0
_DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def is_ready(service: Service) -> bool:
    """Whether the process answers where it tells its readiness. One that listens nowhere is ready."""
    if not service.ready_url:
        return True
    address = urlsplit(service.ready_url)
    if address.scheme == "tcp":
        return _is_open(str(address.hostname), int(address.port or 0))
    try:
        with _DIRECT.open(service.ready_url, timeout=_TIMEOUT_SECONDS) as answer:
            return bool(answer.status == 200)  # noqa: PLR2004
    except OSError:  # urllib's errors are OSErrors
        return False


def _is_open(host: str, port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(_TIMEOUT_SECONDS)
        return probe.connect_ex((host, port)) == 0


def wait_until_ready(services: Sequence[Service], timeout_seconds: float, fault: Callable[[str], str]) -> None:
    """Return once all are ready; `fault` says of a process, by name, why it might not be.

    Raises:
        ConfigurationError: one is not, in time.
    """
    until = time.monotonic() + timeout_seconds
    waiting = list(services)
    while waiting := [service for service in waiting if not is_ready(service)]:
        if time.monotonic() > until:
            faults = [f"{service.name} is not ready: {fault(service.name)}" for service in waiting]
            raise ConfigurationError("; ".join(faults))
        time.sleep(_POLL_SECONDS)
