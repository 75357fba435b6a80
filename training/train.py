"""Fine-tuning: a net is walked through stages, on the processors of one machine.

Knows the net and its optimiser; where the sentences come from and how the result is stored is `build`'s business.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from random import Random

import torch
from torch.nn import functional
from transformers import BertForTokenClassification

from training.augment import Names, augmented
from training.corpora import Sentence
from training.encoder import copy_of
from training.features import UNLABELLED, Batch, batches, features
from training.recipe import Stage
from transformers_stage.tokenizer import Tokenizer

_WORDS = "bert.embeddings.word_embeddings."
_FROZEN = "bert.embeddings.position_embeddings."
_NEW_ROWS = ("classifier.", "bert.embeddings.token_type_embeddings.")
_LONGEST_GRADIENT = 1.0
_BETAS = (0.9, 0.99)
"""The second is lower than is usual, so that the row of a rare word is not thrown far by its first gradient."""


@dataclass(frozen=True, slots=True)
class Material:
    """What a stage learns from: sentences, one list a part, and the names to put in the place of theirs."""

    parts: Sequence[Sequence[Sentence]]
    names: Names


def rate_share(share_done: float, stage: Stage) -> float:
    """The learning rate as a share of its peak: up from zero in a line, then down to what the stage leaves."""
    if share_done < stage.warm_up_share:
        return share_done / stage.warm_up_share
    share_left = (1 - share_done) / (1 - stage.warm_up_share)
    return stage.last_rate_share + (1 - stage.last_rate_share) * share_left


class Walker:
    """Takes a net through the stages of a recipe; after each, the net has the weights that the stage ends with."""

    def __init__(self, net: BertForTokenClassification, tokenizer: Tokenizer) -> None:
        self._net, self._tokenizer = net, tokenizer

    def stage(self, stage: Stage, learnt_from: Material) -> Iterator[float]:
        """The mean loss of each epoch, as it ends."""
        start, ends = copy_of(self._net), []
        for seed in stage.seeds:
            self._net.load_state_dict(start)
            yield from _Walk(self._net, stage).epochs(self._tokenizer, learnt_from, seed)
            ends.append(copy_of(self._net))
        self._net.load_state_dict({name: torch.stack([end[name] for end in ends]).mean(dim=0) for name in start})


class _Walk:
    """One seed's way through a stage: the optimiser, and how fast it goes."""

    def __init__(self, net: BertForTokenClassification, stage: Stage) -> None:
        self._net, self._stage = net.train(), stage
        self._optimiser = torch.optim.AdamW(_groups(net, stage), betas=_BETAS, fused=True)
        self._peaks = [group["lr"] for group in self._optimiser.param_groups]

    def epochs(self, tokenizer: Tokenizer, learnt_from: Material, seed: int) -> Iterator[float]:
        torch.manual_seed(seed)
        random, how = Random(seed), self._stage.augmentation
        for epoch in range(self._stage.epochs):
            examples = [x for part in learnt_from.parts for x in augmented(part, learnt_from.names, how, random)]
            steps = list(batches(features(tokenizer, examples), self._stage.batch_tokens, random))
            done = [(epoch + number / len(steps)) / self._stage.epochs for number in range(len(steps))]
            yield sum(self._step(batch, share) for batch, share in zip(steps, done, strict=True)) / len(steps)

    def _step(self, batch: Batch, share_done: float) -> float:
        for group, peak in zip(self._optimiser.param_groups, self._peaks, strict=True):
            group["lr"] = peak * rate_share(share_done, self._stage)
        loss = _loss(self._net, batch)
        self._optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(self._net.parameters(), _LONGEST_GRADIENT)
        self._optimiser.step()
        return loss.item()


def _groups(net: BertForTokenClassification, stage: Stage) -> list[dict[str, object]]:
    """The weights by how fast they go, and whether they decay: a word that no sentence has must not move at all."""
    kinds: dict[tuple[float, float], list[torch.Tensor]] = {}
    for name, weight in net.named_parameters():
        rate = _rate(name, stage)
        weight.requires_grad = rate > 0
        decays = weight.ndim > 1 and not name.startswith((_WORDS, *_NEW_ROWS))
        kinds.setdefault((rate, stage.weight_decay if decays else 0.0), []).append(weight)
    return [{"params": weights, "lr": rate, "weight_decay": decay} for (rate, decay), weights in kinds.items() if rate]


def _rate(name: str, stage: Stage) -> float:
    if name.startswith(_FROZEN):
        return 0.0
    if name.startswith(_WORDS):
        return stage.words_learning_rate
    return stage.new_rows_learning_rate if name.startswith(_NEW_ROWS) else stage.learning_rate


def _loss(net: BertForTokenClassification, batch: Batch) -> torch.Tensor:
    logits = net(
        input_ids=batch.input_ids,
        token_type_ids=batch.token_type_ids,
        attention_mask=batch.attention_mask,
    ).logits  # (B, T, L)
    return functional.cross_entropy(logits.flatten(0, 1), batch.labels.flatten(), ignore_index=UNLABELLED)
