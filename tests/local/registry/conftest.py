"""A real but tiny model, published to real registries."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from servers.registries import Registry, embedded_registry, registry_on_files, registry_on_s3
from tokenizers import BertWordPieceTokenizer
from transformers import BertConfig, BertForTokenClassification, BertTokenizerFast

from registry.publish import publish
from registry.publish_order import PublishOrder
from registry.reference import ModelReference

LABELS = ("O", "B-PER", "I-PER")
WORDS = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *"abcdefghijklmnopqrstuvwxyz", "angela", "##s")


@pytest.fixture(
    scope="session",
    params=[
        pytest.param(embedded_registry, id="a database without a server"),
        pytest.param(registry_on_files, id="a server on sqlite and files"),
        pytest.param(registry_on_s3, id="a server on postgresql and s3"),
    ],
)
def model_registry(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Registry]:
    with request.param(tmp_path_factory.mktemp("mlflow")) as registry:
        yield registry


@pytest.fixture(scope="session")
def save_model() -> Callable[[Path], Any]:
    """Saves a new model with random weights, and its tokenizer, to a directory, and returns the model."""
    config = BertConfig(
        vocab_size=len(WORDS),
        hidden_size=16,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=16,
        id2label=dict(enumerate(LABELS)),
        label2id={label: number for number, label in enumerate(LABELS)},
    )

    def save(directory: Path) -> Any:
        backend = BertWordPieceTokenizer(vocab={word: number for number, word in enumerate(WORDS)})
        BertTokenizerFast(tokenizer_object=backend._tokenizer).save_pretrained(directory)
        model = BertForTokenClassification(config)
        model.save_pretrained(directory)
        return model

    return save


@pytest.fixture(scope="session")
def order(save_model: Callable[[Path], Any], tmp_path_factory: pytest.TempPathFactory) -> PublishOrder:
    """To publish what a training run left."""
    directory = tmp_path_factory.mktemp("trained")
    save_model(directory)
    return PublishOrder(
        name="summit-extract",
        directory=directory,
        semver="v1.0.0",
        metrics={"wikigold_test/f1": 0.75, "wikigold_test/f1_PER": 0.875},
        params={"learning_rate": "1e-3"},
        licence="apache-2.0",
        data_licences={"BTC": "CC BY 4.0"},
        int8_f1_loss=0.25,
        int8_maps="intermediate.dense",
        alias="champion",
        description="A tiny one.",
    )


@pytest.fixture(scope="session")
def published(model_registry: Registry, order: PublishOrder) -> ModelReference:
    """Version 1."""
    return publish(order, model_registry.connection)
