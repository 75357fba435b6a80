from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from transformers import AutoConfig, AutoModelForTokenClassification, pipeline
from unit.training.tiny import TinyBase

from summit_inference.errors import ArtifactError
from training.adapter import apply, merge_onto, write
from training.encoder import starting_encoder

MATRIX = "bert.encoder.layer.0.intermediate.dense.weight"


@pytest.fixture
def version_file(tiny_base: TinyBase, tmp_path: Path) -> Path:
    """An adapter that moves one large matrix and the head."""
    start = starting_encoder(tiny_base.directory).state_dict()
    end = {name: weight.clone() for name, weight in start.items()}
    end[MATRIX] += 0.001 * torch.randn_like(end[MATRIX], dtype=torch.float32)
    end["classifier.bias"] += 0.5
    write(tmp_path / "v0.safetensors", start, end, tiny_base.sha256)
    return tmp_path / "v0.safetensors"


def test_a_merged_version_is_a_model_that_a_plain_pipeline_loads(
    tiny_base: TinyBase, version_file: Path, tmp_path: Path
) -> None:
    merge_onto(tiny_base.directory, tiny_base.sha256, version_file, tmp_path / "model")
    found = pipeline("token-classification", model=str(tmp_path / "model"))("Tom likes Oslo .")
    assert AutoConfig.from_pretrained(tmp_path / "model").type_vocab_size == 6
    assert {entity["entity"] for entity in found} <= {"B-PER", "I-PER", "B-ORG", "I-ORG", "B-LOC", "I-LOC"}


def test_what_is_stored_is_the_difference_and_nearly_all_of_it(
    tiny_base: TinyBase, version_file: Path, tmp_path: Path
) -> None:
    start = starting_encoder(tiny_base.directory).state_dict()
    merge_onto(tiny_base.directory, tiny_base.sha256, version_file, tmp_path / "model")
    merged = AutoModelForTokenClassification.from_pretrained(tmp_path / "model").state_dict()
    assert {name for name in start if not torch.equal(start[name], merged[name])} == {MATRIX, "classifier.bias"}
    assert (merged[MATRIX] - start[MATRIX]).std().item() == pytest.approx(0.001, rel=0.1)
    assert merged["classifier.bias"].tolist() == [0.5] * 7


def test_of_a_matrix_that_moved_in_some_rows_these_alone_are_stored(tiny_base: TinyBase, tmp_path: Path) -> None:
    start = starting_encoder(tiny_base.directory).state_dict()
    end = {**start, MATRIX: start[MATRIX].clone()}
    end[MATRIX][[3, 5]] += 0.7
    write(tmp_path / "v0.safetensors", start, end, tiny_base.sha256)
    net = starting_encoder(tiny_base.directory)
    apply(net, tmp_path / "v0.safetensors", tiny_base.sha256)
    difference = net.state_dict()[MATRIX] - start[MATRIX]
    assert difference.any(dim=1).nonzero().flatten().tolist() == [3, 5]
    assert difference[[3, 5]].mean().item() == pytest.approx(0.7, rel=0.01)
    assert (tmp_path / "v0.safetensors").stat().st_size < 1000


def test_a_merged_directory_holds_no_code_and_no_pickle(
    tiny_base: TinyBase, version_file: Path, tmp_path: Path
) -> None:
    merge_onto(tiny_base.directory, tiny_base.sha256, version_file, tmp_path / "model")
    assert {path.name for path in (tmp_path / "model").iterdir()} == {
        "config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json",
    }  # fmt: skip


def test_an_adapter_is_small(version_file: Path) -> None:
    assert version_file.stat().st_size < 128 * 256 * 0.65


def test_another_base_is_refused(tiny_base: TinyBase, version_file: Path, tmp_path: Path) -> None:
    with pytest.raises(ArtifactError, match="has sha256"):
        merge_onto(tiny_base.directory, "0" * 64, version_file, tmp_path / "model")


@pytest.mark.parametrize(
    ("metadata", "tensors", "message"),
    [
        pytest.param({"format": "other"}, {}, "not of the format", id="no adapter"),
        pytest.param({"base_sha256": "0"}, {}, "another base", id="for another base"),
        pytest.param({}, {"no.such.weight": torch.zeros(1)}, "no adapter for this", id="a weight that is not there"),
        pytest.param({}, {MATRIX: torch.zeros(3)}, "no adapter for this", id="a weight of another shape"),
    ],
)
def test_a_file_that_does_not_fit_is_refused(
    tiny_base: TinyBase, tmp_path: Path, metadata: dict[str, str], tensors: dict[str, torch.Tensor], message: str
) -> None:
    fitting = {"format": "summit-adapter-1", "base_sha256": tiny_base.sha256}
    save_file(tensors, tmp_path / "x", {**fitting, **metadata})
    with pytest.raises(ArtifactError, match=message):
        merge_onto(tiny_base.directory, tiny_base.sha256, tmp_path / "x", tmp_path / "model")


def test_a_file_of_other_bytes_is_refused(tiny_base: TinyBase, tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(b"not safetensors")
    with pytest.raises(ArtifactError, match="no adapter"):
        merge_onto(tiny_base.directory, tiny_base.sha256, tmp_path / "x", tmp_path / "model")
