"""What people see: steps on standard error, data on standard output. Readable without colour."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console

console = Console(stderr=True, highlight=False)


@contextmanager
def step(what: str) -> Iterator[None]:
    """Show that `what` is going on, then that it is done and how long it took."""
    began = time.monotonic()
    if console.is_terminal:
        with console.status(f"{what} …"):
            yield
    else:
        console.print(f"  … {what}", soft_wrap=True)
        yield
    console.print(f"  [green]✓[/green] {what} ({time.monotonic() - began:.1f} s)", soft_wrap=True)


def say(text: str) -> None:
    """One line for people."""
    console.print(text, soft_wrap=True, markup=False)


def put(line: str) -> None:
    """One line of data."""
    sys.stdout.write(line + "\n")


def fail(message: str, hint: str = "") -> None:
    """What went wrong and, where there is more to say, what to do."""
    sys.stderr.write(f"error: {message.rstrip('.')}\n")
    if hint:
        sys.stderr.write(f"hint: {hint}\n")
