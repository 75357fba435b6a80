"""MLflow's model registry in a database on this machine, through mlflow's own client: no server has to run."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from registry.quiet_mlflow import quiet_mlflow
from registry.store import RegisteredVersion, with_aliases
from summit_inference.errors import UpstreamBroken

_ABSENT = frozenset({"RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE"})


class EmbeddedStore:
    """A `VersionStore` over a database. The first one on a machine makes the tables, which takes seconds."""

    def __init__(self, tracking_uri: str) -> None:
        self._client = quiet_mlflow().MlflowClient(tracking_uri)

    def by_number(self, name: str, version: str) -> RegisteredVersion | None:
        with _absent_is_none():
            return _registered(self._client.get_model_version(name, version))
        return None

    def by_alias(self, name: str, alias: str) -> RegisteredVersion | None:
        with _absent_is_none():
            return _registered(self._client.get_model_version_by_alias(name, alias))
        return None

    def all_versions(self, name: str) -> tuple[RegisteredVersion, ...]:
        found = self._client.search_model_versions(f"name='{name}'", max_results=10_000)
        aliases = self._client.get_registered_model(name).aliases if found else {}
        return with_aliases([_registered(version) for version in found], {key: str(aliases[key]) for key in aliases})

    def source(self, name: str, version: str) -> str:
        return str(self._client.get_model_version_download_uri(name, version))

    def set_alias(self, name: str, alias: str, version: str) -> None:
        self._client.set_registered_model_alias(name, alias, version)

    def delete_alias(self, name: str, alias: str) -> None:
        self._client.delete_registered_model_alias(name, alias)


@contextmanager
def _absent_is_none() -> Iterator[None]:
    """Leave the block where mlflow knows no such thing."""
    from mlflow.exceptions import MlflowException  # noqa: PLC0415 - takes seconds

    try:
        yield
    except MlflowException as error:
        if error.error_code not in _ABSENT:
            raise UpstreamBroken("the registry's database failed; look into its file and permissions") from error


def _registered(version: Any) -> RegisteredVersion:
    return RegisteredVersion(
        version.name, str(version.version), version.run_id or None, dict(version.tags), tuple(version.aliases)
    )
