"""The model versions that the project ships with, brought into a registry, and from there to this machine's disk."""

import tempfile
from pathlib import Path

from cli.home import Home
from cli.platform import MODEL_NAME
from cli.terminal import step
from registry.download import download
from registry.publish_order import PublishOrder
from registry.reference import ModelReference
from registry.resolve import resolve, with_semver
from registry.selector import CHAMPION
from registry.store import Connection, VersionStore
from registry.stores import open_store
from training.shipped import SHIPPED, ShippedVersion


def publish_missing(connection: Connection) -> None:
    """Register every shipped version that the registry lacks; the newest becomes champion where there is none."""
    with open_store(connection) as store:
        registered = store.all_versions(MODEL_NAME)
        missing = [shipped for shipped in SHIPPED if not with_semver(registered, shipped.semver)]
        for shipped in missing:
            with step(f"publishing {MODEL_NAME} {shipped.semver} (once; merges the adapter into its base)"):
                _publish(shipped, connection)
        if store.by_alias(MODEL_NAME, CHAMPION) is None:
            _make_champion(store, SHIPPED[-1])


def champion(connection: Connection) -> ModelReference:
    """The version that shall serve."""
    with open_store(connection) as store:
        return resolve(store, MODEL_NAME, CHAMPION)


def fetched(
    connection: Connection, home: Home, name: str = MODEL_NAME, selector: str = CHAMPION
) -> tuple[ModelReference, Path]:
    """A version, by default the one that serves, and its verified files on this machine."""
    with open_store(connection) as store:
        reference = resolve(store, name, selector)
    return reference, download(reference, home.models / reference.name / reference.version, connection)


def merged(shipped: ShippedVersion, directory: Path) -> Path:
    """The shipped version as a standard model directory."""
    from training.adapter import merge  # noqa: PLC0415 - imports torch

    merge(shipped.file, directory)
    return directory


def order(shipped: ShippedVersion, directory: Path, alias: str | None = None) -> PublishOrder:
    """What is published of a shipped version."""
    card = shipped.card()
    return PublishOrder(
        name=MODEL_NAME,
        directory=directory,
        semver=shipped.semver,
        metrics=shipped.metrics(),
        params={key: str(value) for key, value in card["recipe"].items()},
        licence="apache-2.0",
        data_licences=card["data_licences"],
        int8_f1_loss=card.get("int8_f1_loss"),
        alias=alias,
        description=card["description"],
    )


def _publish(shipped: ShippedVersion, connection: Connection) -> None:
    from registry.publish import publish  # noqa: PLC0415 - imports mlflow, which takes seconds

    with tempfile.TemporaryDirectory(prefix="summit-") as scratch:
        publish(order(shipped, merged(shipped, Path(scratch) / "model")), connection)


def _make_champion(store: VersionStore, shipped: ShippedVersion) -> None:
    (version,) = with_semver(store.all_versions(MODEL_NAME), shipped.semver)
    store.set_alias(MODEL_NAME, CHAMPION, version.version)
