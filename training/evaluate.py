"""How well an extractor does on labelled sentences: the model, the fallback or a peer, all by the same rule.

Strict micro F1 of mentions by seqeval, IOB2: a mention counts when its first word, last word and label are right.
"""

import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from seqeval.metrics.v1 import precision_recall_fscore_support
from seqeval.scheme import IOB2

from summit_inference.spans import LABELS, Span
from training.corpora import Sentence, word_starts, written

Extract = Callable[[Sequence[str]], Sequence[Sequence[Span]]]
"""Texts to their spans, in order."""


@dataclass(frozen=True, slots=True)
class Score:
    """Units: all in percent but `mentions`, the number of gold mentions."""

    precision: float
    recall: float
    f1: float
    mentions: int


@dataclass(frozen=True, slots=True)
class Scores:
    """What an extractor reached on one data set."""

    micro: Score
    by_label: dict[str, Score]


def evaluate(extract: Extract, sentences: Sequence[Sentence]) -> Scores:
    """The scores of `extract` on the sentences, each written with a space between words."""
    found = extract([written(sentence).text for sentence in sentences])
    tags = [list(tagged(sentence, spans)) for sentence, spans in zip(sentences, found, strict=True)]
    gold = [list(sentence.tags) for sentence in sentences]
    by_label = {label: _score(_only(gold, label), _only(tags, label)) for label in LABELS}
    return Scores(_score(gold, tags), by_label)


def tagged(sentence: Sentence, spans: Sequence[Span]) -> list[str]:
    """The spans as IOB2 tags of the sentence's words: a span takes the words that it touches and no other has."""
    places = [(start, start + len(w)) for start, w in zip(word_starts(sentence.words), sentence.words, strict=True)]
    tags = ["O"] * len(places)
    for span in sorted(spans, key=lambda span: span.start):
        touched = [number for number, (start, end) in enumerate(places) if start < span.end and span.start < end]
        free = [number for number in touched if tags[number] == "O"]
        for number in free:
            tags[number] = f"{'B' if number == free[0] else 'I'}-{span.label}"
    return tags


def p50_ms(extract: Extract, texts: Sequence[str]) -> float:
    """The median time for one text alone, in milliseconds."""
    took = []
    for text in texts:
        start = time.perf_counter()
        extract([text])
        took.append(time.perf_counter() - start)
    return statistics.median(took) * 1000


def _only(rows: Sequence[Sequence[str]], label: str) -> list[list[str]]:
    return [[tag if tag.endswith(f"-{label}") else "O" for tag in row] for row in rows]


def _score(gold: list[list[str]], found: list[list[str]]) -> Score:
    precision, recall, f1, mentions = precision_recall_fscore_support(
        gold, found, average="micro", scheme=IOB2, zero_division=0
    )
    return Score(100 * float(precision), 100 * float(recall), 100 * float(f1), int(mentions))
