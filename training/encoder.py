"""The net that is trained: the base encoder with six token-type rows and a tagging head, all from known values."""

from collections.abc import Mapping
from pathlib import Path

import torch
from safetensors.torch import load_file
from transformers import BertConfig, BertForTokenClassification

from training.corpora import TAGS
from transformers_stage.case_classes import CaseClass

Weights = Mapping[str, torch.Tensor]
"""By the names of the net's state."""

_TYPE_ROWS = "bert.embeddings.token_type_embeddings.weight"


def config(base: Path) -> BertConfig:
    """The config of a shipped model on this base."""
    names = dict(enumerate(TAGS))
    return BertConfig.from_pretrained(
        base,
        type_vocab_size=len(CaseClass),
        id2label=names,
        label2id={name: number for number, name in names.items()},
    )


def starting_encoder(base: Path) -> BertForTokenClassification:
    """The untrained net: row 0 of the base's token types in every row, and a head of zeros.

    So its weights follow from the base alone, and a version is told in full by its difference to them.
    """
    net = BertForTokenClassification(config(base))
    weights = {f"bert.{name}": weight for name, weight in load_file(base / "model.safetensors").items()}
    weights[_TYPE_ROWS] = weights[_TYPE_ROWS][:1].repeat(len(CaseClass), 1)
    weights["classifier.weight"] = torch.zeros(len(TAGS), net.config.hidden_size)
    weights["classifier.bias"] = torch.zeros(len(TAGS))
    net.load_state_dict({name: weights[name] for name in net.state_dict()})
    return net


def copy_of(net: BertForTokenClassification) -> dict[str, torch.Tensor]:
    """The net's weights as they are now, whatever becomes of it."""
    return {name: weight.detach().clone() for name, weight in net.state_dict().items()}
