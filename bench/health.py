"""How long a server's health route takes, asked ten times a second while something else keeps the server busy."""

import contextlib
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator

_EVERY_SECONDS = 0.1
_TIMEOUT_SECONDS = 30


@contextlib.contextmanager
def probed(url: str) -> Iterator[list[float]]:
    """Milliseconds of every answer, complete when the block has ended. A refusal counts: it came in that time."""
    done, found = threading.Event(), list[float]()
    asking = threading.Thread(target=_probe, args=(url, done, found))
    asking.start()
    try:
        yield found
    finally:
        done.set()
        asking.join()


def _probe(url: str, done: threading.Event, found: list[float]) -> None:
    while not done.wait(_EVERY_SECONDS):
        started = time.perf_counter()
        with contextlib.suppress(urllib.error.URLError):
            urllib.request.urlopen(url, timeout=_TIMEOUT_SECONDS).close()  # noqa: S310 - loopback
        found.append((time.perf_counter() - started) * 1000)
