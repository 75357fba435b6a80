"""Scale: weighs the candidates of one reading, each side of a candidate only once."""

from collections.abc import Callable
from dataclasses import dataclass, field

from fallback.candidates import Candidate, stretches
from fallback.clues import first_of, last_of, left_of, right_of, single, whole
from fallback.lexicon import Lexicon
from fallback.reading import Reading
from fallback.weights import Odds, Weights, total

Sides = dict[int, Odds]


@dataclass(frozen=True, slots=True)
class Scale:
    """Many candidates begin (or end) at the same token, so what counts there is kept by token."""

    reading: Reading
    lexicon: Lexicon
    weights: Weights
    _left: Sides = field(default_factory=dict)
    _right: Sides = field(default_factory=dict)
    _first: Sides = field(default_factory=dict)
    _last: Sides = field(default_factory=dict)

    def candidates(self, run: range) -> list[Candidate]:
        """Every candidate of the run with the log-odds of its clues."""
        return [Candidate(start, end, self._odds(start, end)) for start, end in stretches(self.reading, run)]

    def _odds(self, start: int, end: int) -> Odds:
        left = self._side(self._left, left_of, start)
        right = self._side(self._right, right_of, end)
        if end - start == 1:
            own = total(single(self.reading, start), self.weights)
            return left[0] + own[0] + right[0], left[1] + own[1] + right[1], left[2] + own[2] + right[2]
        first = self._side(self._first, first_of, start)
        last = self._side(self._last, last_of, end - 1)
        own = total(whole(self.reading, start, end, self.lexicon), self.weights)
        return (
            left[0] + first[0] + own[0] + last[0] + right[0],
            left[1] + first[1] + own[1] + last[1] + right[1],
            left[2] + first[2] + own[2] + last[2] + right[2],
        )

    def _side(self, kept: Sides, clues: Callable[[Reading, int], list[str]], at: int) -> Odds:
        odds = kept.get(at)
        if odds is None:
            odds = kept[at] = total(clues(self.reading, at), self.weights)
        return odds
