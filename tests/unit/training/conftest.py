"""A base encoder small enough to train in a second, and a few sentences of our own."""

import hashlib
import json
from pathlib import Path

import pytest
import tokenizers
import torch
from tokenizers import models, normalizers, pre_tokenizers, processors
from transformers import BertConfig, BertModel
from unit.training.tiny import TinyBase

from training.corpora import Sentence

SENTENCES = (
    ("Maria Lopez moved to Lisbon .", "B-PER I-PER O O B-LOC O"),
    ("Acme Corp hired Tom in Oslo .", "B-ORG I-ORG O B-PER O B-LOC O"),
    ("We walked home in the rain .", "O O O O O O O"),
    ("Oslo wrote to Acme Corp .", "B-LOC O O B-ORG I-ORG O"),
    ("Tom likes the rain .", "B-PER O O O O"),
    ("they walked to lisbon", "O O O B-LOC"),
)


@pytest.fixture(scope="session")
def sentences() -> list[Sentence]:
    return [Sentence(tuple(words.split()), tuple(tags.split())) for words, tags in SENTENCES]


@pytest.fixture
def corpora_directory(tmp_path: Path, sentences: list[Sentence]) -> Path:
    """The sentences as every file that a recipe can name."""
    lines = [json.dumps({"tokens": s.words, "tags": s.tags}) for s in sentences]
    for name in ("btc_train", "btc_dev", "wnut_train", "wikigold_train", "wikigold_test"):
        (tmp_path / f"{name}.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return tmp_path


@pytest.fixture(scope="session")
def tiny_base(tmp_path_factory: pytest.TempPathFactory) -> TinyBase:
    directory = tmp_path_factory.mktemp("base")
    words = sorted({word.lower() for text, _ in SENTENCES for word in text.split()})
    vocabulary = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *words]
    _tokenizer(vocabulary).save(str(directory / "tokenizer.json"))
    (directory / "tokenizer_config.json").write_text('{"tokenizer_class": "BertTokenizer"}', encoding="utf-8")
    torch.manual_seed(0)
    config = BertConfig(
        vocab_size=len(vocabulary), hidden_size=128, num_hidden_layers=1, num_attention_heads=2, intermediate_size=256
    )
    BertModel(config, add_pooling_layer=False).save_pretrained(directory)
    return TinyBase(directory, hashlib.sha256((directory / "model.safetensors").read_bytes()).hexdigest())


def _tokenizer(vocabulary: list[str]) -> tokenizers.Tokenizer:
    tokenizer = tokenizers.Tokenizer(
        models.WordPiece({word: number for number, word in enumerate(vocabulary)}, unk_token="[UNK]")  # noqa: S106 - a token of text
    )
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.post_processor = processors.BertProcessing(("[SEP]", 3), ("[CLS]", 2))
    return tokenizer
