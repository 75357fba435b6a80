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
    words_learning_rate: float = 0.0
    """Of the word embeddings, half of all weights; at 0 they stay as the base has them."""
    warm_up_share: float = 0.06
    last_rate_share: float = 0.0
    """What is left of the rates when the stage ends; above 0 for one that others go on from."""
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
    description: str
    stages: tuple[Stage, ...]
    word_rows: int = 0
    """So many rows of the word embeddings are stored, those that moved farthest; the file has no room for all."""
    outside_bias: float = 0.0
    """Added to the head's bias of the tag O after training; below 0, more is found and more of it is wrong."""


_CHANGES = Augmentation(keep_nameless=0.85, rename=0.3, lower=0.03, upper=0.03, tidy=0.4, join=0.3)
_TRAIN_FILES = (Part("btc", "train"), Part("wnut", "train"), Part("wikigold", "train", times=2))
_WORD_ROWS = 7000
_FIRST = Stage(
    parts=_TRAIN_FILES,
    epochs=1,
    learning_rate=3e-4,
    new_rows_learning_rate=1.5e-3,
    words_learning_rate=3e-4,
    last_rate_share=0.5,
    gazetteer_names=1500,
    augmentation=_CHANGES,
)

V1 = Recipe(
    version="1.0.0",
    description="People, organisations and places in English web text; one pass over the train files.",
    stages=(_FIRST,),
    word_rows=_WORD_ROWS,
)
V2 = Recipe(
    version="2.0.0",
    description="People, organisations and places in English web text: tweets, comments, encyclopedia and news.",
    stages=(
        _FIRST,
        Stage(  # a second pass overfits, the mean of several does not
            parts=(*_TRAIN_FILES, Part("btc", "dev"), Part("wnut", "dev")),
            epochs=1,
            seeds=(2, 3, 4),
            learning_rate=1.5e-4,
            new_rows_learning_rate=7.5e-4,
            words_learning_rate=1.5e-4,
            gazetteer_names=1500,
            augmentation=_CHANGES,
        ),
    ),
    word_rows=_WORD_ROWS,
)
