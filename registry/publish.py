"""A trained directory becomes a version of a registered model, with the digests of its files.

Runs where models are trained and published, never in a pod: it needs mlflow, which serving processes must not import.
"""

import json
from collections.abc import Mapping
from dataclasses import replace

from registry.artifact import model_in, tokenizer_in
from registry.digests import file_digests, whole_digest
from registry.download import Progress, silent
from registry.mlflow_writer import MlflowWriter, mlflow_writer
from registry.publish_order import PublishOrder
from registry.reference import ModelReference
from registry.resolve import DIGEST_TAG, FILES_TAG, SEMVER_TAG, resolve, with_semver
from registry.safety import check_safe
from registry.selector import Kind, Selector, is_name, written_semver
from registry.sources import allowed_sources, trusted_source
from registry.store import Connection, VersionStore
from registry.stores import open_store
from summit_inference.errors import InvalidRequest

CONTENT_DIGEST_TAG = "content_digest"
"""Of the directory that was published. The version's own never repeats: MLflow adds files with times and ids."""
INT8_F1_LOSS_TAG, INT8_MAPS_TAG = "int8_f1_loss", "int8_maps"
"""What the predictor knows of the version in 8 bits; see `PublishOrder`."""
LICENCE_TAG = "licence"
DATA_LICENCES_TAG = "data_licences"
"""An object, corpus → licence: a corpus has a title, and a tag's name takes few characters."""


def publish(order: PublishOrder, connection: Connection, progress: Progress = silent) -> ModelReference:
    """The version that holds the order's directory: a new one, or the one that has its semver and content already.

    Raises:
        ArtifactError: the directory holds a file that must not be served, or lacks one that is needed, or weights.
        InvalidRequest: a name is of no valid form, or the semver is taken by other files.
        UpstreamError: the registry cannot be reached.
    """
    order = _checked(order)
    content_digest = whole_digest(file_digests(order.directory))
    with open_store(connection) as store:
        version = _published(store, order, content_digest)
        if version is None:
            with mlflow_writer(connection) as writer:
                version = _written(writer, order, content_digest, progress)
        if order.alias is not None:
            store.set_alias(order.name, order.alias, version)
            progress(f"{order.alias} is version {version}")
        return resolve(store, order.name, version)


def seal(name: str, version: str, connection: Connection, progress: Progress = silent) -> ModelReference:
    """The version, logged with mlflow by other means, once its files are checked and their digests stand in its tags.

    Raises:
        ArtifactError: it holds a file that must not be served, or its source is not allowed.
        InvalidRequest: it has digests already, and these stay.
        ModelVersionNotFound: there is no such version.
    """
    with open_store(connection) as store:
        registered = store.by_number(name, version)
        if registered is not None and DIGEST_TAG in registered.tags:
            raise InvalidRequest(
                f"version {version} of {name} has digests already; publish its new files as a new version"
            )
        if registered is not None:
            source = store.source(name, version)
            trusted_source(source, allowed_sources(connection))
            with mlflow_writer(connection) as writer:
                files = writer.stored_digests(source)
                writer.tag(name, version, _digest_tags(files))
            progress(f"sealed {len(files)} files")
        return resolve(store, name, version)


def _checked(order: PublishOrder) -> PublishOrder:
    semver = written_semver(order.semver)
    if semver is None:
        raise InvalidRequest("a semver has three numbers, as in v2.1.0; correct it")
    if not is_name(order.name):
        raise InvalidRequest("a model's name is letters, digits, dots, dashes and underscores, at most 128 of them")
    if order.alias is not None and Selector.parse(order.alias).kind is not Kind.ALIAS:
        raise InvalidRequest("an alias is a word such as candidate, neither a number nor a semver")
    check_safe(order.directory)
    if {model_in(order.directory), tokenizer_in(order.directory)} != {order.directory}:
        raise InvalidRequest(
            "the directory has its files in folders; name one with config.json and tokenizer.json in it"
        )
    return replace(order, semver=semver, directory=order.directory.resolve())


def _published(store: VersionStore, order: PublishOrder, content_digest: str) -> str | None:
    """The number of the version that has the order's semver."""
    for version in with_semver(store.all_versions(order.name), order.semver):
        if version.tags.get(CONTENT_DIGEST_TAG) != content_digest:
            raise InvalidRequest(f"{order.semver} is version {version.version} already, with other files; raise it")
        return version.version
    return None


def _written(writer: MlflowWriter, order: PublishOrder, content_digest: str, progress: Progress) -> str:
    """The number of the version that the order has become."""
    with writer.run(order) as run:
        progress(f"logged {len(run.files)} files as run {run.run_id}")
        return writer.register(order, run, _digest_tags(run.files) | _order_tags(order, content_digest))


def _digest_tags(files: Mapping[str, str]) -> dict[str, str]:
    return {DIGEST_TAG: whole_digest(files), FILES_TAG: json.dumps(files, separators=(",", ":"))}


def _order_tags(order: PublishOrder, content_digest: str) -> dict[str, str]:
    return {
        SEMVER_TAG: order.semver,
        CONTENT_DIGEST_TAG: content_digest,
        LICENCE_TAG: order.licence,
        DATA_LICENCES_TAG: json.dumps(order.data_licences, ensure_ascii=False),
        **_int8_tags(order),
    }


def _int8_tags(order: PublishOrder) -> dict[str, str]:
    if order.int8_f1_loss is None:
        return {}
    maps = {INT8_MAPS_TAG: order.int8_maps} if order.int8_maps else {}
    return {INT8_F1_LOSS_TAG: f"{order.int8_f1_loss:g}", **maps}
