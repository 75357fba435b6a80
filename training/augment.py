"""Sentences made anew from sentences: other names in their places, other case, typed as people do, joined to documents.

Pure: every function takes its own `Random`, and the same one gives the same result. Knows neither models nor files.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from random import Random

from training.corpora import Example, Sentence, written

Names = Mapping[str, Sequence[tuple[str, ...]]]
"""Names to put in the place of others: label → names, each a tuple of words."""

_GLUED = frozenset([*",.;:!?)]%", "...", "'s", "'S", "n't", "'re", "'ll", "'ve", "'m", "'d"])
_OPENING = frozenset(["(", "[", "$", "#", "@"])
_HANDLE_MARKS = frozenset(["#", "@"])


@dataclass(frozen=True, slots=True)
class Augmentation:
    """How often each change is made. Units: every field but the last is a probability, 0 to 1."""

    keep_nameless: float = 1.0
    """A sentence without a mention stays for this epoch."""
    rename: float = 0.0
    """A mention gets another name of its label."""
    lower: float = 0.0
    """A sentence loses its capitals."""
    upper: float = 0.0
    """A sentence gets nothing but capitals."""
    tidy: float = 0.0
    """A sentence is written as people type it, with no space before a comma."""
    join: float = 0.0
    """A sentence is followed by the next one of its corpus in the same text."""
    join_limit_words: int = 90


def names_in(sentences: Iterable[Sentence]) -> dict[str, list[tuple[str, ...]]]:
    """The names that the sentences mention, by label; one that is mentioned twice stands there twice."""
    found: dict[str, list[tuple[str, ...]]] = {}
    for sentence in sentences:
        for start, end, label in sentence.mentions():
            found.setdefault(label, []).append(sentence.words[start:end])
    return found


def augmented(sentences: Sequence[Sentence], names: Names, how: Augmentation, random: Random) -> list[Example]:
    """The sentences changed as `how` says and written out; fewer than came in, where some were joined."""
    kept = [s for s in sentences if any(tag != "O" for tag in s.tags) or random.random() < how.keep_nameless]
    changed = [recased(renamed(sentence, names, how.rename, random), how, random) for sentence in kept]
    texts = joined(changed, how, random)
    return [written(text, tidy_places(text.words) if random.random() < how.tidy else frozenset()) for text in texts]


def renamed(sentence: Sentence, names: Names, chance: float, random: Random) -> Sentence:
    """The sentence with some of its mentions replaced by others of the same label, in the case of the replaced one.

    What stands behind a hash or an at sign stays: a hashtag is one word.
    """
    words, tags, done = [], [], 0
    for start, end, label in sentence.mentions():
        marked = start > 0 and sentence.words[start - 1] in _HANDLE_MARKS
        if marked or label not in names or random.random() >= chance:
            continue
        name = cased_like(sentence.words[start:end], random.choice(names[label]))
        words += [*sentence.words[done:start], *name]
        tags += [*sentence.tags[done:start], f"B-{label}", *[f"I-{label}"] * (len(name) - 1)]
        done = end
    return Sentence((*words, *sentence.words[done:]), (*tags, *sentence.tags[done:]))


def cased_like(model: Sequence[str], name: Sequence[str]) -> tuple[str, ...]:
    """The name in lower or upper case, where all of the model is."""
    text = "".join(model)
    if text.islower():
        return tuple(word.lower() for word in name)
    if text.isupper() and len(text) > 4:  # noqa: PLR2004 - "UK" and "NATO" are names in ordinary text
        return tuple(word.upper() for word in name)
    return tuple(name)


def recased(sentence: Sentence, how: Augmentation, random: Random) -> Sentence:
    """The sentence, now and then all in lower or all in upper case."""
    draw = random.random()
    if draw < how.lower:
        return Sentence(tuple(map(str.lower, sentence.words)), sentence.tags)
    if draw < how.lower + how.upper:
        return Sentence(tuple(map(str.upper, sentence.words)), sentence.tags)
    return sentence


def joined(sentences: Sequence[Sentence], how: Augmentation, random: Random) -> list[Sentence]:
    """The sentences in order, some of them run together with their followers up to the limit of words."""
    texts: list[Sentence] = []
    for sentence in sentences:
        if texts and random.random() < how.join and len(texts[-1].words) + len(sentence.words) <= how.join_limit_words:
            texts[-1] = texts[-1] + sentence
        else:
            texts.append(sentence)
    return texts


def tidy_places(words: Sequence[str]) -> frozenset[int]:
    """The numbers of the words that no space stands before, once the sentence is typed as people do."""
    return frozenset(
        number for number in range(1, len(words)) if words[number] in _GLUED or words[number - 1] in _OPENING
    )
