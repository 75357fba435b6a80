"""KServe's storage initializer for `mlflow://`.

`python -m registry.storage_initializer mlflow://summit-extract/3 /mnt/models`, as a ClusterStorageContainer names it.
It runs before a pod's containers, at every cold start, so it imports little.
"""

import argparse
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from registry.download import Progress, download
from registry.mirror import mirrored
from registry.reference import ModelReference
from registry.resolve import resolve
from registry.selector import Kind
from registry.settings import RegistrySettings
from registry.storage_uri import StorageUri
from registry.store import Connection
from registry.stores import open_store
from summit_inference import __version__
from summit_inference.errors import ArtifactError, ConfigurationError, InvalidRequest, SummitError

FAILED = 1
MISUSED = 2


def main(arguments: Sequence[str]) -> int:
    """Fetch what the first argument names into the directory that the second names; the exit status.

    KServe's versions differ in what they append, so further arguments are passed over.
    """
    parser = argparse.ArgumentParser(prog="registry.storage_initializer", description=__doc__)
    parser.add_argument("--version", action="version", version=f"summit-inference {__version__}")
    parser.add_argument("uri", help="mlflow://<model name>/<version>[@sha256:<digest>]")
    parser.add_argument("directory", type=Path, help="where the files go")
    order, _ = parser.parse_known_args(arguments)
    try:
        initialize(StorageUri.parse(order.uri), order.directory, RegistrySettings.load(), _say)
    except (ConfigurationError, InvalidRequest) as error:
        _say(f"error: {error}")
        return MISUSED
    except SummitError as error:
        _say(f"error: {error}")
        return FAILED
    return 0


def initialize(uri: StorageUri, directory: Path, settings: RegistrySettings, progress: Progress) -> ModelReference:
    """The version that the URI names, once its verified files are in `directory`.

    Raises:
        InvalidRequest: the URI names an alias and may not.
        ArtifactError: the version's digest is not the one that the URI pins.
        SummitError: as `resolve`, `mirrored` and `download`.
    """
    started = time.monotonic()
    if not uri.is_exact and not settings.allow_aliases:
        raise InvalidRequest(
            f"the alias {uri.selector.value} may mean another version at each cold start; name the version's number"
        )
    bucket = settings.model_bucket.rstrip("/")
    connection = replace(settings.connection(), allowed_sources=(bucket,)) if bucket else settings.connection()
    reference = _reference(uri, bucket, connection)
    if uri.digest not in {None, reference.digest}:
        raise ArtifactError(f"the digest of version {reference.version} is {reference.digest}; storageUri pins another")
    download(reference, directory, connection, limits=settings.download_limits(), progress=progress)
    progress(f"{reference.name} version {reference.version} is in {directory} after {time.monotonic() - started:.1f} s")
    return reference


def _reference(uri: StorageUri, bucket: str, connection: Connection) -> ModelReference:
    if not bucket:
        with open_store(connection) as store:
            return resolve(store, uri.name, uri.selector.value)
    if uri.selector.kind is not Kind.NUMBER:
        raise InvalidRequest("MODEL_BUCKET knows versions by their number; name the number in storageUri")
    return mirrored(bucket, uri.name, uri.selector.value, connection)


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)  # noqa: T201 - a command's words


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
