"""The newest shipped version, merged into a directory that every server of a benchmark loads."""

from pathlib import Path

from bench.environments import CACHE
from training import adapter

_VERSIONS = Path(adapter.__file__).parent / "versions"


def shipped(cache: Path = CACHE) -> Path:
    """A plain Hugging Face directory in `cache`, written anew."""
    newest = max(_VERSIONS.glob("v*.safetensors"), key=lambda path: int(path.stem[1:]))
    directory = cache / "model"
    adapter.merge(newest, directory)
    return directory
