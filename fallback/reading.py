"""Reading: a text as the rules see it, each token with its classes, and the runs in which names may stand.

A run is a stretch of capitalised words with the few small words that names contain ("Bank of England"). Runs are cut at
`MAX_RUN` tokens, so that the work for a text grows with its length alone, whatever is in it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from fallback.lexicon import INITIAL, UNKNOWN, Lexicon
from fallback.tokens import tokens

MAX_RUN = 24
MAX_CONNECTORS = 2
CONNECTOR_LIST = """
    of the and & for 's \u2019s - \u2013 ' ,
    de da do dos das del della di du des van von der den bin ibn al el la le y e
"""
CONNECTORS = frozenset(CONNECTOR_LIST.split())
INFLECTIONS = ("s", "ed", "d", "ing", "ly")
FAMOUS = frozenset(("country", "metropolis", "place", "organisation", "person", "region"))


@dataclass(frozen=True, slots=True)
class Reading:
    """Token i: `words[i]`, its lower case, its first code point, its classes, whether a name may begin or end there."""

    words: list[str]
    lowers: list[str]
    starts: list[int]
    classes: list[str]
    named: list[bool]

    def __len__(self) -> int:
        return len(self.words)

    def end(self, index: int) -> int:
        """The code point after token `index`."""
        return self.starts[index] + len(self.words[index])

    def runs(self) -> Iterator[range]:
        """The tokens of each run; its first and its last may belong to a name."""
        at, size = 0, len(self)
        while at < size:
            if self.named[at]:
                run = range(at, self._end_of_run(at))
                yield run
                at = run.stop
            else:
                at += 1

    def _end_of_run(self, start: int) -> int:
        end = start + 1
        limit = min(len(self), start + MAX_RUN)
        while end < limit:
            step = end
            while step < limit and step - end < MAX_CONNECTORS and self._connects(step):
                step += 1
            if step == limit or not self.named[step]:
                break
            end = step + 1
        return end

    def _connects(self, index: int) -> bool:
        word = self.lowers[index]
        if word not in CONNECTORS or self.named[index]:
            return False
        return word != "," or self.classes[min(index + 1, len(self) - 1)].startswith("legal_form")


def read(text: str, lexicon: Lexicon) -> Reading:
    words, starts = tokens(text)
    lowers = [word.lower() for word in words]
    capitals = [word != lower for word, lower in zip(words, lowers, strict=True)]
    lowers = [without_stop(lower) if lower[-1] == "." else lower for lower in lowers]
    listed = [lexicon.get(lower, UNKNOWN) for lower in lowers]
    named = [
        is_name_part(word) if capital else is_famous(classes)
        for word, capital, classes in zip(words, capitals, listed, strict=True)
    ]
    classes = [
        classes_of_unlisted(lower, lexicon) if name and classes == UNKNOWN else classes
        for lower, name, classes in zip(lowers, named, listed, strict=True)
    ]
    return Reading(words, lowers, starts, classes, named)


def without_stop(lower: str) -> str:
    """An abbreviation as the lists have it, without its full stop: "inc", but "u.s." and "j."."""
    return lower[:-1] if lower.find(".") == len(lower) - 1 > 1 else lower


def is_name_part(word: str) -> bool:
    """Whether a word with a capital letter in it can be a name's part: mentions and links can't."""
    return word[0] != "@" and not word.startswith(("http", "www."))


@lru_cache(maxsize=1024)
def is_famous(classes: str) -> bool:
    """Whether the writer of a word in lower case may have meant a name: it is a famous one, and no common word."""
    held = classes.split("+")
    return "common" not in held and not FAMOUS.isdisjoint(held)


def classes_of_unlisted(lower: str, lexicon: Lexicon) -> str:
    """The classes of a name's part that is in no list: `initial`, or `common` for an inflection of a common word."""
    if lower[-1] == ".":
        return INITIAL
    for ending in INFLECTIONS:
        if lower.endswith(ending) and "common" in lexicon.get(lower.removesuffix(ending), ""):
            return "common"
    return UNKNOWN
