from random import Random

import pytest
import torch
from unit.training.tiny import TinyBase

from training.corpora import TAGS, Sentence, written
from training.features import UNLABELLED, Features, batches, features
from transformers_stage.tokenizer import Tokenizer

CONFIG = {"type_vocab_size": 6, "max_position_embeddings": 512}


@pytest.fixture
def tokenizer(tiny_base: TinyBase) -> Tokenizer:
    return Tokenizer.load(tiny_base.directory, CONFIG)


def test_the_first_token_of_each_word_carries_the_words_tag(tokenizer: Tokenizer, sentences: list[Sentence]) -> None:
    (row,) = features(tokenizer, [written(sentences[0])])
    tags = [TAGS[number] for number in row.label_ids if number != UNLABELLED]
    assert tags == list(sentences[0].tags)
    assert row.label_ids[0] == row.label_ids[-1] == UNLABELLED


def test_a_mention_of_several_pieces_begins_once(tokenizer: Tokenizer) -> None:
    example = written(Sentence(("U.S.", "rain"), ("B-LOC", "O")))
    (row,) = features(tokenizer, [example])
    assert [TAGS[number] for number in row.label_ids[1:-1]] == ["B-LOC", "I-LOC", "I-LOC", "I-LOC", "O"]


def test_a_long_text_is_cut_and_still_closed(tokenizer: Tokenizer) -> None:
    (row,) = features(tokenizer, [written(Sentence(("rain",) * 20, ("O",) * 20))], limit_tokens=8)
    assert len(row) == len(row.token_types) == len(row.label_ids) == 8
    assert row.ids[-1:] == tokenizer.suffix_ids


def test_every_row_is_in_one_batch_and_no_batch_is_too_large() -> None:
    rows = [
        Features([number] * length, [0] * length, [0] * length) for number, length in enumerate([3, 9, 1, 4, 4, 2], 1)
    ]
    made = list(batches(rows, 9, Random(1)))
    assert sorted(number for b in made for number in b.input_ids[:, 0].tolist()) == [1, 2, 3, 4, 5, 6]
    assert all(b.input_ids.numel() <= 9 for b in made)


def test_padding_is_neither_attended_to_nor_labelled() -> None:
    (batch,) = batches([Features([5, 6], [1, 1], [0, 0]), Features([7], [1], [0])], 100, Random(1))
    padding = batch.input_ids == 0
    assert padding.sum() == 1
    assert torch.equal(padding, batch.attention_mask == 0)
    assert torch.equal(padding, batch.labels == UNLABELLED)
