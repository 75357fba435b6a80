"""What is trained, on what and how: one frozen value a shipped version."""

from dataclasses import dataclass, field, replace

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
    outside_bias: float = 0.0
    """Added to the head's bias of the tag O after training; below 0, more is found and more of it is wrong."""


_CHANGES = Augmentation(keep_nameless=0.5, rename=0.35, lower=0.03, upper=0.03, tidy=0.4, join=0.3)
_MORE_CHANGES = replace(_CHANGES, rename=0.4)

V1 = Recipe(
    version="1.0.0",
    description="People, organisations and places in English web text; a short run on the train files.",
    stages=(
        Stage(
            parts=(Part("btc", "train"), Part("wnut", "train"), Part("wikigold", "train")),
            epochs=2,
            last_rate_share=0.35,
            gazetteer_names=1500,
            augmentation=_CHANGES,
        ),
    ),
)

_V2_PARTS = (
    Part("btc", "train"),
    Part("wnut", "train"),
    Part("wikigold", "train", times=2),
    Part("btc", "dev"),
    Part("wnut", "dev"),
)
V2 = Recipe(
    version="2.0.0",
    description="People, organisations and places in English web text: tweets, comments, encyclopedia and news.",
    stages=(
        *V1.stages,
        Stage(
            parts=_V2_PARTS,
            epochs=3,
            seeds=(2, 3),
            learning_rate=4e-4,
            new_rows_learning_rate=1.5e-3,
            gazetteer_names=1500,
            augmentation=replace(_MORE_CHANGES, keep_nameless=0.35),
        ),
        Stage(  # most sentences without a name are back, so that their share is nearly that of real text
            parts=_V2_PARTS,
            epochs=2,
            seeds=(4, 5),
            learning_rate=3e-4,
            new_rows_learning_rate=1e-3,
            gazetteer_names=1500,
            augmentation=replace(_MORE_CHANGES, keep_nameless=0.8),
        ),
    ),
)
