"""Scale: weighs the candidates of a reading, and looks at each word beside and inside them only once."""

from collections.abc import Iterable
from functools import cache, lru_cache
from typing import NamedTuple

from fallback.candidates import Candidate, stretches
from fallback.clues import Clue, first_of, inner_of, kind_of_word, last_of, left_of, right_of, single, whole
from fallback.lexicon import Lexicon, lexicon
from fallback.reading import Reading
from fallback.weights import NONE, Odds, Weights, total, weights


class WordOdds(NamedTuple):
    """What a word counts as a name by itself, as the first word of a name, and as the last."""

    alone: Odds
    first: Odds
    last: Odds


class Scale:
    """Keeps what words of a kind count: there are a few thousand kinds, and every text repeats them."""

    def __init__(self, lexicon: Lexicon, weights: Weights) -> None:
        self._lexicon = lexicon
        self._weights = weights
        self._word = lru_cache(maxsize=8192)(self._weigh_word)

    def candidates(self, reading: Reading, run: range) -> list[Candidate]:
        """Every candidate of the run with the log-odds of its clues, in the order of `stretches`."""
        names = [at for at in run if reading.named[at]]
        if len(names) == 1:
            return [Candidate(names[0], names[0] + 1, self._alone(reading, names[0]))]
        words = {at: self._word(*kind_of_word(reading, at)) for at in names}
        before = {at: self._odds(left_of(reading, at)) for at in names}
        after = {at: self._odds(right_of(reading, at + 1)) for at in names}
        alone = {at: both(word.alone, both(before[at], after[at])) for at, word in words.items()}
        opening = {at: both(before[at], word.first) for at, word in words.items()}
        closing = {at: both(after[at], word.last) for at, word in words.items()}
        inner = self._inner(reading, run)
        found = []
        for start, end in stretches(reading, run):
            if end == start + 1:
                odds = alone[start]
            else:
                between = difference(inner[end - 1 - run.start], inner[start + 1 - run.start])
                outer = both(opening[start], closing[end - 1])
                odds = self._odds(whole(reading, start, end, self._lexicon), both(outer, between))
            found.append(Candidate(start, end, odds))
        return found

    def _alone(self, reading: Reading, at: int) -> Odds:
        """What a word counts as the only name of its run."""
        word = self._word(*kind_of_word(reading, at)).alone
        return self._odds(right_of(reading, at + 1), self._odds(left_of(reading, at), word))

    def _weigh_word(self, classes: str, form: str, ending: str, begins: bool) -> WordOdds:  # noqa: FBT001
        return WordOdds(
            alone=self._odds(single(classes, form, ending, begins=begins)),
            first=self._odds(first_of(classes, form, begins=begins)),
            last=self._odds(last_of(classes, form, ending)),
        )

    def _inner(self, reading: Reading, run: range) -> list[Odds]:
        """[i]: what the first i words of the run count as words inside a name."""
        sums = [NONE]
        for at in run:
            sums.append(self._odds(inner_of(reading, at), sums[-1]))
        return sums

    def _odds(self, clues: Iterable[Clue], start: Odds = NONE) -> Odds:
        return total(clues, self._weights, start)


@cache
def scale() -> Scale:
    """The scale with the lists and the weights that ship, made once, at the first call."""
    return Scale(lexicon(), weights())


def both(one: Odds, other: Odds) -> Odds:
    return one[0] + other[0], one[1] + other[1], one[2] + other[2]


def difference(more: Odds, less: Odds) -> Odds:
    return more[0] - less[0], more[1] - less[1], more[2] - less[2]
