import json
import shutil
from pathlib import Path

import pytest
import tokenizers
from tokenizers.models import BPE
from tokenizers.pre_tokenizers import ByteLevel

from summit_inference.errors import ArtifactError
from transformers_stage.case_classes import CaseClass
from transformers_stage.tokenizer import Tokenizer


def test_tokens_know_where_they_stand_and_which_begins_a_word(bert_directory: Path) -> None:
    text = "Angela visited Berlin."
    (encoding,) = Tokenizer.load(bert_directory).encode([text])
    tokens = [text[start:end] for start, end in zip(encoding.starts, encoding.ends, strict=True)]
    assert tokens == ["Angela", "visited", "Ber", "lin", "."]
    assert encoding.is_word_start.tolist() == [True, True, True, False, True]


def test_every_token_carries_the_case_class_of_its_word(bert_directory: Path) -> None:
    (encoding,) = Tokenizer.load(bert_directory).encode(["Angela visited BERLIN."])
    assert encoding.token_type_ids is not None
    expected = [CaseClass.TITLE, CaseClass.LOWER, CaseClass.UPPER, CaseClass.UPPER, CaseClass.NO_LETTERS]
    assert encoding.token_type_ids.tolist() == expected


def test_a_model_with_two_segments_gets_no_case_classes(bert_directory: Path) -> None:
    (encoding,) = Tokenizer.load(bert_directory, {"type_vocab_size": 2}).encode(["Angela"])
    assert encoding.token_type_ids is None


def test_an_empty_text_has_no_tokens(bert_directory: Path) -> None:
    (encoding,) = Tokenizer.load(bert_directory).encode([""])
    assert len(encoding) == 0
    assert encoding.token_type_ids is not None
    assert len(encoding.token_type_ids) == 0


def test_offsets_are_code_points_beyond_the_basic_plane_too(bert_directory: Path) -> None:
    (encoding,) = Tokenizer.load(bert_directory).encode(["🎈 Angela"])
    assert (encoding.starts[-1], encoding.ends[-1]) == (2, 8)


def test_a_special_token_in_a_callers_text_is_plain_text(bert_directory: Path) -> None:
    tokenizer = Tokenizer.load(bert_directory)
    (encoding,) = tokenizer.encode(["[SEP]"])
    assert tokenizer.suffix_ids[0] not in encoding.ids.tolist()


def test_special_tokens_frame_a_sequence(bert_directory: Path) -> None:
    tokenizer = Tokenizer.load(bert_directory)
    assert (tokenizer.prefix_ids, tokenizer.suffix_ids) == ([2], [3])


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        pytest.param({"model_type": "bert", "max_position_embeddings": 512}, 512, id="bert counts from 0"),
        pytest.param(
            {"model_type": "xlm-roberta", "max_position_embeddings": 514, "pad_token_id": 1}, 512, id="roberta from 2"
        ),
        pytest.param({"model_type": "bert"}, 512, id="a silent config"),
    ],
)
def test_the_model_says_how_long_a_sequence_may_be(
    bert_directory: Path, config: dict[str, object], expected: int
) -> None:
    assert Tokenizer.load(bert_directory, config).max_tokens == expected


def test_the_space_that_byte_level_tokenizers_count_in_is_no_part_of_a_token() -> None:
    engine = tokenizers.Tokenizer(BPE({"Ġ": 0, "a": 1, "b": 2}, []))
    engine.pre_tokenizer = ByteLevel(add_prefix_space=False)
    (encoding,) = Tokenizer(engine, case_classes=False, max_tokens=16).encode(["a b"])
    assert [(s, e) for s, e in zip(encoding.starts.tolist(), encoding.ends.tolist(), strict=True) if s < e] == [
        (0, 1),
        (2, 3),
    ]


def test_a_model_logged_with_a_slow_tokenizer_is_refused(bert_directory: Path, tmp_path: Path) -> None:
    shutil.copy(bert_directory / "config.json", tmp_path)
    with pytest.raises(ArtifactError, match="fast tokenizer"):
        Tokenizer.load(tmp_path)


def test_the_config_beside_the_tokenizer_counts_where_none_is_given(bert_directory: Path) -> None:
    config = json.loads((bert_directory / "config.json").read_text())
    assert Tokenizer.load(bert_directory).max_tokens == config["max_position_embeddings"]
