"""The encoder: packed answers are the plain model's, architecture by architecture, and bad artifacts are refused."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file
from transformers import AutoModelForTokenClassification

from predictor.model import Encoder, _network, limits
from predictor.packing import TokenLabels, TokenSequence
from predictor.placement import Device, Placement, Precision
from predictor.rounding import Rounding
from predictor.strategy import PaddedStrategy
from summit_inference.errors import ArtifactError, ConfigurationError

ON_CPU = Placement(Device.CPU, Precision.FLOAT32)
LENGTHS = [1, 2, 5, 5, 9, 17, 17, 17, 40]

Saved = Callable[..., Path]
SequencesOf = Callable[..., list[TokenSequence]]


def plain_labels(network: Any, sequence: TokenSequence) -> tuple[Any, Any]:
    """As `transformers` documents it: one text, no packing, no padding, no attention of ours."""
    inputs = {"input_ids": torch.from_numpy(sequence.input_ids)[None]}
    if sequence.token_type_ids is not None:
        inputs["token_type_ids"] = torch.from_numpy(sequence.token_type_ids)[None]
    with torch.inference_mode():
        score, label = network(**inputs).logits[0].softmax(-1).max(-1)
    return label.numpy(), score.numpy()


def assert_plain(directory: Path, sequences: list[TokenSequence], answers: list[TokenLabels]) -> None:
    network = AutoModelForTokenClassification.from_pretrained(directory, local_files_only=True).eval()
    for sequence, answer in zip(sequences, answers, strict=True):
        label_id, score = plain_labels(network, sequence)
        assert answer.label_id.tolist() == label_id.tolist()
        np.testing.assert_allclose(answer.score, score, atol=1e-5)
        assert answer.label_id.dtype == np.dtype("int32")
        assert answer.score.dtype == np.dtype("float32")
    scores = np.concatenate([answer.score for answer in answers])
    assert np.ptp(scores) > 0.05, "the weights tell no tokens apart, so the test proves nothing"


@pytest.mark.parametrize(
    ("architecture", "options", "token_types"),
    [
        pytest.param("bert", {"type_vocab_size": 6}, 6, id="BERT with case classes"),
        pytest.param("bert", {}, 0, id="BERT"),
        pytest.param("roberta", {}, 0, id="RoBERTa, positions from 2"),
        pytest.param("xlm-roberta", {}, 0, id="XLM-R"),
        pytest.param("camembert", {}, 0, id="CamemBERT"),
        pytest.param("distilbert", {}, 0, id="DistilBERT, no token types"),
        pytest.param("electra", {}, 2, id="ELECTRA"),
        pytest.param("albert", {}, 2, id="ALBERT"),
        pytest.param("modernbert", {"local_attention": 8, "num_hidden_layers": 4}, 0, id="ModernBERT, local layers"),
    ],
)
def test_a_packed_batch_has_the_labels_and_scores_of_the_plain_model(
    saved_encoder: Saved, sequences_of: SequencesOf, architecture: str, options: dict[str, Any], token_types: int
) -> None:
    directory = saved_encoder(architecture, **options)
    encoder = Encoder.load(directory, ON_CPU)
    assert encoder.strategy == "packed_sdpa"
    sequences = sequences_of(LENGTHS, token_types)
    assert_plain(directory, sequences, encoder.forward(sequences))
    assert encoder.computed_tokens(LENGTHS) == sum(LENGTHS)


@pytest.mark.parametrize("architecture", ["deberta-v2", "mpnet"])
def test_an_encoder_whose_attention_can_not_be_replaced_is_padded(
    saved_encoder: Saved, sequences_of: SequencesOf, architecture: str
) -> None:
    directory = saved_encoder(architecture)
    encoder = Encoder.load(directory, ON_CPU)
    assert encoder.strategy == "padded"
    sequences = sequences_of(LENGTHS)
    assert_plain(directory, sequences, encoder.forward(sequences))
    assert sum(LENGTHS) < encoder.computed_tokens(LENGTHS) <= sum(LENGTHS) / 0.75


def test_an_encoder_that_fails_its_self_check_is_padded(saved_encoder: Saved, sequences_of: SequencesOf) -> None:
    """A causal model lets its attention be replaced, and answers otherwise when ours sees both ways."""
    directory = saved_encoder("gpt2")
    encoder = Encoder.load(directory, ON_CPU)
    assert encoder.strategy == "padded"
    sequences = sequences_of(LENGTHS)
    assert_plain(directory, sequences, encoder.forward(sequences))


def test_the_order_of_sequences_does_not_matter(saved_encoder: Saved, sequences_of: SequencesOf) -> None:
    encoder = Encoder.load(saved_encoder("bert"), ON_CPU)
    sequences = sequences_of([9, 2, 9, 30])
    for answer, sequence in zip(encoder.forward(sequences), sequences, strict=True):
        alone = encoder.forward([sequence])[0]
        np.testing.assert_allclose(answer.score, alone.score, atol=1e-5)


@pytest.mark.parametrize(
    ("architecture", "max_tokens", "token_types"),
    [("bert", 512, 2), ("roberta", 510, 2), ("distilbert", 512, 0), ("modernbert", 8192, 0)],
)
def test_limits_come_from_the_config(
    saved_encoder: Saved, architecture: str, max_tokens: int, token_types: int
) -> None:
    found = Encoder.load(saved_encoder(architecture), ON_CPU).limits
    assert (found.max_tokens, found.token_types, found.vocabulary, found.labels) == (max_tokens, token_types, 200, 5)


def test_a_sequence_of_the_longest_length_is_computed(saved_encoder: Saved, sequences_of: SequencesOf) -> None:
    encoder = Encoder.load(saved_encoder("roberta", max_position_embeddings=34), ON_CPU)
    assert encoder.limits.max_tokens == 32
    assert len(encoder.forward(sequences_of([32]))[0].label_id) == 32


def test_eight_bit_weights_answer_about_the_same(saved_encoder: Saved, sequences_of: SequencesOf) -> None:
    directory = saved_encoder("bert")
    exact = Encoder.load(directory, ON_CPU)
    rounded = Encoder.load(directory, Placement(Device.CPU, Precision.INT8))
    sequences = sequences_of(LENGTHS)
    pairs = list(zip(exact.forward(sequences), rounded.forward(sequences), strict=True))
    agreement = np.concatenate([one.label_id == other.label_id for one, other in pairs])
    assert agreement.mean() > 0.9
    assert any((one.score != other.score).any() for one, other in pairs)


def test_only_the_chosen_maps_are_rounded(saved_encoder: Saved, sequences_of: SequencesOf) -> None:
    directory, in_8_bits = saved_encoder("bert"), Placement(Device.CPU, Precision.INT8)
    encoders = [
        Encoder.load(directory, in_8_bits, Rounding(maps=maps)) for maps in ((), ("intermediate.dense",), ("query",))
    ]
    scores = [np.concatenate([each.score for each in encoder.forward(sequences_of(LENGTHS))]) for encoder in encoders]
    assert not np.array_equal(scores[0], scores[1])
    assert not np.array_equal(scores[1], scores[2])


def test_maps_that_are_not_there_stop_the_start(saved_encoder: Saved) -> None:
    with pytest.raises(ConfigurationError, match=r"ends in no\.such"):
        Encoder.load(saved_encoder("bert"), Placement(Device.CPU, Precision.INT8), Rounding(maps=("no.such",)))


def test_numbers_that_are_none_never_leave(saved_encoder: Saved, sequences_of: SequencesOf) -> None:
    network = AutoModelForTokenClassification.from_pretrained(saved_encoder("bert"), local_files_only=True).eval()
    broken = Encoder(network, limits(network), PaddedStrategy(network, waste=0.0))
    with torch.no_grad():
        network.classifier.bias.fill_(float("nan"))
    with pytest.raises(FloatingPointError):
        broken.forward(sequences_of([3]))


@pytest.mark.parametrize(
    "error",
    [
        pytest.param(torch.OutOfMemoryError("CUDA out of memory."), id="CUDA's"),
        pytest.param(RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried"), id="the CPU allocator's"),
    ],
)
def test_torch_s_ways_to_run_out_of_memory_are_python_s(
    saved_encoder: Saved, sequences_of: SequencesOf, error: Exception
) -> None:
    network = AutoModelForTokenClassification.from_pretrained(saved_encoder("bert"), local_files_only=True)

    class Full(PaddedStrategy):
        def logits(self, *_: object) -> torch.Tensor:
            raise error

    with pytest.raises(MemoryError):
        Encoder(network, limits(network), Full(network, waste=0.0)).forward(sequences_of([3]))


def test_other_errors_of_the_model_stay_what_they_are(saved_encoder: Saved) -> None:
    encoder = Encoder.load(saved_encoder("bert"), ON_CPU)
    with pytest.raises(IndexError):
        encoder.forward([TokenSequence(np.array([10_000]))])


def changed(directory: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(directory, tmp_path / "changed"))


def test_weights_that_are_missing_are_refused_and_not_made_up(saved_encoder: Saved, tmp_path: Path) -> None:
    directory = changed(saved_encoder("bert"), tmp_path)
    weights = load_file(directory / "model.safetensors")
    save_file({name: w for name, w in weights.items() if "classifier" not in name}, directory / "model.safetensors")
    with pytest.raises(ArtifactError, match=r"lack classifier\.bias \(and 1 more\)"):
        Encoder.load(directory, ON_CPU)


def test_a_config_of_another_shape_than_the_weights_is_refused(saved_encoder: Saved, tmp_path: Path) -> None:
    directory = changed(saved_encoder("bert"), tmp_path)
    config = json.loads((directory / "config.json").read_text())
    (directory / "config.json").write_text(json.dumps(config | {"vocab_size": 100}))
    with pytest.raises(ArtifactError):
        Encoder.load(directory, ON_CPU)


def test_code_that_comes_with_a_model_is_not_run(saved_encoder: Saved, tmp_path: Path) -> None:
    directory = changed(saved_encoder("bert"), tmp_path)
    config = json.loads((directory / "config.json").read_text())
    auto_map = {"AutoConfig": "evil.Config", "AutoModelForTokenClassification": "evil.Model"}
    (directory / "config.json").write_text(json.dumps(config | {"model_type": "evil", "auto_map": auto_map}))
    (directory / "evil.py").write_text("raise SystemExit('it ran')")
    with pytest.raises(ArtifactError):
        Encoder.load(directory, ON_CPU)


def test_a_pickle_is_not_loaded_even_where_it_is_all_there_is(saved_encoder: Saved, tmp_path: Path) -> None:
    directory = changed(saved_encoder("bert"), tmp_path)
    torch.save(load_file(directory / "model.safetensors"), directory / "pytorch_model.bin")
    (directory / "model.safetensors").unlink()
    with pytest.raises(ArtifactError):
        Encoder.load(directory, ON_CPU)


def test_weights_are_mapped_and_not_copied(saved_encoder: Saved) -> None:
    """So they are read as they are needed, and processes on one machine share them."""
    directory = saved_encoder("bert")
    network = _network(directory, ON_CPU)
    weights = str((directory / "model.safetensors").resolve())
    lines = [line for line in Path("/proc/self/maps").read_text().splitlines() if line.endswith(weights)]
    stretches = [[int(bound, 16) for bound in line.split()[0].split("-")] for line in lines]
    places = [weight.data_ptr() for weight in network.parameters()]
    assert places
    assert all(any(start <= place < end for start, end in stretches) for place in places)


def test_loading_leaves_torch_s_threads_as_they_were(saved_encoder: Saved) -> None:
    before = torch.get_num_threads()
    Encoder.load(saved_encoder("bert"), ON_CPU)
    assert torch.get_num_threads() == before
