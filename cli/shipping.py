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
from registry.store import Connection, VersionStore, open_store
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


def champion(connection: Connection, home: Home) -> tuple[ModelReference, Path]:
    """The version that serves, and its verified files on this machine."""
    with open_store(connection) as store:
        reference = resolve(store, MODEL_NAME, CHAMPION)
    return reference, download(reference, home.models / reference.name / reference.version, connection)


def _publish(shipped: ShippedVersion, connection: Connection) -> None:
    from registry.publish import publish  # noqa: PLC0415 - imports mlflow, which takes seconds
    from training.adapter import merge  # noqa: PLC0415 - imports torch

    with tempfile.TemporaryDirectory(prefix="summit-") as scratch:
        directory = Path(scratch) / "model"
        merge(shipped.file, directory)
        publish(_order(shipped, directory), connection)


def _make_champion(store: VersionStore, shipped: ShippedVersion) -> None:
    (version,) = with_semver(store.all_versions(MODEL_NAME), shipped.semver)
    store.set_alias(MODEL_NAME, CHAMPION, version.version)


def _order(shipped: ShippedVersion, directory: Path) -> PublishOrder:
    card = shipped.card()
    return PublishOrder(
        name=MODEL_NAME,
        directory=directory,
        semver=shipped.semver,
        metrics=shipped.metrics(),
        params={key: str(value) for key, value in card["recipe"].items()},
        licence="apache-2.0",
        data_licences=card["data_licences"],
        description=card["description"],
    )
