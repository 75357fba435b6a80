"""Lexicon: which classes (`given`, `city`, `title`, …) a word or a phrase belongs to.

The lists are the text files in `data/`: a line `[class]` opens a class, its entries follow, one a line or with commas
between. `data/README.md` says where they come from. Entries and look-ups are in lower case.
"""

import re
from collections.abc import Iterable
from functools import cache
from importlib.resources import files

FILES = ("cues", "places", "organisations", "people", "words", "names", "cities", "regions", "companies")
UNKNOWN = "unknown"
INITIAL = "initial"
"""The classes of words that no list holds."""

Lexicon = dict[str, str]
"""Phrase → its classes joined by a plus sign, in the order of the lists: `"paris"` → `"given+surname+metropolis"`."""


def parsed(sources: Iterable[str]) -> Lexicon:
    """The lexicon that the texts of list files describe."""
    lexicon: Lexicon = {}
    joined: dict[tuple[str, str], str] = {}  # every combination is one string, however many phrases share it
    for source in sources:
        for section in re.split(r"^\[", source, flags=re.MULTILINE)[1:]:
            name, _, body = section.partition("]\n")
            for entry in body.replace("\n", ",").split(","):
                phrase = entry.strip()
                had = lexicon.get(phrase)
                if had is None:
                    lexicon[phrase] = name
                elif name not in had.split("+"):
                    lexicon[phrase] = joined.setdefault((had, name), f"{had}+{name}")
    lexicon.pop("", None)
    return lexicon


@cache
def lexicon() -> Lexicon:
    """The lists that ship in `data/`, read once, at the first call."""
    folder = files("fallback") / "data"
    return parsed((folder / f"{name}.txt").read_text("utf-8") for name in FILES)
