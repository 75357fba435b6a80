"""`summit NOUN VERB`: parses, calls, and turns errors into a line and an exit status."""

import argparse
import sys
from collections.abc import Sequence
from importlib import import_module

from cli.settings import CliSettings
from cli.terminal import fail
from summit_inference import __version__
from summit_inference.errors import CallerError, ConfigurationError, SummitError

_FAILED, _USAGE, _INTERRUPTED = 1, 2, 130
_MODULES = dict.fromkeys(("up", "status", "down"), "up") | {
    noun: noun for noun in ("extract", "smoke", "job", "quarantine", "load", "model", "rollout", "flags")
}
"""Each command's module. Only that of the one that is called is imported: all together take a second."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command. Returns 0 for done, 1 for failed, 2 for a wrong request, 130 where Ctrl-C ended it."""
    words = sys.argv[1:] if argv is None else argv
    options = _parser(*words[:1]).parse_args(words)
    try:
        return int(options.run(options, CliSettings.load()))
    except SummitError as error:
        fail(error.message)
        return _USAGE if isinstance(error, CallerError | ConfigurationError) else _FAILED
    except KeyboardInterrupt:
        return _INTERRUPTED
    except BrokenPipeError:  # `summit extract … | head`
        sys.stderr.close()
        return _FAILED


def _parser(command: str = "") -> argparse.ArgumentParser:
    """Of one command; of all where it is none."""
    parser = argparse.ArgumentParser(prog="summit", description="Entity extraction as a service.")
    parser.add_argument("--version", action="version", version=f"summit-inference {__version__}")
    verbs = parser.add_subparsers(required=True, metavar="COMMAND")
    called = _MODULES.get(command)
    for module in [called] if called else dict.fromkeys(_MODULES.values()):
        import_module(f"cli.{module}").add_arguments(verbs)
    return parser


if __name__ == "__main__":
    sys.exit(main())
