"""Deadlines: an instant by which the caller wants an answer, whichever process computes it.

On the wire a deadline is the time that is left (`X-Request-Timeout-Ms`, a gRPC timeout), since clocks of machines
differ; inside a process it is an instant on the monotonic clock, so that waiting uses it up.
"""

import re
import time
from collections.abc import Callable
from dataclasses import dataclass

from summit_inference.errors import DeadlineExceeded, InvalidRequest

HEADER = "x-request-timeout-ms"
_MILLISECONDS = re.compile(r"0{0,3}[1-9][0-9]{0,11}", re.ASCII)

Clock = Callable[[], float]
"""Seconds that only grow, such as `time.monotonic`."""


@dataclass(frozen=True, slots=True)
class Deadline:
    """An instant, in seconds of `clock`."""

    at: float
    clock: Clock = time.monotonic

    @classmethod
    def after(cls, seconds: float, clock: Clock = time.monotonic) -> "Deadline":
        """The instant that is `seconds` from now."""
        return cls(clock() + seconds, clock)

    @classmethod
    def from_header(cls, value: str | None, clock: Clock = time.monotonic) -> "Deadline | None":
        """What `X-Request-Timeout-Ms` says; None where the caller sent none and will wait.

        Raises:
            InvalidRequest: the value is not a positive whole number of milliseconds.
        """
        if value is None:
            return None
        if not _MILLISECONDS.fullmatch(value):
            raise InvalidRequest("X-Request-Timeout-Ms must be a positive whole number of milliseconds, such as 300.")
        return cls.after(int(value) / 1000, clock)

    def remaining_seconds(self) -> float:
        """Seconds that are left; below 0 when it is over."""
        return self.at - self.clock()

    def as_header(self) -> str:
        """What is left, for the next hop: at least 1 ms, since 0 is no deadline."""
        return str(max(1, int(self.remaining_seconds() * 1000)))

    def check(self) -> None:
        """Do nothing while there is time.

        Raises:
            DeadlineExceeded: there is none left.
        """
        if self.remaining_seconds() <= 0:
            raise DeadlineExceeded("The time given by the caller is over; allow more with X-Request-Timeout-Ms.")
