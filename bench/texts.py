"""The texts of every benchmark: 2,000, made from the words beside this file, always the same: no data set is needed.

Lengths are log-normal, as measured on mixed texts: mean 36 tokens, median 27, p95 96, at most 221. Every word, and each
full stop, is one token of the shipped model's vocabulary, so a text has the length that was drawn for it.
"""

import math
import random
from collections.abc import Iterator
from pathlib import Path

COUNT = 2_000
MEDIAN_TOKENS, SPREAD = 27, 0.78
SHORTEST_TOKENS, LONGEST_TOKENS = 4, 221
_FRAME_TOKENS = 2  # [CLS] and [SEP]
_SENTENCE_WORDS = (6, 18)
_NAMED_SHARE = 0.12  # of words

_WORDS = (Path(__file__).parent / "words.txt").read_text(encoding="utf-8").split()
_NAMES = (Path(__file__).parent / "names.txt").read_text(encoding="utf-8").split()


def texts(count: int = COUNT, seed: int = 0) -> list[str]:
    """The first `count` texts."""
    draw = random.Random(seed)  # noqa: S311 - texts, not secrets
    return [_text(draw, _tokens(draw)) for _ in range(count)]


def _tokens(draw: random.Random) -> int:
    drawn = round(math.exp(draw.gauss(math.log(MEDIAN_TOKENS), SPREAD)))
    return min(LONGEST_TOKENS, max(SHORTEST_TOKENS, drawn))


def _text(draw: random.Random, tokens: int) -> str:
    return " ".join(_sentences(draw, tokens - _FRAME_TOKENS))


def _sentences(draw: random.Random, tokens: int) -> Iterator[str]:
    """Sentences of `tokens` words and full stops together, at least 2."""
    while tokens:
        words = min(draw.randint(*_SENTENCE_WORDS), tokens - 1)
        if words + 2 == tokens:  # the last one would be a full stop alone
            words -= 1
        chosen = [draw.choice(_NAMES if draw.random() < _NAMED_SHARE else _WORDS) for _ in range(words)]
        yield " ".join([chosen[0][0].upper() + chosen[0][1:], *chosen[1:]]) + "."
        tokens -= words + 1
