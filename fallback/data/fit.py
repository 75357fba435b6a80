"""Writes `weights.tsv`: how much each clue counts, fitted on tagged sentences. Never run by the service.

    python -m fallback.data.fit FOLDER      # with btc_train.jsonl, wnut_train.jsonl and wikigold_train.jsonl

Maximises the likelihood of the tags under the model of `candidates.py` by AdaGrad, with a small pull of every weight
to its prior: what `priors.tsv` says by hand about patterns that are surer than the corpora, mostly tweets, can show;
else zero. The last 15% of wikigold_train are left out for choosing settings. Needs the standard library only; the
result is the same every time.
"""

import random
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from math import sqrt
from pathlib import Path

from fallback.candidates import Candidate, probabilities, stretches
from fallback.clues import Clue, first_of, inner_of, kind_of_word, last_of, left_of, right_of, single, whole
from fallback.data.corpus import Sentence, sentences, split
from fallback.lexicon import lexicon
from fallback.reading import Reading, read
from fallback.weights import NONE, Odds, Weights, parsed, parts, total
from summit_inference.spans import LABELS

RARE_CLASS = 20
RARE_WORD = 50
"""A clue about a class (a word) that stands beside fewer candidates than this has no weight."""

WORD_CLUES = ("before", "before2", "after", "after2")
ROUNDS = 6
STEP = 0.1
PULL = 1e-3
NEGLIGIBLE = 1e-3
WIKIGOLD_TIMES = 2
"""WikiGold is the only corpus of edited prose and the smallest, so each of its sentences counts twice."""

Table = dict[Clue, list[float]]


@dataclass(frozen=True, slots=True)
class Example:
    """A run: of each candidate its tokens, its clues, and the index of its true label, if it is a name."""

    run: range
    places: list[tuple[int, int]]
    clues: list[list[Clue]]
    truth: list[int | None]


def examples(rows: Iterable[Sentence]) -> list[Example]:
    found = []
    for row in rows:
        reading = read(row.text, lexicon())
        labels = {(start, end): LABELS.index(label) for start, end, label in row.mentions()}
        found += [example(row, reading, run, labels) for run in reading.runs()]
    return found


def example(row: Sentence, reading: Reading, run: range, labels: dict[tuple[int, int], int]) -> Example:
    places = list(stretches(reading, run))
    under = [row.tokens_under(reading.starts[start], reading.end(end - 1)) for start, end in places]
    return Example(run, places, [clues(reading, *place) for place in places], [labels.get(at) for at in under])


def clues(reading: Reading, start: int, end: int) -> list[Clue]:
    """All clues of a candidate, those about several classes taken apart."""
    around = [*left_of(reading, start), *right_of(reading, end)]
    classes, form, ending, begins = kind_of_word(reading, start)
    if end == start + 1:
        own = single(classes, form, ending, begins=begins)
    else:
        inner = [clue for at in range(start + 1, end - 1) for clue in inner_of(reading, at)]
        last_classes, last_form, last_ending, _ = kind_of_word(reading, end - 1)
        own = [
            *first_of(classes, form, begins=begins),
            *inner,
            *last_of(last_classes, last_form, last_ending),
            *whole(reading, start, end, lexicon()),
        ]
    return [part for clue in (*around, *own) for part in parts(clue)]


def frequent(rows: Iterable[Example], priors: Weights) -> Table:
    """The table to start from: the clues that are common enough to have a weight, and those with a prior."""
    counts = Counter(clue for row in rows for clue in {clue for clues in row.clues for clue in clues})
    return {
        clue: list(priors.get(clue, NONE))
        for clue, count in sorted(counts.items())
        if clue in priors or count >= (RARE_WORD if clue[0] in WORD_CLUES else RARE_CLASS)
    }


def fit(rows: list[Example], priors: Weights) -> Table:
    table = frequent(rows, priors)
    seen: defaultdict[Clue, list[float]] = defaultdict(lambda: [1e-2] * len(LABELS))
    order = random.Random(0)  # noqa: S311 - the order of examples is no secret
    for turn in range(ROUNDS):
        order.shuffle(rows)
        for row in rows:
            learn(row, table, priors, seen, STEP * (1 - turn / ROUNDS))
    return table


def learn(row: Example, table: Table, priors: Weights, seen: defaultdict[Clue, list[float]], step: float) -> None:
    """Moves the weights of one run's clues towards its tags."""
    weights = {clue: odds(table[clue]) for clues in row.clues for clue in clues if clue in table}
    candidates = [Candidate(*place, total(clues, weights)) for place, clues in zip(row.places, row.clues, strict=True)]
    for clues, believed, truth in zip(row.clues, probabilities(row.run, candidates), row.truth, strict=True):
        for label, probability in enumerate(believed):
            error = probability - (truth == label)
            if abs(error) > NEGLIGIBLE:
                for clue in clues:
                    if clue in table:
                        pull = PULL * (table[clue][label] - priors.get(clue, NONE)[label])
                        move(table[clue], seen[clue], label, error + pull, step)


def odds(weight: list[float]) -> Odds:
    per, org, loc = weight
    return per, org, loc


def move(weight: list[float], squares: list[float], label: int, slope: float, step: float) -> None:
    squares[label] += slope * slope
    weight[label] -= step * slope / sqrt(squares[label])


def training_rows(folder: Path) -> list[Example]:
    prose = examples(split(sentences(folder / "wikigold_train.jsonl"))[0])
    tweets = [*examples(sentences(folder / "btc_train.jsonl")), *examples(sentences(folder / "wnut_train.jsonl"))]
    return tweets + prose * WIKIGOLD_TIMES


def written(table: Table) -> str:
    head = "\t".join(("where", "seen", *LABELS))
    lines = ("\t".join((*clue, *(f"{value:.2f}" for value in weight))) for clue, weight in table.items())
    return "\n".join((head, *lines)) + "\n"


def main() -> None:
    here = Path(__file__)
    table = fit(training_rows(Path(sys.argv[1])), parsed(here.with_name("priors.tsv").read_text("utf-8")))
    here.with_name("weights.tsv").write_text(written(table), encoding="utf-8")


if __name__ == "__main__":
    main()
