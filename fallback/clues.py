"""Clues: what speaks for or against a candidate, each under a readable name ("before: mr", "last class: org_end").

`weights` says how much a clue counts for each label. A clue looks at the candidate and at two tokens on either side, no farther.
"""

from functools import lru_cache

from fallback.lexicon import UNKNOWN, Lexicon
from fallback.reading import Reading

NOTHING = "(nothing)"
OPENERS = frozenset(".!?:\"“”'‘*-…|")
SUFFIXES = frozenset(
    "stan ville burg burgh berg borough shire ford ham ton town land field port pur abad grad city dale wood worth wick mouth "
    "son sen ski sky ska ov ova ev ez es ian ien ese ish ist ism er ing ly ed able ful ness ment tion ity ic ical al ous ive "
    "corp tech soft bank net com co gate i o a e u y s".split()
)
LONGEST_SUFFIX = 7
ACRONYM_LENGTH = 5
KINDS = (
    "org_end title role demonym calendar given surname country metropolis city place region organisation company place_end "
    "place_head org_head thing common"
).split()
CLASSED = (
    "before class", "before name", "before2 class", "after class", "after name", "after2 class",
    "word", "begins", "first class", "last class", "begins with", "phrase", "inner class",
)  # fmt: skip
"""The clues whose value is a set of classes; `weights` adds up what each class of the set counts."""


def left_of(reading: Reading, start: int) -> list[str]:
    """The clues before a candidate that starts at token `start`."""
    if not start:
        return [f"before: {NOTHING}"]
    near = start - 1
    word = reading.lowers[near]
    part = "before name" if reading.named[near] else "before class"
    found = [f"before: {word}", f"{part}: {reading.classes[near]}"]
    if not near:
        return [*found, f"before2: {NOTHING}"]
    far = reading.lowers[near - 1]
    return [*found, f"before2: {far}", f"before words: {far} {word}", f"before2 class: {reading.classes[near - 1]}"]


def right_of(reading: Reading, end: int) -> list[str]:
    """The clues after a candidate whose last token is the one before `end`."""
    if end == len(reading):
        return [f"after: {NOTHING}"]
    part = "after name" if reading.named[end] else "after class"
    found = [f"after: {reading.lowers[end]}", f"{part}: {reading.classes[end]}"]
    if end + 1 == len(reading):
        return found
    return [*found, f"after2: {reading.lowers[end + 1]}", f"after2 class: {reading.classes[end + 1]}"]


def single(reading: Reading, at: int) -> list[str]:
    """The clues that one word gives as a name by itself."""
    classes, form = reading.classes[at], shape(reading.words[at])
    found = [f"word: {classes}", f"shape: {form}", f"{form}: {classes}"]
    if begins_sentence(reading, at):
        found.append(f"begins: {classes}")
    if classes == UNKNOWN:
        found.append(f"ends: {suffix(reading.lowers[at])}")
    return found


def first_of(reading: Reading, at: int) -> list[str]:
    """The clues of the first word of a name of several words."""
    classes = reading.classes[at]
    found = [f"first: {reading.lowers[at]}", f"first class: {classes}"]
    if begins_sentence(reading, at):
        found += ("begins a phrase", f"begins with: {classes}")
    return found


def last_of(reading: Reading, at: int) -> list[str]:
    """The clues of the last word of a name of several words."""
    word, classes = reading.lowers[at], reading.classes[at]
    found = [f"last: {word}", f"last class: {classes}"]
    if classes == UNKNOWN:
        found.append(f"ends: {suffix(word)}")
    return found


def whole(reading: Reading, start: int, end: int, lexicon: Lexicon) -> list[str]:
    """The clues of a name of several words that neither its first nor its last gives alone."""
    words, lowers, classes = reading.words, reading.lowers, reading.classes
    last = end - 1
    found = [
        f"length: {end - start}",
        f"pair: {kind(classes[start])} {kind(classes[last])}",
        f"shapes: {shape(words[start])} {shape(words[last])}",
    ]
    known = lexicon.get(" ".join(lowers[start:end]))
    if known:
        found.append(f"phrase: {known}")
    for index in range(start + 1, last):
        found.append(f"inner class: {classes[index]}" if reading.named[index] else f"has: {lowers[index]}")
    return found


def begins_sentence(reading: Reading, at: int) -> bool:
    """Whether the word's capital may be due to its place alone."""
    return not at or reading.lowers[at - 1] in OPENERS


@lru_cache(maxsize=4096)
def shape(word: str) -> str:
    """How a word is written: `title`, `acronym`, …"""
    if word.islower():
        return "lower"
    if word.isupper():
        letters = len(word.rstrip("."))
        return "initial" if letters == 1 else "acronym" if letters <= ACRONYM_LENGTH else "capitals"
    if not word.isalpha():
        return "mixed"
    return "title" if word[1:].islower() else "camel"


def suffix(lower: str) -> str:
    """The longest telling ending of an unknown word."""
    for length in range(min(LONGEST_SUFFIX, len(lower) - 2), 0, -1):
        if lower[-length:] in SUFFIXES:
            return lower[-length:]
    return "(other)"


@lru_cache(maxsize=1024)
def kind(classes: str) -> str:
    """The one class that says most of a name's part."""
    held = classes.split("+")
    if "given" in held and "surname" in held:
        return "given_or_surname"
    return next((name for name in KINDS if name in held), UNKNOWN)
