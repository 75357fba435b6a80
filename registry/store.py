"""The registry behind one protocol, whether a server answers for it or only a database is there."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

from summit_inference.errors import InvalidRequest


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
