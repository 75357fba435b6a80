from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors import safe_open

from training.base import SHA256
from training.corpora import Sentence
from training.encoder import starting_encoder
from training.recipe import Part, Recipe, Stage
from training.train import Material, Progress, Walker, biased, material, rate_share, train
from transformers_stage.tokenizer import Tokenizer

STAGE = Stage((Part("btc", "train"),), epochs=12, batch_tokens=64, learning_rate=2e-3, new_rows_learning_rate=1e-2)
WORDS = "bert.embeddings.word_embeddings.weight"


@pytest.fixture
def walk(tiny_base, sentences: list[Sentence]):
    """Runs stages from the same start: the weights at the end, and the losses of the epochs."""
    tokenizer = Tokenizer.load(tiny_base.directory, {"type_vocab_size": 6, "max_position_embeddings": 512})

    def run(*stages: Stage) -> tuple[dict[str, torch.Tensor], Sequence[float]]:
        net = starting_encoder(tiny_base.directory)
        walker = Walker(net, tokenizer)
        losses = [loss for stage in stages for loss in walker.stage(stage, Material([sentences], {}))]
        return net.state_dict(), losses

    return run


def test_the_loss_falls(walk) -> None:
    _, losses = walk(STAGE)
    assert len(losses) == 12
    assert losses[-1] < 0.3 * losses[0]


def test_words_stay_as_the_base_has_them_and_all_else_moves(tiny_base, walk) -> None:
    start, (end, _) = starting_encoder(tiny_base.directory).state_dict(), walk(STAGE)
    still = {name for name in start if torch.equal(start[name], end[name])}
    assert still == {WORDS, "bert.embeddings.position_embeddings.weight"}


def test_a_seed_gives_one_result(walk) -> None:
    assert torch.equal(walk(STAGE)[0]["classifier.weight"], walk(STAGE)[0]["classifier.weight"])


def test_a_stage_goes_on_where_the_one_before_ended(walk) -> None:
    _, losses = walk(STAGE, STAGE)
    assert losses[12] < 0.3 * losses[0]


def test_the_walks_of_a_stage_part_from_one_place_and_are_averaged(walk) -> None:
    name = "bert.encoder.layer.0.output.dense.weight"
    both, one, other = (walk(replace(STAGE, seeds=seeds))[0][name] for seeds in [(1, 2), (1,), (2,)])
    assert not torch.equal(one, other)
    assert torch.allclose(both, (one + other) / 2, atol=1e-6)


def test_a_running_average_lags_behind(tiny_base, walk) -> None:
    start = starting_encoder(tiny_base.directory).state_dict()["classifier.weight"]
    last, averaged = (
        walk(replace(STAGE, epochs=2, average_decay=decay))[0]["classifier.weight"] - start for decay in (0.0, 0.9)
    )
    assert 0 < averaged.norm() < last.norm()


def test_a_bias_moves_only_the_head_outside_of_mentions(walk) -> None:
    weights, _ = walk(replace(STAGE, epochs=1))
    moved = biased(weights, -0.5)["classifier.bias"] - weights["classifier.bias"]
    assert moved.tolist() == pytest.approx([-0.5, 0, 0, 0, 0, 0, 0])


@pytest.mark.parametrize(
    ("done", "share"),
    [
        pytest.param(0.0, 0.0, id="starts at nothing"),
        pytest.param(0.1, 1.0, id="is warm after the warm-up"),
        pytest.param(0.55, 0.5, id="half-way down"),
        pytest.param(1.0, 0.0, id="ends at nothing"),
    ],
)
def test_the_rate_goes_up_and_down_in_lines(done: float, share: float) -> None:
    assert rate_share(done, 0.1) == pytest.approx(share)


def test_a_part_is_cut_and_repeated_as_the_recipe_says(corpora_directory: Path, sentences: list[Sentence]) -> None:
    stage = replace(STAGE, parts=(Part("btc", "train", limit=2, times=2), Part("wikigold", "train")))
    assert material(stage, corpora_directory).parts == [sentences[:2] * 2, sentences[:5]]


def test_names_of_the_word_lists_stand_beside_those_of_the_corpora(corpora_directory: Path) -> None:
    names = material(replace(STAGE, gazetteer_names=4), corpora_directory).names
    assert [len(names[label]) for label in ("PER", "ORG", "LOC")] == [3 + 4, 2, 4 + 4]


def test_a_recipe_becomes_an_adapter_for_the_pinned_base(corpora_directory: Path, tmp_path: Path) -> None:
    heard: list[Progress] = []
    recipe = Recipe("0.0.1", (replace(STAGE, epochs=1), replace(STAGE, epochs=1, seeds=(1, 2))))
    train(recipe, corpora_directory, tmp_path / "v0.safetensors", heard.append)
    assert [(progress.epoch, progress.epochs) for progress in heard] == [(1, 3), (2, 3), (3, 3)]
    with safe_open(tmp_path / "v0.safetensors", framework="numpy") as file:
        assert file.metadata()["base_sha256"] == SHA256
