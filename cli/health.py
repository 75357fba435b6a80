"""Whether the processes of the platform are ready, as they say themselves."""

import time
import urllib.error
import urllib.request
from collections.abc import Callable, Sequence

from cli.platform import Service
from summit_inference.errors import ConfigurationError

_POLL_SECONDS = 0.1
_TIMEOUT_SECONDS = 2.0
_DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def is_ready(service: Service) -> bool:
    """Whether the process answers 200 where it tells its readiness."""
    try:
        with _DIRECT.open(service.ready_url, timeout=_TIMEOUT_SECONDS) as answer:
            return bool(answer.status == 200)  # noqa: PLR2004
    except OSError:  # urllib's errors are OSErrors
        return False


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
