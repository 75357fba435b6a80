"""A recipe to the weights of a fine-tuned encoder, on the processors of one machine.

Knows the net and its optimiser; what the sentences are and how the result is stored is decided elsewhere.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random

import torch
from torch.nn import functional
from transformers import BertForTokenClassification

from training.adapter import write
from training.augment import Names, augmented, names_in
from training.base import SHA256, installed_base
from training.corpora import CORPORA, TAGS, Sentence, split
from training.encoder import starting_encoder
from training.features import UNLABELLED, Batch, batches, features
from training.gazetteers import gazetteer
from training.recipe import Recipe, Stage
from transformers_stage.tokenizer import Tokenizer

Weights = Mapping[str, torch.Tensor]

_FROZEN = ("bert.embeddings.word_embeddings.", "bert.embeddings.position_embeddings.")
"""Half the weights. Some thousand sentences meet too few of the words, and the difference would need a large file."""
_NEW_ROWS = ("classifier.", "bert.embeddings.token_type_embeddings.")
_LONGEST_GRADIENT = 1.0


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a run is. Units: `loss` is the mean over the epoch's steps, in nats a word."""

    epoch: int
    epochs: int
    loss: float


@dataclass(frozen=True, slots=True)
class Material:
    """What a stage learns from: sentences, one list a part, and the names to put in the place of theirs."""

    parts: Sequence[Sequence[Sentence]]
    names: Names


def train(recipe: Recipe, corpora_directory: Path, version_file: Path, progress: Callable[[Progress], None]) -> None:
    """Train on the installed base encoder as the recipe says, and write the adapter to `version_file`.

    `progress` hears of the end of every epoch.

    Raises:
        ConfigurationError: the base encoder or a corpus is missing.
    """
    base = installed_base()
    net = starting_encoder(base)
    start = _copy(net)
    losses: list[float] = []
    epochs = sum(stage.epochs * len(stage.seeds) for stage in recipe.stages)
    walker = Walker(net, Tokenizer.load(base, net.config.to_dict()))
    for stage in recipe.stages:
        for loss in walker.stage(stage, material(stage, corpora_directory)):
            losses.append(loss)
            progress(Progress(len(losses), epochs, loss))
    write(version_file, start, biased(_copy(net), recipe.outside_bias), SHA256)


def material(stage: Stage, corpora_directory: Path) -> Material:
    """The stage's sentences, and the names that they mention beside those of the gazetteer."""
    parts = [
        split(corpora_directory, CORPORA[part.corpus], part.split)[: part.limit] * part.times for part in stage.parts
    ]
    names = names_in(sentence for part in parts for sentence in part)
    for label, more in gazetteer(stage.gazetteer_names, _random(stage.seeds[0])).items():
        names.setdefault(label, []).extend(more)
    return Material(parts, names)


def biased(weights: Weights, outside_bias: float) -> Weights:
    """The weights with `outside_bias` added to the head's bias of the tag O."""
    bias = weights["classifier.bias"].clone()
    bias[TAGS.index("O")] += outside_bias
    return {**weights, "classifier.bias": bias}


def rate_share(share_done: float, warm_up_share: float) -> float:
    """The learning rate as a share of its peak: up in a line, down in a line to zero."""
    if share_done < warm_up_share:
        return share_done / warm_up_share
    return (1 - share_done) / (1 - warm_up_share)


class Walker:
    """Takes a net through the stages of a recipe; after each, the net has the weights that the stage ends with."""

    def __init__(self, net: BertForTokenClassification, tokenizer: Tokenizer) -> None:
        self._net, self._tokenizer = net, tokenizer
        for name, weight in net.named_parameters():
            weight.requires_grad = not name.startswith(_FROZEN)

    def stage(self, stage: Stage, learnt_from: Material) -> Iterator[float]:
        """The mean loss of each epoch, as it ends."""
        start, ends = _copy(self._net), []
        for seed in stage.seeds:
            self._net.load_state_dict(start)
            walk = _Walk(self._net, stage)
            yield from walk.epochs(self._tokenizer, learnt_from, seed)
            ends.append(walk.weights)
        self._net.load_state_dict({name: torch.stack([end[name] for end in ends]).mean(dim=0) for name in start})


class _Walk:
    """One seed's way through a stage: the optimiser, and the running average of the weights."""

    def __init__(self, net: BertForTokenClassification, stage: Stage) -> None:
        self._net, self._stage, self._steps = net.train(), stage, 0
        self._optimiser = torch.optim.AdamW(_groups(net, stage), fused=True)
        self._peaks = [group["lr"] for group in self._optimiser.param_groups]
        self.weights = _copy(net)

    def epochs(self, tokenizer: Tokenizer, learnt_from: Material, seed: int) -> Iterator[float]:
        torch.manual_seed(seed)
        random, how = _random(seed), self._stage.augmentation
        for epoch in range(self._stage.epochs):
            examples = [x for part in learnt_from.parts for x in augmented(part, learnt_from.names, how, random)]
            steps = list(batches(features(tokenizer, examples), self._stage.batch_tokens, random))
            done = [(epoch + number / len(steps)) / self._stage.epochs for number in range(len(steps))]
            yield sum(self._step(batch, share) for batch, share in zip(steps, done, strict=True)) / len(steps)

    def _step(self, batch: Batch, share_done: float) -> float:
        for group, peak in zip(self._optimiser.param_groups, self._peaks, strict=True):
            group["lr"] = peak * rate_share(share_done, self._stage.warm_up_share)
        loss = _loss(self._net, batch)
        self._optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(self._net.parameters(), _LONGEST_GRADIENT)
        self._optimiser.step()
        self._steps += 1
        self._follow()
        return loss.item()

    @torch.no_grad()
    def _follow(self) -> None:
        decay = min(self._stage.average_decay, self._steps / (self._steps + 10))
        for name, weight in self._net.named_parameters():
            if weight.requires_grad:
                self.weights[name].lerp_(weight, 1 - decay)


def _groups(net: BertForTokenClassification, stage: Stage) -> list[dict[str, object]]:
    trained = [(name, weight) for name, weight in net.named_parameters() if weight.requires_grad]
    new = [weight for name, weight in trained if name.startswith(_NEW_ROWS)]
    old = [weight for name, weight in trained if not name.startswith(_NEW_ROWS)]
    rate = stage.learning_rate
    return [
        {"params": [weight for weight in old if weight.ndim > 1], "lr": rate, "weight_decay": stage.weight_decay},
        {"params": [weight for weight in old if weight.ndim == 1], "lr": rate, "weight_decay": 0.0},
        {"params": new, "lr": stage.new_rows_learning_rate, "weight_decay": 0.0},
    ]


def _loss(net: BertForTokenClassification, batch: Batch) -> torch.Tensor:
    logits = net(
        input_ids=batch.input_ids,
        token_type_ids=batch.token_type_ids,
        attention_mask=batch.attention_mask,
    ).logits  # (B, T, L)
    return functional.cross_entropy(logits.flatten(0, 1), batch.labels.flatten(), ignore_index=UNLABELLED)


def _copy(net: BertForTokenClassification) -> dict[str, torch.Tensor]:
    return {name: weight.detach().clone() for name, weight in net.state_dict().items()}


def _random(seed: int) -> Random:
    return Random(seed)  # noqa: S311 - no secret is drawn
