"""Files of the repository that no wheel carries, for commands that are run from a checkout."""

from pathlib import Path

from summit_inference.errors import ConfigurationError

_ROOT = Path(__file__).resolve().parents[1]


def of_checkout(path: str) -> Path:
    """The file at this path of the repository.

    Raises:
        ConfigurationError: this is no checkout.
    """
    found = _ROOT / path
    if not found.is_file():
        raise ConfigurationError(f"{path} is in no wheel; run this from a checkout of the project (make up-full)")
    return found
