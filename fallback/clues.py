"""Clues: what speaks for or against a candidate, as pairs like ("before", "mr") or ("last class", "city").

`weights` says how much a clue counts for each label. A clue looks at the candidate and two tokens on either side.
"""

from functools import lru_cache

from fallback.lexicon import UNKNOWN, Lexicon
from fallback.reading import Reading

Clue = tuple[str, str]
"""(what is looked at, what is seen there)."""

NOTHING = "(nothing)"
OTHER = "(other)"
SENTENCE_ENDS = frozenset(".!?")
OPENERS = frozenset(".!?:\"\u201c\u201d\u2018'*-…|\n")
"""Marks after which a capital letter may be due to its place alone."""

SUFFIX_LIST = """
    abad able al bank berg borough burg burgh city co com corp dale ed er ese ev ez field ford ful gate grad ham ian
    ic ical ien ing ion ish ism ist ity ive land ly ment mouth ness net ous ov ova port pur sen shire ska ski sky soft
    son stan tech tion ton town ville wick wood worth a e i o s u y
"""
SUFFIXES = frozenset(SUFFIX_LIST.split())
LONGEST_SUFFIX = 7
ACRONYM_LENGTH = 5
CLASSED = (
    "before class", "before name", "before2 class", "after class", "after name", "after2 class",
    "word", "begins", "first class", "last class", "begins with", "phrase", "inner class",
)  # fmt: skip
"""The clues that see a set of classes; `weights` adds up what each class of the set counts."""


def left_of(reading: Reading, start: int) -> list[Clue]:
    """The clues before a candidate that starts at token `start`, as far as its sentence goes."""
    near, far = start - 1, start - 2
    if near < 0 or ends_sentence(reading.lowers[near]):
        return [("before", NOTHING)]
    part = "before name" if reading.named[near] else "before class"
    found = [("before", reading.lowers[near]), (part, reading.classes[near])]
    if far < 0 or ends_sentence(reading.lowers[far]):
        return [*found, ("before2", NOTHING)]
    return [*found, ("before2", reading.lowers[far]), ("before2 class", reading.classes[far])]


def right_of(reading: Reading, end: int) -> list[Clue]:
    """The clues after a candidate whose last token is the one before `end`, as far as its sentence goes."""
    size, far = len(reading.words), end + 1
    if end == size or reading.lowers[end].isspace():
        return [("after", NOTHING)]
    part = "after name" if reading.named[end] else "after class"
    found = [("after", reading.lowers[end]), (part, reading.classes[end])]
    if far == size or ends_sentence(reading.lowers[end]) or reading.lowers[far].isspace():
        return found
    return [*found, ("after2", reading.lowers[far]), ("after2 class", reading.classes[far])]


def ends_sentence(word: str) -> bool:
    return word in SENTENCE_ENDS or word.isspace()


def single(classes: str, form: str, ending: str, *, begins: bool) -> list[Clue]:
    """The clues that one word gives as a name by itself."""
    found = [("word", classes), ("shape", form), (form, classes), ("ends", ending)]
    return [*found, ("begins", classes)] if begins else found


def first_of(classes: str, form: str, *, begins: bool) -> list[Clue]:
    """The clues of the first word of a name of several words."""
    found = [("first class", classes), ("first shape", form)]
    return [*found, ("begins", "a phrase"), ("begins with", classes)] if begins else found


def last_of(classes: str, form: str, ending: str) -> list[Clue]:
    """The clues of the last word of a name of several words."""
    return [("last class", classes), ("last shape", form), ("ends", ending)]


def inner_of(reading: Reading, at: int) -> list[Clue]:
    """The clue of a word between the first and the last of a name."""
    return [("inner class", reading.classes[at]) if reading.named[at] else ("has", reading.lowers[at])]


def whole(reading: Reading, start: int, end: int, lexicon: Lexicon) -> list[Clue]:
    """The clues of a name of several words that none of its words gives alone."""
    known = lexicon.get(" ".join(reading.lowers[start:end]))
    length = ("length", str(end - start))
    return [length, ("phrase", known)] if known else [length]


def kind_of_word(reading: Reading, at: int) -> tuple[str, str, str, bool]:
    """What `single`, `first_of` and `last_of` look at: classes, form, ending, and whether a sentence begins here."""
    classes = reading.classes[at]
    return classes, shape(reading.words[at]), suffix(reading.lowers[at], classes), begins_sentence(reading, at)


def begins_sentence(reading: Reading, at: int) -> bool:
    return not at or reading.lowers[at - 1][0] in OPENERS


@lru_cache(maxsize=4096)
def shape(word: str) -> str:
    """How a word is written, in one word."""
    if word.islower():
        return "lower"
    if word.isupper():
        letters = len(word.rstrip("."))
        return "initial" if letters == 1 else "acronym" if letters <= ACRONYM_LENGTH else "capitals"
    if not word.isalpha():
        return "mixed"
    return "title" if word[1:].islower() else "camel"


def suffix(lower: str, classes: str) -> str:
    """The longest telling ending of a word that no list holds."""
    if classes != UNKNOWN:
        return "(known)"
    for length in range(min(LONGEST_SUFFIX, len(lower) - 2), 0, -1):
        if lower[-length:] in SUFFIXES:
            return lower[-length:]
    return OTHER
