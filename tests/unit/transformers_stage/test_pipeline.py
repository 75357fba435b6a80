import json
from pathlib import Path

import numpy as np
import pytest

from summit_inference.errors import ArtifactError
from transformers_stage.pipeline import TextPipeline, WindowPlan

NAMES = ["O", "B-PER", "I-PER", "B-LOC", "I-LOC"]


def _pipeline(directory: Path, plan: WindowPlan | None = None) -> TextPipeline:
    return TextPipeline.load(directory, directory, plan or WindowPlan())


def test_sequences_are_framed_and_laid_end_to_end(bert_directory: Path) -> None:
    sequences = _pipeline(bert_directory).encode(["Angela", "", "in Berlin"]).sequences
    assert sequences.lengths.tolist() == [3, 5]
    assert sequences.input_ids.tolist() == [2, 4, 3, 2, 12, 7, 8, 3]
    assert sequences.token_type_ids is not None
    assert sequences.token_type_ids.tolist() == [0, 4, 0, 0, 2, 4, 4, 0]


def test_labels_come_back_as_spans_of_their_own_text(bert_directory: Path) -> None:
    pipeline = _pipeline(bert_directory)
    encoded = pipeline.encode(["Angela Merkel visited", "", "in Berlin"])
    labels = np.asarray([0, 1, 2, 0, 0, 0, 0, 3, 0, 0], np.int32)
    spans = pipeline.decode(encoded, labels, np.ones(len(labels), np.float32))
    assert [[(s.text, s.label, s.start, s.end) for s in each] for each in spans] == [
        [("Angela Merkel", "PER", 0, 13)],
        [],
        [("Berlin", "LOC", 3, 9)],
    ]


def test_a_long_text_is_cut_and_nothing_of_it_is_lost(bert_directory: Path) -> None:
    pipeline = _pipeline(bert_directory, WindowPlan(window_tokens=8, overlap_tokens=4))
    text = "in " * 40 + "Berlin"
    encoded = pipeline.encode([text])
    assert max(encoded.sequences.lengths) <= 10
    is_ber = encoded.sequences.input_ids == 7
    labels = np.where(is_ber, NAMES.index("B-LOC"), 0).astype(np.int32)
    (spans,) = pipeline.decode(encoded, labels, np.ones(len(labels), np.float32))
    assert [(s.text, s.start) for s in spans] == [("Berlin", 120)]


def test_a_window_is_never_longer_than_the_model_sees(bert_directory: Path) -> None:
    encoded = _pipeline(bert_directory).encode(["in " * 100])
    assert max(encoded.sequences.lengths) == 16


def test_its_labels_are_those_of_the_config(bert_directory: Path) -> None:
    assert _pipeline(bert_directory).labels == ("PER", "LOC")


def test_a_model_without_labels_is_refused(bert_directory: Path, tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text(json.dumps({"model_type": "bert"}))
    with pytest.raises(ArtifactError, match="id2label"):
        TextPipeline.load(tmp_path, bert_directory, WindowPlan())
