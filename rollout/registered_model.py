"""What a rollout asks of the registry, and tells it: one registered model of MLflow, over its REST API."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256

from registry.artifact_files import open_files
from registry.reference import ModelReference
from registry.resolve import resolve
from registry.rest_store import RestStore, rest_client
from registry.run_records import RunRecords
from registry.selector import CHAMPION
from registry.sources import allowed_sources, trusted_source
from registry.store import Connection
from rollout.effects import MoveAlias, PublishReport, TagVersion
from rollout.state import ExactVersion
from rollout.world import Aliases, VersionFacts
from summit_inference.errors import ArtifactError, CallerError, ConfigurationError

CANDIDATE, PREVIOUS = "candidate", "previous"
_TAG_PREFIX = "rollout."
_CONFIGURATIONS = ("config.json", "model/config.json")
_OUTSIDE = "O"


@dataclass(frozen=True, slots=True)
class _Unchanging:
    """What the registry tells of a version and never changes: read once."""

    labels: tuple[str, ...] | None
    scores: Mapping[str, float]


class RegisteredModel:
    """A `ModelRegistry` at a tracking server."""

    def __init__(self, name: str, connection: Connection, store: RestStore, records: RunRecords) -> None:
        self._name = name
        self._connection = connection
        self._store = store
        self._records = records
        self._unchanging: dict[ExactVersion, _Unchanging] = {}

    def aliases(self) -> Aliases:
        named = [self._store.by_alias(self._name, alias) for alias in (CHAMPION, CANDIDATE, PREVIOUS)]
        return Aliases(*(version.version if version else None for version in named))

    def facts(self, version: str) -> VersionFacts:
        try:
            reference = resolve(self._store, self._name, version)
        except (ArtifactError, CallerError) as error:
            return VersionFacts(ExactVersion(version=version), fault=error.message)
        exact = exact_version(reference)
        if exact not in self._unchanging:
            self._unchanging[exact] = _Unchanging(self._labels(reference), self._scores(reference))
        known = self._unchanging[exact]
        tags = {name: value for name, value in reference.tags.items() if name.startswith(_TAG_PREFIX)}
        return VersionFacts(exact, labels=known.labels, scores=known.scores, tags=tags)

    def move_alias(self, effect: MoveAlias) -> None:
        named = self._store.by_alias(self._name, effect.alias)
        if (named.version if named else None) == effect.expected:
            self._store.set_alias(self._name, effect.alias, effect.version)

    def tag_version(self, effect: TagVersion) -> None:
        self._records.tag(self._name, effect.version, dict(effect.tags))

    def publish_report(self, effect: PublishReport, html: str) -> None:
        tags = {"rollout.report_id": effect.rollout_id}
        if effect.version.run_id:
            path = f"rollouts/{effect.rollout_id}.html"
            tags["rollout.report_uri"] = self._records.write(effect.version.run_id, path, html.encode(), "text/html")
        self._records.tag(self._name, effect.version.version, tags)

    def _scores(self, reference: ModelReference) -> Mapping[str, float]:
        return self._records.metrics(reference.run_id) if reference.run_id else {}

    def _labels(self, reference: ModelReference) -> tuple[str, ...] | None:
        """Out of the encoder's configuration, whose digest is checked; None where it does not say."""
        path = next((path for path in _CONFIGURATIONS if path in reference.files), None)
        if path is None:
            return None
        source = trusted_source(reference.source, allowed_sources(self._connection))
        with open_files(source, self._connection) as files:
            content = b"".join(files.chunks(path))
        if sha256(content).hexdigest() != reference.files[path]:
            return None  # whoever loads it refuses it, and says so
        return labels_in(content)


def exact_version(reference: ModelReference) -> ExactVersion:
    """The version that the reference describes."""
    return ExactVersion(version=reference.version, run_id=reference.run_id, digest=reference.digest)


def labels_in(configuration: bytes) -> tuple[str, ...] | None:
    """The labels of an encoder's `config.json`, sorted, without `B-` and `I-`; None where it names none. Pure."""
    try:
        tags = [str(tag) for tag in json.loads(configuration)["id2label"].values()]
    except (ValueError, KeyError, TypeError, AttributeError):
        return None
    return tuple(sorted({tag.rpartition("-")[2] if "-" in tag else tag for tag in tags} - {_OUTSIDE}))


@contextmanager
def registered_model(name: str, connection: Connection) -> Iterator[RegisteredModel]:
    """The model at the connection's server.

    Raises:
        ConfigurationError: it names no server.
    """
    if not connection.is_served:
        raise ConfigurationError("rollouts follow the aliases of an MLflow server; set MLFLOW_TRACKING_URI to it")
    with rest_client(connection) as client:
        yield RegisteredModel(name, connection, RestStore(client), RunRecords(connection, client))
