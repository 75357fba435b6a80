"""A recipe to the adapter file of a version: reads the corpora, trains, stores the difference to the base."""

from collections.abc import Callable
from pathlib import Path
from random import Random

from training.adapter import write
from training.augment import names_in
from training.base import SHA256, installed_base
from training.corpora import CORPORA, TAGS, split
from training.encoder import Weights, copy_of, starting_encoder
from training.gazetteers import gazetteer
from training.recipe import Recipe, Stage
from training.train import Material, Walker
from transformers_stage.tokenizer import Tokenizer

_WORDS = "bert.embeddings.word_embeddings.weight"


def build(recipe: Recipe, corpora_directory: Path, version_file: Path, say: Callable[[str], None]) -> None:
    """Train on the installed base encoder as the recipe says, and write the adapter to `version_file`.

    `say` hears a line at the end of every epoch.

    Raises:
        ConfigurationError: the base encoder or a corpus is missing.
    """
    base = installed_base()
    stages = [(stage, material(stage, corpora_directory)) for stage in recipe.stages]
    net = starting_encoder(base)
    start = copy_of(net)
    walker = Walker(net, Tokenizer.load(base, net.config.to_dict()))
    epochs = sum(stage.epochs * len(stage.seeds) for stage in recipe.stages)
    losses = (loss for stage, learnt_from in stages for loss in walker.stage(stage, learnt_from))
    for epoch, loss in enumerate(losses, 1):
        say(f"epoch {epoch} of {epochs}: loss {loss:.4f}")
    end = biased(with_words(start, copy_of(net), recipe.word_rows), recipe.outside_bias)
    write(version_file, start, end, SHA256)


def material(stage: Stage, corpora_directory: Path) -> Material:
    """The stage's sentences, and the names that they mention beside those of the word lists."""
    parts = [
        split(corpora_directory, CORPORA[part.corpus], part.split)[: part.limit] * part.times for part in stage.parts
    ]
    names = names_in(sentence for part in parts for sentence in part)
    random = Random(stage.seeds[0])
    for label, more in gazetteer(stage.gazetteer_names, random).items():
        names.setdefault(label, []).extend(more)
    return Material(parts, names)


def with_words(start: Weights, end: Weights, rows: int) -> Weights:
    """`end` with the word embeddings of `start`, but for the `rows` words that moved farthest."""
    words = start[_WORDS].clone()
    kept = (end[_WORDS] - words).norm(dim=1).topk(rows).indices
    words[kept] = end[_WORDS][kept]
    return {**end, _WORDS: words}


def biased(weights: Weights, outside_bias: float) -> Weights:
    """The weights with `outside_bias` added to the head's bias of the tag O."""
    bias = weights["classifier.bias"].clone()
    bias[TAGS.index("O")] += outside_bias
    return {**weights, "classifier.bias": bias}
