"""A version from the training directory to a pod's volume, at each kind of registry."""

import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file
from servers.registries import Registry

from registry.artifact import open_artifact
from registry.download import download
from registry.publish import publish, seal
from registry.publish_order import PublishOrder
from registry.quiet_mlflow import mlflow_at
from registry.reference import ModelReference
from registry.resolve import resolve
from registry.stores import open_store
from summit_inference.errors import ArtifactError, InvalidRequest, ModelNotFound, ModelVersionNotFound

pytestmark = pytest.mark.filterwarnings("ignore")  # mlflow, sqlalchemy and transformers warn of one another
WEIGHTS = "model/model.safetensors"


@pytest.mark.parametrize("selector", ["1", "champion", "v1.0.0", "1.0.0"])
def test_a_published_version_resolves_by_every_name(
    model_registry: Registry, published: ModelReference, selector: str
) -> None:
    with open_store(model_registry.connection) as store:
        assert resolve(store, "summit-extract", selector) == published


def test_what_does_not_exist_is_answered_with_what_does(model_registry: Registry, published: ModelReference) -> None:
    with open_store(model_registry.connection) as store:
        for selector in ("99", "blessed", "v9.9.9"):
            with pytest.raises(ModelVersionNotFound, match=rf"{published.version} \(v1\.0\.0, champion\)"):
                resolve(store, "summit-extract", selector)
        with pytest.raises(ModelNotFound):
            resolve(store, "never-published", "1")


def test_an_alias_moves_and_goes(model_registry: Registry, published: ModelReference) -> None:
    with open_store(model_registry.connection) as store:
        store.set_alias("summit-extract", "candidate", published.version)
        assert resolve(store, "summit-extract", "candidate") == published
        store.delete_alias("summit-extract", "candidate")
        with pytest.raises(ModelVersionNotFound):
            resolve(store, "summit-extract", "candidate")


@pytest.mark.parametrize(("alias", "version"), [("candidate", "99"), ("latest", "1"), ("v2", "1")])
def test_an_alias_that_mlflow_does_not_take_is_refused(
    model_registry: Registry, published: ModelReference, alias: str, version: str
) -> None:
    with open_store(model_registry.connection) as store:
        with pytest.raises(InvalidRequest, match=f"{alias} cannot name version {version} of summit-extract"):
            store.set_alias(published.name, alias, version)
        store.delete_alias(published.name, "never-set")


def test_what_is_downloaded_is_what_was_trained(
    model_registry: Registry, published: ModelReference, order: PublishOrder, tmp_path: Path
) -> None:
    artifact = open_artifact(download(published, tmp_path / "1", model_registry.connection), expected_version="1")
    trained, served = (
        load_file(folder / "model.safetensors") for folder in (order.directory, artifact.model_directory)
    )
    assert trained.keys() == served.keys()
    assert all(trained[name].equal(served[name]) for name in trained)
    tokenizers = (folder / "tokenizer.json" for folder in (order.directory, artifact.tokenizer_directory))
    assert len({file.read_text() for file in tokenizers}) == 1
    assert artifact.run_id == published.run_id


def test_the_run_says_how_it_was_trained_and_how_good_it_is(
    model_registry: Registry, published: ModelReference
) -> None:
    with mlflow_at(model_registry.connection) as mlflow:
        run = mlflow.MlflowClient().get_run(published.run_id)
    assert run.data.metrics == {"wikigold_test/f1": 0.75, "wikigold_test/f1_PER": 0.875}
    assert run.data.params == {"learning_rate": "1e-3"}
    assert run.info.status == "FINISHED"
    assert {"licence": "apache-2.0", "data_licences": '{"BTC": "CC BY 4.0"}'}.items() <= published.tags.items()
    assert {"int8_f1_loss": "0.25", "int8_maps": "intermediate.dense"}.items() <= published.tags.items()


def test_mlflow_itself_can_load_it(model_registry: Registry, published: ModelReference) -> None:
    with mlflow_at(model_registry.connection) as mlflow:
        pipeline = mlflow.transformers.load_model(f"models:/summit-extract/{published.version}")
    assert pipeline.task == "token-classification"
    assert pipeline.tokenizer("angelas")["input_ids"] == [2, 31, 32, 3]


def test_the_same_content_under_the_same_semver_is_the_same_version(
    model_registry: Registry, published: ModelReference, order: PublishOrder
) -> None:
    assert publish(order, model_registry.connection) == published


@pytest.mark.usefixtures("published")
def test_other_content_under_the_same_semver_is_refused(
    model_registry: Registry, order: PublishOrder, save_model: Callable[[Path], Any], tmp_path: Path
) -> None:
    save_model(tmp_path)
    with pytest.raises(InvalidRequest, match=r"v1\.0\.0 is version 1 already, with other files"):
        publish(replace(order, directory=tmp_path), model_registry.connection)


def test_a_model_without_its_head_is_not_published(
    model_registry: Registry, order: PublishOrder, save_model: Callable[[Path], Any], tmp_path: Path
) -> None:
    save_model(tmp_path).bert.save_pretrained(tmp_path)
    with pytest.raises(ArtifactError, match=r"lacks weights .*classifier"):
        publish(replace(order, name="headless", directory=tmp_path), model_registry.connection)
    with open_store(model_registry.connection) as store:
        assert store.all_versions("headless") == ()


def test_a_tampered_store_is_refused_and_a_mended_one_is_resumed(
    model_registry: Registry, published: ModelReference, tmp_path: Path
) -> None:
    good = (download(published, tmp_path / "good", model_registry.connection) / WEIGHTS).read_bytes()
    model_registry.write(published, WEIGHTS, good[:-1] + bytes([good[-1] ^ 1]))
    try:
        with pytest.raises(ArtifactError, match=f"{WEIGHTS} is not what was published"):
            download(published, tmp_path / "1", model_registry.connection)
    finally:
        model_registry.write(published, WEIGHTS, good)
    assert not (tmp_path / "1").exists()
    steps: list[str] = []
    download(published, tmp_path / "1", model_registry.connection, progress=steps.append)
    assert {f"fetched {WEIGHTS}", "kept MLmodel"} <= set(steps)
    assert open_artifact(tmp_path / "1").version == published.version


def test_a_version_that_mlflow_logged_is_served_once_it_is_sealed(
    model_registry: Registry, order: PublishOrder, tmp_path: Path
) -> None:
    version = _logged_by_hand(model_registry, "by-hand", order.directory)
    with (
        open_store(model_registry.connection) as store,
        pytest.raises(ArtifactError, match="summit model seal by-hand@1"),
    ):
        resolve(store, "by-hand", version)
    reference = seal("by-hand", version, model_registry.connection)
    assert open_artifact(download(reference, tmp_path / "1", model_registry.connection)).name == "by-hand"
    with pytest.raises(InvalidRequest, match="has digests already"):
        seal("by-hand", version, model_registry.connection)


def test_a_version_with_a_pickle_in_it_is_never_sealed(
    model_registry: Registry, order: PublishOrder, save_model: Callable[[Path], Any], tmp_path: Path
) -> None:
    save_model(tmp_path)
    torch.save({}, tmp_path / "training_args.bin")
    version = _logged_by_hand(model_registry, "pickled", tmp_path)
    with pytest.raises(ArtifactError, match=r"training_args\.bin"):
        seal("pickled", version, model_registry.connection)
    assert order.name != "pickled"


def test_the_storage_initializer_fills_a_volume(
    model_registry: Registry, published: ModelReference, tmp_path: Path
) -> None:
    connection = model_registry.connection
    uri = f"mlflow://summit-extract/{published.version}@sha256:{published.digest}"
    done = subprocess.run(
        [sys.executable, "-m", "registry.storage_initializer", uri, str(tmp_path)],
        env={**os.environ, "MLFLOW_TRACKING_URI": connection.tracking_uri},  # noqa: TID251 - and PATH, and AWS_…
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert (
        open_artifact(tmp_path, expected_name="summit-extract", expected_version="v1.0.0").version == published.version
    )


def _logged_by_hand(model_registry: Registry, name: str, directory: Path) -> str:
    """The number of a version whose files were logged and registered with mlflow's client alone."""
    with mlflow_at(model_registry.connection) as mlflow:
        client = mlflow.MlflowClient()
        experiment = client.create_experiment(name, artifact_location=_location(model_registry, name, directory))
        with mlflow.start_run(experiment_id=experiment) as run:
            mlflow.log_artifacts(str(directory), "model")
            client.create_registered_model(name)
            source = f"{run.info.artifact_uri}/model"
            return str(client.create_model_version(name, source=source, run_id=run.info.run_id).version)


def _location(model_registry: Registry, name: str, directory: Path) -> str | None:
    """Beside the directory where no server decides."""
    return None if model_registry.connection.is_served else str(directory.parent / f"{name}-artifacts")
