"""The predictor put together: a directory on disk, one request through all of it."""

import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from predictor.app import build
from predictor.placement import Device, Precision
from predictor.rounding import F1_LOSS_TAG
from predictor.settings import PredictorSettings
from registry.digests import file_digests, whole_digest
from registry.reference import FILE_NAME, ModelReference
from summit_inference.errors import ArtifactError, ModelNotReady
from summit_inference.tensors import Datatype, InferRequest, Tensor

Saved = Callable[..., Path]


@pytest.fixture
def settings(saved_encoder: Saved, monkeypatch: pytest.MonkeyPatch) -> PredictorSettings:
    directory = saved_encoder("bert", type_vocab_size=6)
    (directory / "tokenizer.json").write_text("{}")
    monkeypatch.setenv("MODEL_VERSION", "3")
    return PredictorSettings(model_directory=directory, lanes=1)


@pytest.fixture
def published(settings: PredictorSettings, tmp_path: Path) -> Callable[[dict[str, str]], Path]:
    """A directory as it is downloaded of a version with these tags."""

    def make(tags: dict[str, str]) -> Path:
        directory = Path(shutil.copytree(settings.model_directory, tmp_path / "3"))
        files = file_digests(directory)
        reference = ModelReference("summit-extract", "3", None, whole_digest(files), files, tags=tags)
        (directory / FILE_NAME).write_text(reference.to_json())
        return directory

    return make


def asked() -> InferRequest:
    tensors = (
        Tensor("input_ids", Datatype.INT64, np.array([[20, 30, 40]])),
        Tensor("sequence_lengths", Datatype.INT64, np.array([2, 1])),
        Tensor("token_type_ids", Datatype.INT64, np.array([[1, 5, 0]])),
    )
    return InferRequest("summit-extract", tensors)


async def test_a_directory_and_a_version_are_all_that_it_takes(settings: PredictorSettings) -> None:
    predictor = build(settings)
    assert not await predictor.servable.is_ready(None)
    async with predictor.running():
        assert await predictor.servable.is_ready("3")
        response = await predictor.servable.infer(asked())
    assert response.output("label_id").data.shape == (1, 3)
    assert (response.model_name, response.model_version) == ("summit-extract", "3")
    with pytest.raises(ModelNotReady):
        await predictor.servable.infer(asked())


def test_the_command_line_s_name_wins(settings: PredictorSettings) -> None:
    assert build(settings, "another").servable.name == "another"


def test_without_a_version_nothing_is_served(settings: PredictorSettings) -> None:
    with pytest.raises(ArtifactError, match="MODEL_VERSION"):
        build(settings.model_copy(update={"model_version": None}))


@pytest.mark.parametrize(
    ("tags", "changes", "precision"),
    [
        pytest.param({F1_LOSS_TAG: "0.2"}, {}, "int8", id="measured to lose little"),
        pytest.param({F1_LOSS_TAG: "1.3"}, {}, "float32", id="measured to lose much"),
        pytest.param({F1_LOSS_TAG: "1.3"}, {"int8_max_f1_loss": 2.0}, "int8", id="more loss is allowed"),
        pytest.param({}, {}, "float32", id="not measured"),
        pytest.param({F1_LOSS_TAG: "0.2"}, {"precision": Precision.FLOAT32}, "float32", id="float32 is asked for"),
    ],
)
def test_a_version_computes_in_the_precision_that_it_was_measured_for(
    published: Callable[[dict[str, str]], Path],
    caplog: pytest.LogCaptureFixture,
    tags: dict[str, str],
    changes: dict[str, Any],
    precision: str,
) -> None:
    with caplog.at_level("INFO"):
        build(PredictorSettings(model_directory=published(tags), device=Device.CPU, lanes=1, **changes))
    (loaded,) = (record for record in caplog.records if record.message == "model loaded")
    assert vars(loaded)["precision"] == precision


@pytest.mark.parametrize("module", ["predictor.engine", "predictor.servable", "predictor.settings"])
def test_only_the_model_s_files_import_the_engines(module: str) -> None:
    """So that everything around the model starts, and is tested, without it."""
    code = f"import sys, {module}; print(sorted({{'torch', 'transformers', 'kserve', 'mlflow'}} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-P", "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
