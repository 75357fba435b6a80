"""A recipe to the weights of a fine-tuned encoder, on the processors of one machine.

Knows the net and its optimiser; what the sentences are and how the result is stored is decided elsewhere.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random

import torch
from torch.nn import functional
from transformers import BertForTokenClassification

from training.augment import Names, augmented
from training.corpora import CORPORA, Sentence, split
from training.features import UNLABELLED, Batch, batches, features
from training.recipe import Recipe
from transformers_stage.tokenizer import Tokenizer

Weights = Mapping[str, torch.Tensor]

_FROZEN = ("bert.embeddings.word_embeddings.", "bert.embeddings.position_embeddings.")
"""Half the weights: some thousand sentences meet too few of the words, and the difference would not fit a small file."""
_NEW_ROWS = ("classifier.", "bert.embeddings.token_type_embeddings.")
_MASK_ID = 103  # of every BERT vocabulary made from the uncased one
_LONGEST_GRADIENT = 1.0


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a run is. Units: `loss` is the mean over the epoch's steps, in nats a word."""

    epoch: int
    epochs: int
    loss: float


def sentences(recipe: Recipe, directory: Path) -> list[list[Sentence]]:
    """The training sentences, one list a part of the recipe."""
    return [split(directory, CORPORA[part.corpus], part.split)[: part.limit] * part.times for part in recipe.parts]


def train(
    net: BertForTokenClassification,
    tokenizer: Tokenizer,
    parts: Sequence[Sequence[Sentence]],
    names: Names,
    recipe: Recipe,
    progress: Callable[[Progress, Weights], None],
) -> Weights:
    """The weights after the recipe's epochs; `net` is changed on the way.

    `progress` hears of the end of every epoch, with the weights that would be kept then.
    """
    torch.manual_seed(recipe.seed)
    random = Random(recipe.seed)
    run = _Run(net, recipe)
    for epoch in range(recipe.epochs):
        examples = [x for part in parts for x in augmented(part, names, recipe.augmentation, random)]
        steps = list(batches(features(tokenizer, examples), recipe.batch_tokens, random))
        losses = [run.step(batch, (epoch + number / len(steps)) / recipe.epochs) for number, batch in enumerate(steps)]
        progress(Progress(epoch + 1, recipe.epochs, sum(losses) / len(losses)), run.average)
    return run.average


class _Run:
    """The net in training, its optimiser, and the running average of its weights."""

    def __init__(self, net: BertForTokenClassification, recipe: Recipe) -> None:
        self._net = net.train()
        self._recipe = recipe
        for name, weight in net.named_parameters():
            weight.requires_grad = not name.startswith(_FROZEN)
        self._optimiser = torch.optim.AdamW(_groups(net, recipe), weight_decay=recipe.weight_decay, fused=True)
        self._peaks = [group["lr"] for group in self._optimiser.param_groups]
        self._steps = 0
        self.average = {name: weight.detach().clone() for name, weight in net.state_dict().items()}

    def step(self, batch: Batch, share_done: float) -> float:
        """One step at the point `share_done`, 0 to 1, of the whole run; its loss."""
        for group, peak in zip(self._optimiser.param_groups, self._peaks, strict=True):
            group["lr"] = peak * rate_share(share_done, self._recipe.warm_up_share)
        loss = _loss(self._net, batch, self._recipe)
        self._optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self._net.parameters(), _LONGEST_GRADIENT)
        self._optimiser.step()
        self._steps += 1
        self._follow()
        return loss.item()

    @torch.no_grad()
    def _follow(self) -> None:
        decay = min(self._recipe.average_decay, self._steps / (self._steps + 10))
        for name, weight in self._net.named_parameters():
            if weight.requires_grad:
                self.average[name].lerp_(weight, 1 - decay)


def rate_share(share_done: float, warm_up_share: float) -> float:
    """The learning rate as a share of its peak: up in a line, down in a line to zero."""
    if share_done < warm_up_share:
        return share_done / warm_up_share
    return (1 - share_done) / (1 - warm_up_share)


def _groups(net: BertForTokenClassification, recipe: Recipe) -> list[dict[str, object]]:
    trained = [(name, weight) for name, weight in net.named_parameters() if weight.requires_grad]
    new = [weight for name, weight in trained if name.startswith(_NEW_ROWS)]
    old = [weight for name, weight in trained if not name.startswith(_NEW_ROWS)]
    return [
        {"params": [weight for weight in old if weight.ndim > 1], "lr": recipe.learning_rate},
        {"params": [weight for weight in old if weight.ndim == 1], "lr": recipe.learning_rate, "weight_decay": 0.0},
        {"params": new, "lr": recipe.new_rows_learning_rate, "weight_decay": 0.0},
    ]


def _loss(net: BertForTokenClassification, batch: Batch, recipe: Recipe) -> torch.Tensor:
    hidden = (torch.rand(batch.input_ids.shape) < recipe.masked_share) & (batch.labels != UNLABELLED)
    logits = net(
        input_ids=batch.input_ids.masked_fill(hidden, _MASK_ID),
        token_type_ids=batch.token_type_ids,
        attention_mask=batch.attention_mask,
    ).logits  # (B, T, L)
    return functional.cross_entropy(
        logits.flatten(0, 1), batch.labels.flatten(), ignore_index=UNLABELLED, label_smoothing=recipe.label_smoothing
    )
