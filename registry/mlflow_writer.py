"""What is written to MLflow, through its own client. Publishing alone comes here: readers use `store.py`."""

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from registry.digests import file_digests
from registry.publish_order import PublishOrder
from registry.quiet_mlflow import mlflow_at
from registry.safety import check_safe
from registry.store import Connection
from registry.transformers_flavor import CheckedTransformersFlavor, token_classification_pipeline
from summit_inference.errors import UpstreamBroken

_REQUIREMENTS = ("transformers", "torch", "safetensors")
"""Stated, since mlflow would load the model in another process to find them out."""


@dataclass(frozen=True, slots=True)
class LoggedRun:
    """A run of MLflow with its one model."""

    run_id: str
    model_id: str
    artifact_uri: str
    files: Mapping[str, str]
    """Relative path → sha256, taken before the files left this machine."""


@contextmanager
def mlflow_writer(connection: Connection) -> Iterator["MlflowWriter"]:
    """A writer to the registry.

    Raises:
        UpstreamBroken: mlflow failed inside the block.
    """
    with mlflow_at(connection) as mlflow:
        try:
            yield MlflowWriter(mlflow, connection)
        except mlflow.MlflowException as error:
            raise UpstreamBroken(f"MLflow refused to store the model: {error.message}") from error


class MlflowWriter:
    """Logs and registers, at the tracking URI that `mlflow_writer` has set."""

    def __init__(self, mlflow: Any, connection: Connection) -> None:
        self._mlflow = mlflow
        self._client = mlflow.MlflowClient()
        self._connection = connection

    @contextmanager
    def run(self, order: PublishOrder) -> Iterator[LoggedRun]:
        """A run that holds the order's model, parameters and metrics; it counts as failed if the block raises."""
        with self._mlflow.start_run(experiment_id=self._experiment(order.name), run_name=order.semver) as run:
            self._mlflow.log_params(dict(order.params))
            model, files = self._log_model(order)
            self._mlflow.log_metrics(dict(order.metrics), model_id=model.model_id)
            yield LoggedRun(run.info.run_id, model.model_id, model.artifact_path, files)

    def stored_digests(self, artifact_uri: str) -> dict[str, str]:
        """The digests of what the artifact store returns.

        Raises:
            ArtifactError: a file is of a kind that is not served.
        """
        with tempfile.TemporaryDirectory() as folder:
            directory = Path(self._mlflow.artifacts.download_artifacts(artifact_uri=artifact_uri, dst_path=folder))
            check_safe(directory)
            return file_digests(directory)

    def register(self, order: PublishOrder, run: LoggedRun, tags: Mapping[str, str]) -> str:
        """The number of the new version. Its tags are there from its first moment."""
        if not self._client.search_registered_models(f"name='{order.name}'"):
            self._client.create_registered_model(order.name)
        created = self._client.create_model_version(
            order.name,
            source=run.artifact_uri,
            run_id=run.run_id,
            model_id=run.model_id,
            tags=dict(tags),
            description=order.description or None,
        )
        return str(created.version)

    def tag(self, name: str, version: str, tags: Mapping[str, str]) -> None:
        """Set tags of a version."""
        for key, value in tags.items():
            self._client.set_model_version_tag(name, version, key, value)

    def _experiment(self, name: str) -> str:
        """The id of the experiment that has the model's name. Without a server, artifacts go beside the database."""
        found = self._client.get_experiment_by_name(name)
        if found is not None:
            return str(found.experiment_id)
        database = self._connection.tracking_uri.removeprefix("sqlite:///")
        location = None if self._connection.is_served else (Path(database).parent / "artifacts" / name).absolute()
        return str(self._client.create_experiment(name, artifact_location=location and str(location)))

    def _log_model(self, order: PublishOrder) -> tuple[Any, dict[str, str]]:
        """What mlflow says of the logged model, and the digests of its files, taken before they left this machine."""
        from mlflow.models import Model, ModelSignature  # noqa: PLC0415 - see `mlflow_at`
        from mlflow.types import ColSpec, DataType, Schema  # noqa: PLC0415

        text = Schema([ColSpec(DataType.string)])
        flavor = CheckedTransformersFlavor(self._mlflow.transformers, order)
        logged = Model.log(
            artifact_path=None,
            name="model",
            flavor=flavor,
            flavor_name="transformers",
            transformers_model=token_classification_pipeline(order),
            signature=ModelSignature(inputs=text, outputs=text),
            pip_requirements=[f"{package}=={version(package).partition('+')[0]}" for package in _REQUIREMENTS],
        )
        return logged, flavor.digests
