"""The registry behind one protocol: MLflow's REST API where a server runs, its database where none does."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Protocol

from summit_inference.errors import ConfigurationError, InvalidRequest


@dataclass(frozen=True, slots=True)
class Connection:
    """Where the registry is, and what it takes to speak to it."""

    tracking_uri: str
    """`http(s)://…` of a server, or `sqlite:///…` of a database with no server."""
    username: str = ""
    password: str = field(default="", repr=False)
    token: str = field(default="", repr=False)
    """Goes before user name and password."""
    s3_endpoint_url: str = ""
    """Of an S3 that is not Amazon's."""
    allowed_sources: tuple[str, ...] = ()
    """Prefixes that a version's files may come from; empty means those of `sources.allowed_sources`."""
    timeout_seconds: float = 10.0
    """Of one answer, or of one silence within it."""

    @property
    def is_served(self) -> bool:
        """Whether a server answers for the registry."""
        return self.tracking_uri.startswith(("http://", "https://"))


@dataclass(frozen=True, slots=True)
class RegisteredVersion:
    """What the registry says of one version. Anyone who may write there may have said it."""

    name: str
    version: str
    run_id: str | None
    tags: Mapping[str, str]
    aliases: tuple[str, ...]


def with_aliases(versions: Sequence[RegisteredVersion], aliases: Mapping[str, str]) -> tuple[RegisteredVersion, ...]:
    """The versions, newest first, each with the aliases that name its number: MLflow's search leaves them out."""
    newest_first = sorted(versions, key=lambda version: -int(version.version))
    return tuple(
        replace(version, aliases=tuple(sorted(alias for alias, number in aliases.items() if number == version.version)))
        for version in newest_first
    )


class VersionStore(Protocol):
    """What is asked of the registry. Each method may raise an UpstreamError or a ConfigurationError (credentials)."""

    def by_number(self, name: str, version: str) -> RegisteredVersion | None: ...

    def by_alias(self, name: str, alias: str) -> RegisteredVersion | None: ...

    def all_versions(self, name: str) -> tuple[RegisteredVersion, ...]:
        """Every version of the model with its aliases, newest first; empty for an unknown name."""
        ...

    def source(self, name: str, version: str) -> str:
        """The URI of the version's files."""
        ...

    def set_alias(self, name: str, alias: str, version: str) -> None:
        """Make the alias name the version, whichever it named before.

        Raises:
            InvalidRequest: there is no such version, or MLflow reserves the alias.
        """
        ...

    def delete_alias(self, name: str, alias: str) -> None:
        """Make the alias name nothing."""
        ...


def alias_refusal(name: str, alias: str, version: str) -> InvalidRequest:
    """The error of a `VersionStore` whose registry does not take an alias."""
    return InvalidRequest(
        f"{alias} cannot name version {version} of {name}; take one that exists, and an unreserved alias"
    )


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
