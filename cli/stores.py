"""Where the platform on one machine keeps what outlives its processes: what each component is told, as environment."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from cli.home import Home


class Stores(Protocol):
    """Each component's part, by its name."""

    @property
    def mlflow(self) -> Mapping[str, str]: ...

    @property
    def gateway(self) -> Mapping[str, str]: ...

    @property
    def eventing(self) -> Mapping[str, str]: ...

    @property
    def rollout(self) -> Mapping[str, str]: ...

    @property
    def redis_url(self) -> str | None:
        """Where flags and routes are; None: in files."""


@dataclass(frozen=True, slots=True)
class FileStores:
    """SQLite, files and the queue in the ledger. An empty variable holds off what the user's environment says."""

    home: Home

    @property
    def mlflow_database(self) -> str:
        """The tracking URI for those who come while no server runs."""
        return f"sqlite:///{self.home.mlflow / 'mlflow.db'}"

    @property
    def mlflow(self) -> Mapping[str, str]:
        return {
            "MLFLOW_BACKEND_STORE_URI": self.mlflow_database,
            "MLFLOW_ARTIFACTS_DESTINATION": str(self.home.mlflow / "artifacts"),
        }

    @property
    def gateway(self) -> Mapping[str, str]:
        return {
            "GATEWAY_ROUTES_FILE": str(self.home.routes),
            "GATEWAY_FLAGS_FILE": str(self.home.flags),
            "REDIS_URL": "",
        }

    @property
    def eventing(self) -> Mapping[str, str]:
        return {
            "EVENTING_RESULTS_URI": self.home.job_results.as_uri(),
            "EVENTING_READABLE_URIS": self.home.job_inputs.as_uri(),
            "EVENTING_AMQP_URL": "",
            "DATABASE_URL": f"sqlite:///{self.home.ledger}",
        }

    @property
    def rollout(self) -> Mapping[str, str]:
        return {"REDIS_URL": ""}

    @property
    def redis_url(self) -> None:
        return None
