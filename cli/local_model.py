"""Model versions brought to this machine, for commands that load one themselves."""

from cli.here import plan_here
from cli.platform import MODEL_NAME
from cli.registry_here import registry_here
from cli.settings import CliSettings
from cli.shipping import fetched, publish_missing
from embedded.extractor import Extractor
from registry.selector import CHAMPION


def local_extractor(settings: CliSettings, name: str = MODEL_NAME, selector: str = CHAMPION) -> Extractor:
    """The extractor of one version. On a machine that has published nothing yet, the shipped versions are first."""
    connection = registry_here(settings)
    home = plan_here(settings).home
    if connection.tracking_uri.startswith("sqlite:"):
        publish_missing(connection)
    _, directory = fetched(connection, home, name, selector)
    return Extractor.open(directory)
