"""BIO tags to spans: which words make a mention, and of what.

A word is what the tokenizer's pre-tokenizer says it is; its tag is that of its first token, as in training
(Devlin et al. 2019, section 5.3). Pure.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from summit_inference.spans import Span
from transformers_stage.tokenizer import Encoding
from transformers_stage.windows import TokenLabels

_OUTSIDE = "O"


@dataclass(frozen=True, slots=True)
class Tag:
    """What one label id of a model means. `label` is None outside of any mention."""

    label: str | None
    is_begin: bool


class TagSet:
    """The tags of one model, by id, from its config's `id2label`.

    Understands IOB2 (`B-PER`, `I-PER`, `O`) and bare labels (`PER`), which never begin anew beside their like.
    """

    def __init__(self, id2label: Mapping[int, str]) -> None:
        self._tags = [_tag(id2label[at]) for at in range(len(id2label))]
        self.labels = tuple(dict.fromkeys(tag.label for tag in self._tags if tag.label))
        self._is_entity = np.asarray([tag.label is not None for tag in self._tags])

    def spans(self, text: str, encoding: Encoding, labels: TokenLabels) -> list[Span]:
        """The mentions of `text` in its order; a span's score is the mean of its words' scores.

        A stray I, or one after another label, starts a mention: the model was sure of the label, less so of the border.
        """
        firsts = np.flatnonzero(encoding.is_word_start)
        label_ids = labels.label_ids[firsts]
        if not self._is_entity[label_ids].any():
            return []
        word_ends = encoding.ends[np.append(firsts[1:], len(encoding)) - 1]
        spans, run = [], _Run()
        for word in np.flatnonzero(self._is_entity[label_ids]).tolist():
            tag = self._tags[label_ids[word]]
            if not run.goes_on(tag, word):
                spans += run.span(text)
                run = _Run(tag.label, int(encoding.starts[firsts[word]]))
            run.add(word, int(word_ends[word]), float(labels.scores[firsts[word]]))
        return [*spans, *run.span(text)]


def _tag(name: str) -> Tag:
    if name == _OUTSIDE:
        return Tag(None, is_begin=False)
    if name[:2] in {"B-", "I-"}:
        return Tag(name[2:], is_begin=name[0] == "B")
    return Tag(name, is_begin=False)


class _Run:
    """A mention in the making: words that follow one another and carry one label."""

    def __init__(self, label: str | None = None, start: int = 0) -> None:
        self._label, self._start, self._end = label, start, start
        self._last_word = -1
        self._scores: list[float] = []

    def goes_on(self, tag: Tag, word: int) -> bool:
        return tag.label == self._label and not tag.is_begin and word == self._last_word + 1

    def add(self, word: int, end: int, score: float) -> None:
        self._last_word, self._end = word, end
        self._scores.append(score)

    def span(self, text: str) -> list[Span]:
        """The finished mention; none where nothing was begun, or where a word had no text (a lone accent, say)."""
        if self._label is None or self._start >= self._end:
            return []
        score = sum(self._scores) / len(self._scores)
        return [Span(text[self._start : self._end], self._label, self._start, self._end, score)]
