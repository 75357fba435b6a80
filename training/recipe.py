"""What is trained, on what and how: one frozen value a shipped version."""

from dataclasses import dataclass, field

from training.augment import Augmentation


@dataclass(frozen=True, slots=True)
class Part:
    """Some sentences of one corpus: the first `limit`, each `times` an epoch."""

    corpus: str
    split: str
    limit: int | None = None
    times: int = 1


@dataclass(frozen=True, slots=True)
class Stage:
    """One walk from the weights of the stage before, or several of them, whose ends are averaged.

    Source: Wortsman et al. 2022, "Model soups"; walks that part from trained weights stay close enough to be averaged.
    """

    parts: tuple[Part, ...]
    epochs: int
    seeds: tuple[int, ...] = (1,)
    """One walk a seed."""
    learning_rate: float = 5e-4
    new_rows_learning_rate: float = 3e-3
    """Of the head and the token-type rows, which start from nothing."""
    warm_up_share: float = 0.06
    average_decay: float = 0.0
    """Of the exponential average of the weights that a walk keeps; 0 keeps the last weights."""
    batch_tokens: int = 512
    """Padded tokens of one step."""
    weight_decay: float = 0.01
    gazetteer_names: int = 0
    """So many people and places from word lists stand beside the corpora's own names as replacements."""
    augmentation: Augmentation = field(default_factory=Augmentation)


@dataclass(frozen=True, slots=True)
class Recipe:
    """All that a version depends on but the base encoder."""

    version: str
    """The semantic version that the result is tagged with."""
    stages: tuple[Stage, ...]
    outside_bias: float = 0.0
    """Added to the head's bias of the tag O after training; below 0, more is found and more of it is wrong."""


V1 = Recipe(
    version="1.0.0",
    stages=(Stage((Part("wnut", "train"), Part("btc", "train", limit=2000)), epochs=3),),
)
