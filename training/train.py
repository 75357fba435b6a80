"""A recipe to the weights of a fine-tuned encoder, on the processors of one machine.

Knows the net and its optimiser; what the sentences are and what is stored is decided elsewhere.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random

import torch
from torch.nn import functional
from transformers import BertForTokenClassification

from training.augment import Names, augmented
from training.corpora import CORPORA, TAGS, Sentence, split
from training.features import UNLABELLED, Batch, batches, features
from training.recipe import Recipe
from transformers_stage.tokenizer import Tokenizer

_FROZEN = ("bert.embeddings.word_embeddings.", "bert.embeddings.position_embeddings.")
"""Half the weights: a few thousand sentences meet too few of the words, and the difference would not fit a small file."""
_NEW_ROWS = ("classifier.", "bert.embeddings.token_type_embeddings.")
_MASK_ID = 103
_LONGEST_GRADIENT = 1.0


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a run is. Units: `loss` is the mean over the epoch, in nats a word."""

    epoch: int
    epochs: int
    loss: float


def sentences(recipe: Recipe, directory: Path) -> list[list[Sentence]]:
    """The training sentences, one list a part of the recipe."""
    return [split(directory, CORPORA[part.corpus], part.split)[: part.limit] for part in recipe.parts]


def train(
    net: BertForTokenClassification,
    tokenizer: Tokenizer,
    corpora: Sequence[Sequence[Sentence]],
    names: Names,
    recipe: Recipe,
    progress: Callable[[Progress, Mapping[str, torch.Tensor]], None],
) -> dict[str, torch.Tensor]:
    """The weights after the recipe's epochs; `net` is changed on the way.

    `progress` is called after every epoch, with the weights as they would be kept then.
    """
    torch.manual_seed(recipe.seed)
    random = Random(recipe.seed)
    _freeze(net)
    net.train()
    average = _Average(net, recipe.average_decay)
    optimiser, schedule = None, None
    for epoch in range(1, recipe.epochs + 1):
        steps = list(_steps(tokenizer, corpora, names, recipe, random))
        if optimiser is None:
            optimiser = _optimiser(net, recipe)
            schedule = _schedule(optimiser, recipe, len(steps) * recipe.epochs)
        losses = []
        for batch in steps:
            losses.append(_step(net, batch, recipe, optimiser))
            schedule.step()
            average.update(net)
        progress(Progress(epoch, recipe.epochs, sum(losses) / len(losses)), average.weights)
    return average.weights
