"""A value that others change while the gateway runs: flags, routes, keys. Read again and again; the last one counts.

A change takes effect within the interval. An outage of where it is read from changes nothing: the last value stays, the
outage is logged when it begins and when it ends, and every failed read is counted.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

from summit_inference.errors import ConfigurationError
from summit_inference.metrics import WATCH_FAILURES

_log = logging.getLogger(__name__)

_Value = TypeVar("_Value")


class Watched(Generic[_Value]):
    """The last value that `read` gave; `initial` until then."""

    def __init__(
        self,
        name: str,
        read: Callable[[], Awaitable[_Value]],
        initial: _Value,
        on_change: Callable[[_Value, _Value], None] = lambda _before, _after: None,
    ) -> None:
        self.value = initial
        self._name = name
        self._read = read
        self._on_change = on_change
        self._is_failing = False

    async def refresh(self) -> None:
        """Read once. What cannot be read, or be used, is logged and left."""
        try:
            value = await self._read()
            if value != self.value:
                self._on_change(self.value, value)
                self.value = value
        except (OSError, ConfigurationError) as error:
            WATCH_FAILURES.labels(self._name).inc()
            if not self._is_failing:
                _log.warning("watch failing, the last value stays", extra={"watch": self._name, "cause": str(error)})
            self._is_failing = True
        else:
            if self._is_failing:
                _log.info("watch recovered", extra={"watch": self._name})
            self._is_failing = False

    async def follow(self, interval_seconds: float) -> None:
        """Refresh until cancelled."""
        while True:
            await asyncio.sleep(interval_seconds)
            await self.refresh()
