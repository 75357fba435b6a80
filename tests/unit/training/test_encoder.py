import torch
from transformers import AutoModel
from unit.training.tiny import TinyBase

from training.corpora import TAGS
from training.encoder import starting_encoder


def test_every_case_class_starts_as_the_first_row_of_the_base(tiny_base: TinyBase) -> None:
    rows = starting_encoder(tiny_base.directory).bert.embeddings.token_type_embeddings.weight
    assert rows.shape[0] == 6
    assert (rows == rows[0]).all()


def test_the_head_starts_at_zero_and_knows_the_tags(tiny_base: TinyBase) -> None:
    net = starting_encoder(tiny_base.directory)
    assert not net.classifier.weight.any()
    assert [net.config.id2label[number] for number in range(len(TAGS))] == list(TAGS)


def test_the_rest_is_the_base(tiny_base: TinyBase) -> None:
    base = AutoModel.from_pretrained(tiny_base.directory, add_pooling_layer=False).state_dict()
    weights = starting_encoder(tiny_base.directory).bert.state_dict()
    different = {name for name, weight in base.items() if not torch.equal(weight, weights[name])}
    assert different == {"embeddings.token_type_embeddings.weight"}
