"""How long a forward pass will take, learned from those that were timed.

The queue asks it before it admits work (`batching.py`). It knows neither models nor threads: a forward is a number of
tokens and the sum of its texts' squared lengths, the share of attention.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

_SCALES = (1_000.0, 100_000.0, 1.0)  # tokens, squared lengths, forwards: brings the three features near 1
_OUTLIER = 3.0  # in mean residuals; a forward this far off was disturbed (a page fault, a busy neighbour), not slow
_SWEEPS = 12  # of coordinate descent; it starts from the last answer, so a few would do
_READY = 3  # observations: as many as there are coefficients


@dataclass(frozen=True, slots=True)
class Load:
    """What is to be computed.

    Units: `squares` is the sum of the texts' squared token counts.
    """

    tokens: int = 0
    squares: int = 0
    forwards: int = 0

    @classmethod
    def of(cls, lengths: Iterable[int], forwards: int = 0) -> Self:
        """The load of texts of these token counts."""
        counts = list(lengths)
        return cls(sum(counts), sum(count * count for count in counts), forwards)

    def __add__(self, other: "Load") -> "Load":
        return Load(self.tokens + other.tokens, self.squares + other.squares, self.forwards + other.forwards)

    def __sub__(self, other: "Load") -> "Load":
        return Load(self.tokens - other.tokens, self.squares - other.squares, self.forwards - other.forwards)


class CostModel:
    """`a * tokens + b * squares + c * forwards` seconds, fitted online by least squares.

    Old observations fade by `memory`, outliers weigh less (Huber), and no coefficient is ever negative, so that the
    model extrapolates sanely from batches that all look alike. Until it has seen three forwards it predicts 0: nothing
    is refused on a guess.
    """

    def __init__(self, memory: float = 0.98) -> None:
        self._memory = memory
        self._normal = [[1e-6 if row == column else 0.0 for column in range(3)] for row in range(3)]
        self._moment = [0.0, 0.0, 0.0]
        self._coefficients = [0.0, 0.0, 0.0]
        self._mean_residual = 0.0
        self._seen = 0

    def seconds(self, load: Load) -> float:
        """The predicted time on one lane; 0 while too little was seen."""
        return self._predicted(_features(load)) if self._seen >= _READY else 0.0

    def observe(self, load: Load, seconds: float) -> None:
        """Learn from one forward that took `seconds`."""
        features = _features(load)
        weight = self._weight(abs(seconds - self._predicted(features)))
        for row in range(3):
            self._moment[row] = self._memory * self._moment[row] + weight * features[row] * seconds
            for column in range(3):
                fading = self._memory * self._normal[row][column]
                self._normal[row][column] = fading + weight * features[row] * features[column]
        self._seen += 1
        self._solve()

    def _predicted(self, features: tuple[float, ...]) -> float:
        return sum(coefficient * feature for coefficient, feature in zip(self._coefficients, features, strict=True))

    def _weight(self, residual: float) -> float:
        bound = _OUTLIER * self._mean_residual
        weight = 1.0 if self._seen < _READY or residual <= bound else bound / residual
        # An outlier widens the bound only a little, a lasting change of speed widens it until it is believed.
        share = 0.1 if self._seen else 1.0
        self._mean_residual += share * (min(residual, 2 * bound or residual) - self._mean_residual)
        return weight

    def _solve(self) -> None:
        """Least squares with coefficients of at least 0, by coordinate descent."""
        for _ in range(_SWEEPS):
            for at in range(3):
                others = sum(self._normal[at][j] * self._coefficients[j] for j in range(3) if j != at)
                self._coefficients[at] = max(0.0, (self._moment[at] - others) / self._normal[at][at])


def _features(load: Load) -> tuple[float, ...]:
    return tuple(
        value / scale for value, scale in zip((load.tokens, load.squares, load.forwards), _SCALES, strict=True)
    )
