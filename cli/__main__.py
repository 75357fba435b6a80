"""`summit NOUN VERB`: parses, calls, and turns errors into a line and an exit status."""

import argparse
import sys
from collections.abc import Sequence

from cli import extract, flags, job, load, model, quarantine, rollout, smoke, up
from cli.settings import CliSettings
from cli.terminal import fail
from summit_inference import __version__
from summit_inference.errors import CallerError, ConfigurationError, SummitError

_FAILED, _USAGE, _INTERRUPTED = 1, 2, 130


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command. Returns 0 for done, 1 for failed, 2 for a wrong request, 130 where Ctrl-C ended it."""
    options = _parser().parse_args(argv)
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


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="summit", description="Entity extraction as a service.")
    parser.add_argument("--version", action="version", version=f"summit-inference {__version__}")
    verbs = parser.add_subparsers(required=True, metavar="COMMAND")
    for module in (up, extract, smoke, job, quarantine, load, model, rollout, flags):
        module.add_arguments(verbs)
    return parser


if __name__ == "__main__":
    sys.exit(main())
