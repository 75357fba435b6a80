import json
from pathlib import Path

import pytest
import tokenizers
from tokenizers.models import WordPiece
from tokenizers.normalizers import BertNormalizer
from tokenizers.pre_tokenizers import BertPreTokenizer
from tokenizers.processors import BertProcessing

WORDS = [
    "[PAD]",
    "[UNK]",
    "[CLS]",
    "[SEP]",
    "angela",
    "merkel",
    "visited",
    "ber",
    "##lin",
    ".",
    "'",
    "s",
    "in",
    "[",
    "]",
]


@pytest.fixture(scope="session")
def bert_directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An artifact's text side: a tokenizer of a few words, and a config that asks for case classes."""
    directory = tmp_path_factory.mktemp("bert")
    engine = tokenizers.Tokenizer(WordPiece({word: at for at, word in enumerate(WORDS)}, unk_token="[UNK]"))  # noqa: S106
    engine.normalizer = BertNormalizer(lowercase=True)
    engine.pre_tokenizer = BertPreTokenizer()
    engine.add_special_tokens(["[PAD]", "[UNK]", "[CLS]", "[SEP]"])
    engine.post_processor = BertProcessing(("[SEP]", 3), ("[CLS]", 2))
    engine.save(str(directory / "tokenizer.json"))
    labels = ["O", "B-PER", "I-PER", "B-LOC", "I-LOC"]
    config = {
        "model_type": "bert",
        "type_vocab_size": 6,
        "max_position_embeddings": 16,
        "id2label": {str(at): name for at, name in enumerate(labels)},
    }
    (directory / "config.json").write_text(json.dumps(config))
    return directory
