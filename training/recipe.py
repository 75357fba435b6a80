"""What is trained, on what and how: one frozen value a shipped version."""

from dataclasses import dataclass

from training.augment import Augmentation


@dataclass(frozen=True, slots=True)
class Part:
    """Some sentences of one corpus: the first `limit`, each `times` an epoch."""

    corpus: str
    split: str
    limit: int | None = None
    times: int = 1


@dataclass(frozen=True, slots=True)
class Recipe:
    """All that a training run depends on but the base encoder."""

    version: str
    """The semantic version that the result is tagged with."""
    parts: tuple[Part, ...]
    epochs: int
    seed: int = 1
    batch_tokens: int = 512
    """Padded tokens of one step."""
    learning_rate: float = 5e-4
    new_rows_learning_rate: float = 3e-3
    """Of the head and the token-type rows, which start from nothing."""
    warm_up_share: float = 0.06
    weight_decay: float = 0.01
    average_decay: float = 0.0
    """Of the exponential average of the weights that is kept; 0 keeps the last weights."""
    label_smoothing: float = 0.0
    masked_share: float = 0.0
    """Of the tokens, how many are hidden from the net in every step."""
    outside_bias: float = 0.0
    """Added to the head's bias of the tag O after training; below 0, more is found and more of it is wrong."""
    augmentation: Augmentation = Augmentation()


V1 = Recipe(
    version="1.0.0",
    parts=(Part("wnut", "train"), Part("btc", "train", limit=2000)),
    epochs=3,
)
