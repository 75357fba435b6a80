"""Candidates: every stretch of a run that may be a name, and how probable each reading of it is.

A run is read as a sequence of names and of words outside names. A name weighs exp(log-odds of its clues), a word
outside 1, and the probability of one way to read the run is its share of the weight of all ways (a semi-Markov model
without transitions: Sarawagi and Cohen 2004). So two candidates that overlap compete, and never both come out over
one half.
"""

from collections.abc import Iterator
from math import exp
from typing import NamedTuple

from fallback.reading import Reading
from fallback.weights import Odds
from summit_inference.spans import LABELS

LONGEST = 7
LONGEST_IN_A_CROWD = 3
CROWD = 12
"""In a run of more words than this, a headline or shouting, only short names are looked for, which bounds the time."""

STRONGEST = 15.0
"""Log-odds beyond which a candidate gains no weight, so that a run of `MAX_RUN` tokens stays within a float."""


class Candidate(NamedTuple):
    """Tokens `start` to `end` (exclusive), and the log-odds that they are a PER, an ORG or a LOC."""

    start: int
    end: int
    odds: Odds


class Choice(NamedTuple):
    """A candidate, its likeliest label, and how probable it is that exactly this stretch carries it."""

    candidate: Candidate
    label: str
    score: float


def chosen(run: range, candidates: list[Candidate], at_least: float) -> list[Choice]:
    """The candidates of a run that are probable enough."""
    return [
        Choice(candidate, LABELS[each.index(score)], score)
        for candidate, each in zip(candidates, probabilities(run, candidates), strict=True)
        if (score := max(each)) >= at_least
    ]


def stretches(reading: Reading, run: range) -> Iterator[tuple[int, int]]:
    """(first token, token after the last) of what may be a name, by first token; both ends are capitalised words."""
    named = reading.named
    reach = LONGEST if len(run) <= CROWD else LONGEST_IN_A_CROWD
    for start in run:
        if named[start]:
            for end in range(start + 1, min(run.stop, start + reach) + 1):
                if named[end - 1]:
                    yield start, end


def probabilities(run: range, candidates: list[Candidate]) -> list[Odds]:
    """The probability of each candidate with each label; `candidates` are in the order of their first tokens."""
    if len(candidates) == 1 and len(run) == 1:
        weights = weight(candidates[0].odds)
        whole = 1.0 + sum(weights)
        return [(weights[0] / whole, weights[1] / whole, weights[2] / whole)]
    first = run.start
    weighed = [weight(odds) for _, _, odds in candidates]
    places = [
        (start - first, end - first, sum(each)) for (start, end, _), each in zip(candidates, weighed, strict=True)
    ]
    before = weights_before(len(run), places)
    after = weights_after(len(run), places)
    shares = [before[start] * after[end] / before[-1] for start, end, _ in places]
    return [(share * per, share * org, share * loc) for share, (per, org, loc) in zip(shares, weighed, strict=True)]


def weight(odds: Odds) -> Odds:
    per, org, loc = odds
    return exp(min(per, STRONGEST)), exp(min(org, STRONGEST)), exp(min(loc, STRONGEST))


def weights_before(size: int, weighed: list[tuple[int, int, float]]) -> list[float]:
    """[i]: the weight of all readings of the first i tokens."""
    totals = [1.0] + [0.0] * size
    at = 0
    for start, end, each in weighed:
        while at < start:
            totals[at + 1] += totals[at]
            at += 1
        totals[end] += totals[start] * each
    for index in range(at, size):
        totals[index + 1] += totals[index]
    return totals


def weights_after(size: int, weighed: list[tuple[int, int, float]]) -> list[float]:
    """[i]: the weight of all readings of the tokens from i on."""
    totals = [0.0] * size + [1.0]
    at = size
    for start, end, each in reversed(weighed):
        while at > start:
            at -= 1
            totals[at] += totals[at + 1]
        totals[start] += totals[end] * each
    for index in range(at - 1, -1, -1):
        totals[index] += totals[index + 1]
    return totals
