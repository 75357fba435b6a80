"""How a server's command ends when it can't begin: one line that says what to do, and a status for the supervisor."""

import sys
from collections.abc import Callable

from summit_inference import __version__
from summit_inference.errors import ConfigurationError, SummitError

_FAILED, _USAGE = 1, 2


def run(start: Callable[[], None]) -> None:
    """Run a server's `start` until it returns; with `--version`, say which one it is instead.

    An error of ours goes to standard error without a traceback.

    Exits with 2 where a setting is wrong, which no restart mends, with 1 where something else failed.
    """
    if "--version" in sys.argv[1:]:
        sys.stdout.write(f"summit-inference {__version__}\n")
        return
    try:
        start()
    except SummitError as error:
        sys.stderr.write(f"error: {error.message}\n")
        sys.exit(_USAGE if isinstance(error, ConfigurationError) else _FAILED)
