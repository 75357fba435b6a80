"""What each key has used of its limits: requests in flight, and rate. Kept by name, so that it outlives a reload."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from gateway.keys import Key
from gateway.rate import Rate
from summit_inference.deadline import Clock
from summit_inference.errors import Throttled


class Quotas:
    """The use of all keys."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._in_flight: Counter[str] = Counter()
        self._rates: dict[str, Rate] = {}

    @contextmanager
    def within(self, key: Key) -> Iterator[None]:
        """Count the body as one request of the key.

        Raises:
            Throttled: it is one too many.
        """
        if key.concurrency is not None and self._in_flight[key.name] >= key.concurrency:
            raise Throttled(f"This key may have {key.concurrency} requests in flight at once; wait for one to end.")
        if key.requests_per_second is not None:
            self._take(key, key.requests_per_second)
        self._in_flight[key.name] += 1
        try:
            yield
        finally:
            self._in_flight[key.name] -= 1

    def _take(self, key: Key, per_second: float) -> None:
        rate = self._rates.get(key.name)
        if rate is None or rate.per_second != per_second:
            rate = self._rates[key.name] = Rate(per_second, self._clock)
        if seconds := rate.seconds_until_free():
            raise Throttled(f"This key may send {per_second:g} requests a second.", retry_after_seconds=seconds)
        rate.take()
