"""The registry that commands speak to: what is set, else the platform of this machine, running or not."""

from dataclasses import replace

from cli.health import is_ready
from cli.here import plan_here
from cli.settings import CliSettings
from cli.stores import FileStores
from registry.settings import RegistrySettings
from registry.store import Connection


def registry_here(settings: CliSettings) -> Connection:
    """MLFLOW_TRACKING_URI with its credentials; where it is not set, this machine's MLflow, or its database."""
    connection = RegistrySettings.load().connection()
    if connection.tracking_uri:
        return connection
    plan = plan_here(settings)
    plan.home.make()
    is_served = plan.home.is_full or is_ready(plan.always()[0])
    return replace(connection, tracking_uri=plan.mlflow_url if is_served else FileStores(plan.home).mlflow_database)
