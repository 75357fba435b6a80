"""Model versions on this machine's disk, for processes that load one by its name."""

import logging
from pathlib import Path

from embedded.extractor import QUEUE_TOKENS, Extractor
from predictor.settings import PredictorSettings
from registry.settings import RegistrySettings
from registry.storage_initializer import initialize
from registry.storage_uri import StorageUri

_log = logging.getLogger(__name__)


def open_version(models: Path, name: str, version: str, *, cores: int | None = None) -> Extractor:
    """The extractor of `<models>/<name>/<version>`, which is fetched from the registry where it is not there.

    `cores` are those that it computes with on a CPU; None: all of the container's.

    Raises:
        ArtifactError: the directory holds another version, or one that can't be served.
        SummitError: as `initialize`.
    """
    directory = models / name / version
    if not directory.is_dir():
        initialize(StorageUri.parse(f"mlflow://{name}/{version}"), directory, RegistrySettings.load(), _log.info)
    settings = PredictorSettings(queue_tokens=QUEUE_TOKENS, lanes=cores)
    return Extractor.open(directory, settings, expected_version=version)
