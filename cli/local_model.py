"""The model for `--local`: the champion of this machine's registry, published first where there is none yet."""

from cli.home import Home
from cli.settings import CliSettings
from cli.shipping import champion, publish_missing
from embedded.extractor import Extractor
from registry.store import Connection


def local_extractor(settings: CliSettings) -> Extractor:
    """The extractor of the champion; the registry is MLFLOW_TRACKING_URI, or the database under SUMMIT_HOME."""
    home = Home(settings.home.expanduser().absolute())
    home.make()
    connection = Connection(settings.tracking_uri or f"sqlite:///{home.mlflow / 'mlflow.db'}")
    if not settings.tracking_uri:
        publish_missing(connection)
    _, directory = champion(connection, home)
    return Extractor.open(directory)
