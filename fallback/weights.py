"""Weights: how much each clue counts for each label, in log-odds against "no name".

`data/weights.tsv` is made by `data/fit.py` and read by people: a clue a line, then what it counts for PER, ORG and LOC.
"""

from collections.abc import Iterable
from functools import cache
from importlib.resources import files

from fallback.clues import CLASSED
from fallback.lexicon import UNKNOWN, Lexicon, lexicon

Odds = tuple[float, float, float]
"""Log-odds of the labels, in the order of `summit_inference.spans.LABELS`."""

Weights = dict[str, Odds]
NONE: Odds = (0.0, 0.0, 0.0)


def parts(clue: str) -> list[str]:
    """The clues that a clue stands for: one about several classes stands for each of them, and for their combination."""
    where, _, value = clue.partition(": ")
    if where in CLASSED and "+" in value:
        return [*(f"{where}: {name}" for name in value.split("+")), clue]
    return [clue]


def total(clues: Iterable[str], weights: Weights) -> Odds:
    """What the clues count together; a clue without a weight counts nothing."""
    per = org = loc = 0.0
    for clue in clues:
        weight = weights.get(clue)
        if weight:
            per += weight[0]
            org += weight[1]
            loc += weight[2]
    return per, org, loc


def parsed(table: str) -> Weights:
    rows = (line.split("\t") for line in table.splitlines()[1:])
    return {clue: (float(per), float(org), float(loc)) for clue, per, org, loc in rows}


def summed(weights: Weights, words: Lexicon) -> Weights:
    """The weights with one entry for every combination of classes that the lexicon holds, so that a look-up is enough."""
    combined = (f"{where}: {classes}" for where in CLASSED for classes in {*words.values(), UNKNOWN})
    return weights | {clue: total(parts(clue), weights) for clue in combined}


@cache
def weights() -> Weights:
    """The weights that ship in `data/`, ready for look-ups; read once, at the first call."""
    table = (files("fallback") / "data" / "weights.tsv").read_text("utf-8")
    return summed(parsed(table), lexicon())
