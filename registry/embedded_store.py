"""MLflow's model registry in a database on this machine, through mlflow's own client: no server has to run."""

from collections.abc import Callable
from typing import Any, TypeVar

from registry.quiet_mlflow import quiet_mlflow
from registry.store import RegisteredVersion, alias_refusal, with_aliases
from summit_inference.errors import UpstreamBroken

Answer = TypeVar("Answer")

_MAX_VERSIONS = 10_000
_ABSENT = frozenset({"RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE"})


class EmbeddedStore:
    """A `VersionStore` over a database. The first one on a machine makes the tables, which takes seconds."""

    def __init__(self, tracking_uri: str) -> None:
        mlflow = quiet_mlflow()
        self._exception: type[Any] = mlflow.MlflowException
        self._client = mlflow.MlflowClient(tracking_uri)

    def by_number(self, name: str, version: str) -> RegisteredVersion | None:
        return self._asked(lambda: _registered(self._client.get_model_version(name, version)))

    def by_alias(self, name: str, alias: str) -> RegisteredVersion | None:
        return self._asked(lambda: _registered(self._client.get_model_version_by_alias(name, alias)))

    def all_versions(self, name: str) -> tuple[RegisteredVersion, ...]:
        return self._asked(lambda: self._versions(name)) or ()

    def source(self, name: str, version: str) -> str:
        return self._asked(lambda: str(self._client.get_model_version_download_uri(name, version))) or ""

    def set_alias(self, name: str, alias: str, version: str) -> None:
        if not self._asked(lambda: self._client.set_registered_model_alias(name, alias, version) is None):
            raise alias_refusal(name, alias, version)

    def delete_alias(self, name: str, alias: str) -> None:
        self._asked(lambda: self._client.delete_registered_model_alias(name, alias))

    def _versions(self, name: str) -> tuple[RegisteredVersion, ...]:
        found = self._client.search_model_versions(f"name='{name}'", max_results=_MAX_VERSIONS)
        aliases = self._client.get_registered_model(name).aliases if found else {}
        return with_aliases([_registered(version) for version in found], {key: str(aliases[key]) for key in aliases})

    def _asked(self, question: Callable[[], Answer]) -> Answer | None:
        """The answer to the question; None if the registry knows no such thing."""
        try:
            return question()
        except self._exception as error:
            if error.error_code in _ABSENT:
                return None
            raise UpstreamBroken("the registry's database failed; look into its file and permissions") from error


def _registered(version: Any) -> RegisteredVersion:
    return RegisteredVersion(
        version.name, str(version.version), version.run_id or None, dict(version.tags), tuple(version.aliases)
    )
