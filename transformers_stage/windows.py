"""Texts longer than the model sees at once: overlapping windows of tokens, and the merge of what was said of each.

Pure; knows neither text nor tokenizer.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True, slots=True)
class Window:
    """A slice of a text's tokens; `end` is exclusive."""

    start: int
    end: int

    def __len__(self) -> int:
        return self.end - self.start


def windows(token_count: int, *, window_tokens: int, overlap_tokens: int) -> list[Window]:
    """Windows that cover every token, each at least `overlap_tokens` into the one before it.

    All but a lone one are `window_tokens` long: the last reaches back rather than being short, so it never lacks
    context.
    """
    if not 0 <= overlap_tokens < window_tokens:
        raise ValueError("overlap_tokens must be less than window_tokens")
    if token_count <= window_tokens:
        return [Window(0, token_count)]
    starts = [*range(0, token_count - window_tokens, window_tokens - overlap_tokens), token_count - window_tokens]
    return [Window(start, start + window_tokens) for start in starts]


@dataclass(frozen=True, slots=True)
class TokenLabels:
    """What the model says of each token: the label's id and its probability. Shapes: both [T]."""

    label_ids: npt.NDArray[np.int32]
    scores: npt.NDArray[np.float32]


def merge(parts: Sequence[tuple[Window, TokenLabels]]) -> TokenLabels:
    """One label a token, from the windows of one text in their order.

    Where two windows overlap, the one whose edge is farther from the token wins: a token at an edge has seen half of
    its context. So neighbours part in the middle of what they share. Source: the maximum-context rule of BERT's
    question answering (Devlin et al. 2019, `run_squad.py`).
    """
    if len(parts) == 1:
        return parts[0][1]
    token_count = parts[-1][0].end
    label_ids, scores = np.zeros(token_count, np.int32), np.zeros(token_count, np.float32)
    cuts = [
        0,
        *(-(-(left.end + right.start) // 2) for (left, _), (right, _) in pairwise(parts)),
        token_count,
    ]
    for (window, labels), start, end in zip(parts, cuts[:-1], cuts[1:], strict=True):
        inside = slice(start - window.start, end - window.start)
        label_ids[start:end], scores[start:end] = labels.label_ids[inside], labels.scores[inside]
    return TokenLabels(label_ids, scores)
