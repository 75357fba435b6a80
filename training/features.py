"""Examples as rows of numbers, encoded as serving encodes them, and grouped so that little is padded."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from random import Random

import numpy as np
import torch

from training.corpora import TAGS, Example
from transformers_stage.tokenizer import Encoding, Tokenizer

UNLABELLED = -100
"""The label id of tokens that no loss looks at: special tokens, and all but the first token of a word."""


@dataclass(frozen=True, slots=True)
class Features:
    """One example. Shapes: all [T], special tokens included."""

    ids: list[int]
    token_types: list[int]
    label_ids: list[int]

    def __len__(self) -> int:
        return len(self.ids)


@dataclass(frozen=True, slots=True)
class Batch:
    """Examples of like length. Shapes: all [B,T]."""

    input_ids: torch.Tensor
    token_type_ids: torch.Tensor
    attention_mask: torch.Tensor
    labels: torch.Tensor


def features(tokenizer: Tokenizer, examples: Sequence[Example], limit_tokens: int = 256) -> list[Features]:
    """One row an example, cut off after `limit_tokens`."""
    encodings = tokenizer.encode([example.text for example in examples])
    return [_framed(tokenizer, e, label_ids(e, x), limit_tokens) for e, x in zip(encodings, examples, strict=True)]


def label_ids(encoding: Encoding, example: Example) -> list[int]:
    """The label id of each word's first token; the other tokens are unlabelled."""
    found = np.where(encoding.is_word_start, 0, UNLABELLED)
    for span in example.spans:
        inside = np.flatnonzero(encoding.is_word_start & (encoding.starts >= span.start) & (encoding.starts < span.end))
        found[inside] = TAGS.index(f"I-{span.label}")
        found[inside[:1]] = TAGS.index(f"B-{span.label}")
    return [int(number) for number in found]


def _framed(tokenizer: Tokenizer, encoding: Encoding, labels: list[int], limit_tokens: int) -> Features:
    before, after = tokenizer.prefix_ids, tokenizer.suffix_ids
    room = limit_tokens - len(before) - len(after)
    types = [0] * len(encoding) if encoding.token_type_ids is None else encoding.token_type_ids.tolist()
    return Features(
        ids=[*before, *encoding.ids[:room].tolist(), *after],
        token_types=[*[0] * len(before), *types[:room], *[0] * len(after)],
        label_ids=[*[UNLABELLED] * len(before), *labels[:room], *[UNLABELLED] * len(after)],
    )


def batches(rows: Sequence[Features], batch_tokens: int, random: Random) -> Iterator[Batch]:
    """The rows in groups of at most `batch_tokens` padded tokens, like lengths together, the groups in random order."""
    shuffled = sorted(rows, key=lambda row: len(row) + random.random())
    groups: list[list[Features]] = [[]]
    for row in shuffled:
        if groups[-1] and len(row) * (len(groups[-1]) + 1) > batch_tokens:
            groups.append([])
        groups[-1].append(row)
    random.shuffle(groups)
    return (batch_of(group) for group in groups if group)


def batch_of(rows: Sequence[Features]) -> Batch:
    """The rows as one table, the shorter ones padded."""
    width = max(map(len, rows))

    def table(column: Sequence[list[int]], filler: int) -> torch.Tensor:
        return torch.tensor([values + [filler] * (width - len(values)) for values in column])

    return Batch(
        input_ids=table([row.ids for row in rows], 0),
        token_type_ids=table([row.token_types for row in rows], 0),
        attention_mask=table([[1] * len(row) for row in rows], 0),
        labels=table([row.label_ids for row in rows], UNLABELLED),
    )
