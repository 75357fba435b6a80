"""How long a forward pass will take, learned from those that were timed.

The queue asks it before it admits work (`batching.py`). It knows neither models nor threads: a forward is a number of
tokens and the sum of its texts' squared lengths, the share of attention.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt

_SCALES = np.array((1_000.0, 100_000.0, 1.0))  # tokens, squared lengths, forwards: brings the three features near 1
_OUTLIER = 3.0  # in mean residuals; a forward this far off was disturbed (a page fault, a busy neighbour), not slow
_ADAPTATION = 0.1  # of the mean residual to a new one
_RIDGE = 1e-9  # of the normal matrix's size: batches that all look alike leave it singular
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

    Old observations fade by `memory`, outliers weigh less (Huber), and no coefficient is negative, so that it
    extrapolates sanely even from batches that all look alike. Until it has seen three forwards it predicts 0: nothing
    is refused on a guess.
    """

    def __init__(self, memory: float = 0.98) -> None:
        self._memory = memory
        self._normal = np.zeros((3, 3))
        self._moment = np.zeros(3)
        self._coefficients = np.zeros(3)
        self._mean_residual = 0.0
        self._seen = 0

    def seconds(self, load: Load) -> float:
        """The predicted time on one lane; 0 while too little was seen."""
        return float(self._coefficients @ _features(load)) if self._seen >= _READY else 0.0

    def observe(self, load: Load, seconds: float) -> None:
        """Learn from one forward that took `seconds`."""
        features = _features(load)
        weight = self._weight(abs(seconds - float(self._coefficients @ features)))
        self._normal = self._memory * self._normal + weight * np.outer(features, features)
        self._moment = self._memory * self._moment + weight * seconds * features
        self._coefficients = _not_negative(self._normal, self._moment)
        self._seen += 1

    def _weight(self, residual: float) -> float:
        """1, or less for an outlier: a single one widens the bound a little, a lasting change until it is believed."""
        bound = _OUTLIER * self._mean_residual
        if self._seen < _READY or not bound:
            self._mean_residual = residual
            return 1.0
        self._mean_residual += _ADAPTATION * (min(residual, 2 * bound) - self._mean_residual)
        return min(1.0, bound / max(residual, bound))


def _features(load: Load) -> npt.NDArray[np.float64]:
    features: npt.NDArray[np.float64] = np.array((load.tokens, load.squares, load.forwards)) / _SCALES
    return features


def _not_negative(normal: npt.NDArray[np.float64], moment: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """The least-squares coefficients; one that would be negative counts as 0, and the others are fitted without it."""
    used = [0, 1, 2]
    while used:
        ridge = _RIDGE * np.trace(normal) * np.eye(len(used))
        fitted = np.linalg.solve(normal[np.ix_(used, used)] + ridge, moment[used])
        if fitted.min() >= 0:
            break
        del used[int(fitted.argmin())]
    coefficients = np.zeros(3)
    if used:
        coefficients[used] = fitted
    return coefficients
