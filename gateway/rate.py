"""A rate that may not be exceeded for long: a bucket that refills steadily, and holds what one second brings. Pure."""

from summit_inference.deadline import Clock


class Rate:
    """A bucket of requests."""

    def __init__(self, per_second: float, clock: Clock) -> None:
        self.per_second = per_second
        self._clock = clock
        self._held = self._most if per_second else 0.0
        self._seen_at = clock()

    @property
    def _most(self) -> float:
        return max(1.0, self.per_second)

    def seconds_until_free(self) -> float:
        """How long until the next request may pass; 0 if it may now."""
        now = self._clock()
        self._held = min(self._most, self._held + (now - self._seen_at) * self.per_second)
        self._seen_at = now
        if self._held >= 1:
            return 0.0
        return (1 - self._held) / self.per_second if self.per_second else float("inf")

    def take(self) -> None:
        """Let one request pass; to be called when `seconds_until_free` is 0."""
        self._held -= 1
