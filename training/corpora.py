"""Labelled sentences: read, split and written out as text with gold spans.

The files stand beside the project, not in it: one sentence a line, `{"tokens": […], "tags": […]}`, in IOB2.
Knows neither models nor tokenizers.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from summit_inference.errors import ConfigurationError
from summit_inference.spans import LABELS, Span

TAGS = ("O", *(f"{prefix}-{label}" for label in LABELS for prefix in "BI"))
"""The tags of the shipped models, in the order of their label ids."""

_WIKIGOLD_TRAIN_SHARE = 0.85


@dataclass(frozen=True, slots=True)
class Sentence:
    """Words and their IOB2 tags, equally many."""

    words: tuple[str, ...]
    tags: tuple[str, ...]

    def __post_init__(self) -> None:
        if len(self.words) != len(self.tags):
            raise ConfigurationError(
                f"A sentence has {len(self.words)} words and {len(self.tags)} tags: give each a tag."
            )
        if strange := set(self.tags) - set(TAGS):
            raise ConfigurationError(f"Unknown tags {sorted(strange)}: the shipped models know {', '.join(TAGS)}.")

    def __add__(self, other: Self) -> "Sentence":
        return Sentence(self.words + other.words, self.tags + other.tags)

    def mentions(self) -> Iterator[tuple[int, int, str]]:
        """(first word, word after the last, label) of every mention, in order."""
        start = 0
        for end in range(1, len(self.tags) + 1):
            if end == len(self.tags) or not self.tags[end].startswith("I-"):
                if self.tags[start] != "O":
                    yield start, end, self.tags[start][2:]
                start = end


@dataclass(frozen=True, slots=True)
class Example:
    """A text as a caller would send it, and the spans that a perfect extractor finds."""

    text: str
    spans: tuple[Span, ...]


def written(sentence: Sentence, glued: frozenset[int] = frozenset()) -> Example:
    """The sentence as text: a space between words, except before those numbered in `glued`."""
    starts, text = word_starts(sentence.words, glued), ""
    for start, word in zip(starts, sentence.words, strict=True):
        text += " " * (start - len(text)) + word
    spans = []
    for first, after, label in sentence.mentions():
        start, end = starts[first], starts[after - 1] + len(sentence.words[after - 1])
        spans.append(Span(text[start:end], label, start, end, score=1.0))
    return Example(text, tuple(spans))


def word_starts(words: Sequence[str], glued: frozenset[int] = frozenset()) -> list[int]:
    """The place of each word's first character in the written text."""
    starts, length = [], 0
    for number, word in enumerate(words):
        if number and number not in glued:
            length += 1
        starts.append(length)
        length += len(word)
    return starts


@dataclass(frozen=True, slots=True)
class Corpus:
    """One source of sentences and the licence that training on it has to name."""

    name: str
    title: str
    licence: str
    splits: tuple[str, ...]


_SPLITS = ("train", "dev", "test")
BTC = Corpus("btc", "Broad Twitter Corpus (Derczynski, Bontcheva and Roberts, 2016)", "CC BY 4.0", _SPLITS)
WNUT = Corpus("wnut", "WNUT-17 emerging entities (Derczynski et al., 2017)", "CC BY 4.0", _SPLITS)
WIKIGOLD = Corpus("wikigold", "WikiGold (Balasuriya et al., 2009)", "CC BY 4.0", _SPLITS)
UNER = Corpus("uner", "Universal NER, English EWT (Mayhew et al., 2024)", "CC BY-SA 4.0", ("dev",))
"""For judging only: its licence asks for the same licence of what is made from it."""
CORPORA = {corpus.name: corpus for corpus in (BTC, WNUT, WIKIGOLD, UNER)}


def read(path: Path) -> list[Sentence]:
    """The sentences of one file, in order.

    Raises:
        ConfigurationError: the file is missing, or a line is no labelled sentence.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise ConfigurationError(f"Cannot read the corpus {path}: name the folder that holds it.") from error
    return [_sentence(path, number, line) for number, line in enumerate(lines, 1) if line.strip()]


def split(directory: Path, corpus: Corpus, name: str) -> list[Sentence]:
    """The sentences of one split. WikiGold has no dev file: the last 15% of its train file are its dev split."""
    if name not in corpus.splits:
        raise ConfigurationError(f"{corpus.name} has no split {name!r}: choose from {', '.join(corpus.splits)}.")
    if corpus is not WIKIGOLD or name == "test":
        return read(directory / f"{corpus.name}_{name}.jsonl")
    sentences = read(directory / "wikigold_train.jsonl")
    boundary = int(len(sentences) * _WIKIGOLD_TRAIN_SHARE)
    return sentences[:boundary] if name == "train" else sentences[boundary:]


def _sentence(path: Path, number: int, line: str) -> Sentence:
    try:
        row = json.loads(line)
        return Sentence(tuple(row["tokens"]), tuple(row["tags"]))
    except (ValueError, KeyError, TypeError, ConfigurationError) as error:
        raise ConfigurationError(f"{path.name}, line {number}, is no labelled sentence.") from error
