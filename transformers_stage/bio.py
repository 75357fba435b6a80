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
_SURE = 0.9
"""Of an I that follows nothing: what a model that was trained on IOB2 says less surely is a border that it missed."""


@dataclass(frozen=True, slots=True)
class Tag:
    """What one label id of a model means. `label` is None outside of any mention."""

    label: str | None
    is_begin: bool = False
    """A B: a mention begins here."""
    is_inside: bool = False
    """An I: the mention before it goes on."""


class TagSet:
    """The tags of one model, by id, from its config's `id2label`.

    Understands IOB2 (`B-PER`, `I-PER`, `O`) and bare labels (`PER`), which join their like and begin anew otherwise.
    """

    def __init__(self, id2label: Mapping[int, str]) -> None:
        self._tags = [_tag(id2label[at]) for at in range(len(id2label))]
        self.labels = tuple(dict.fromkeys(tag.label for tag in self._tags if tag.label))
        self._is_entity = np.asarray([tag.label is not None for tag in self._tags])

    def spans(self, text: str, encoding: Encoding, labels: TokenLabels) -> list[Span]:
        """The mentions of `text` in its order.

        A mention goes on through every I, whatever its label, and carries the label with the highest sum of scores:
        what the model says of a border is surer than what it says of a label. An I that follows no mention starts one
        only where the model is sure, as those are that know no other beginning (IOB1). The span's score is that sum
        over the number of words.
        """
        firsts = np.flatnonzero(encoding.is_word_start)
        label_ids = labels.label_ids[firsts]
        if not self._is_entity[label_ids].any():
            return []
        word_ends = encoding.ends[np.append(firsts[1:], len(encoding)) - 1]
        spans: list[Span] = []
        run = _Run()
        for word in np.flatnonzero(self._is_entity[label_ids]).tolist():
            tag, score = self._tags[label_ids[word]], float(labels.scores[firsts[word]])
            if not run.goes_on(tag, word):
                if tag.is_inside and score < _SURE:
                    continue
                spans += run.span(text)
                run = _Run(int(encoding.starts[firsts[word]]))
            run.add(tag, word, int(word_ends[word]), score)
        return [*spans, *run.span(text)]


def _tag(name: str) -> Tag:
    if name == _OUTSIDE:
        return Tag(None)
    if name[:2] in {"B-", "I-"}:
        return Tag(name[2:], is_begin=name[0] == "B", is_inside=name[0] == "I")
    return Tag(name)


class _Run:
    """A mention in the making: words that follow one another."""

    def __init__(self, start: int = 0) -> None:
        self._start, self._end = start, start
        self._words = 0
        self._next_word = -1
        self._sums: dict[str, float] = {}

    def goes_on(self, tag: Tag, word: int) -> bool:
        if word != self._next_word or tag.is_begin:
            return False
        return tag.is_inside or tag.label in self._sums

    def add(self, tag: Tag, word: int, end: int, score: float) -> None:
        self._words += 1
        self._next_word, self._end = word + 1, end
        if tag.label is not None:
            self._sums[tag.label] = self._sums.get(tag.label, 0.0) + score

    def span(self, text: str) -> list[Span]:
        """The finished mention; none where nothing was begun, or where a word had no text (a lone accent, say)."""
        if not self._sums or self._start >= self._end:
            return []
        label = max(self._sums, key=lambda name: self._sums[name])
        score = self._sums[label] / self._words
        return [Span(text[self._start : self._end], label, self._start, self._end, score)]
