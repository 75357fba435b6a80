"""Weights: how much each clue counts for each label, in log-odds against "no name".

`data/weights.tsv` is made by `data/fit.py` and read by people: a clue a line, then what it counts for PER, ORG and LOC.
"""

from collections.abc import Iterable
from functools import cache
from importlib.resources import files

from fallback.clues import CLASSED, Clue
from fallback.lexicon import UNKNOWN, Lexicon, lexicon

Odds = tuple[float, float, float]
"""Log-odds of the labels, in the order of `summit_inference.spans.LABELS`."""

Weights = dict[Clue, Odds]
NONE: Odds = (0.0, 0.0, 0.0)


def parts(clue: Clue) -> list[Clue]:
    """The clues that a clue stands for: one about several classes stands for each of them and for their combination."""
    where, seen = clue
    if where in CLASSED and "+" in seen:
        return [*((where, name) for name in seen.split("+")), clue]
    return [clue]


def total(clues: Iterable[Clue], weights: Weights, start: Odds = NONE) -> Odds:
    """`start` and what the clues count together; a clue without a weight counts nothing."""
    per, org, loc = start
    for clue in clues:
        weight = weights.get(clue)
        if weight:
            more_per, more_org, more_loc = weight
            per += more_per
            org += more_org
            loc += more_loc
    return per, org, loc


def parsed(table: str) -> Weights:
    rows = (line.split("\t") for line in table.splitlines()[1:])
    return {(where, seen): (float(per), float(org), float(loc)) for where, seen, per, org, loc in rows}


def summed(weights: Weights, words: Lexicon) -> Weights:
    """The weights, with an entry for every combination of classes that the lexicon holds: a look-up is enough."""
    combined = ((where, classes) for where in CLASSED for classes in {*words.values(), UNKNOWN})
    return weights | {clue: total(parts(clue), weights) for clue in combined}


@cache
def weights() -> Weights:
    """The weights that ship in `data/`, ready for look-ups; read once, at the first call."""
    table = (files("fallback") / "data" / "weights.tsv").read_text("utf-8")
    return summed(parsed(table), lexicon())
