"""The newest shipped version, merged into a directory that every server of a benchmark loads."""

from pathlib import Path

from transformers.utils import logging as transformers_logging

from bench.environments import CACHE
from training import adapter
from training.shipped import SHIPPED


def shipped(cache: Path = CACHE) -> Path:
    """A plain Hugging Face directory in `cache`, written anew."""
    transformers_logging.disable_progress_bar()
    directory = cache / "model"
    adapter.merge(SHIPPED[-1].file, directory)
    return directory
