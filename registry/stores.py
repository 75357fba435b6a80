"""Which store a connection opens: MLflow's REST API where a server runs, its database where none does."""

from collections.abc import Iterator
from contextlib import contextmanager

from registry.store import Connection, VersionStore
from summit_inference.errors import ConfigurationError


@contextmanager
def open_store(connection: Connection) -> Iterator[VersionStore]:
    """The registry at the connection's tracking URI.

    Raises:
        ConfigurationError: the URI is of a kind that is not spoken here.
    """
    if connection.is_served:
        from registry.rest_store import RestStore, rest_client  # noqa: PLC0415 - a database needs no HTTP client

        with rest_client(connection) as client:
            yield RestStore(client)
    elif connection.tracking_uri.startswith("sqlite:///"):
        from registry.embedded_store import EmbeddedStore  # noqa: PLC0415 - imports mlflow, which takes seconds

        yield EmbeddedStore(connection.tracking_uri)
    else:
        raise ConfigurationError(
            "MLFLOW_TRACKING_URI must start with http://, https:// or sqlite:///; set it to the registry"
        )
