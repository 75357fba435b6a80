"""The registry that commands speak to: what is set, else the platform of this machine, running or not."""

from dataclasses import replace

from cli.health import is_ready
from cli.home import Home, Ports
from cli.platform import Plan
from cli.settings import CliSettings
from registry.settings import RegistrySettings
from registry.store import Connection


def registry_here(settings: CliSettings) -> Connection:
    """MLFLOW_TRACKING_URI with its credentials; where it is not set, this machine's MLflow, or its database."""
    connection = RegistrySettings.load().connection()
    if connection.tracking_uri:
        return connection
    home = Home(settings.home.expanduser().absolute())
    home.make()
    plan = Plan(home, Ports(settings.port_offset))
    is_served = is_ready(plan.always()[0])
    return replace(connection, tracking_uri=plan.mlflow_url if is_served else plan.mlflow_database)
