from collections.abc import Callable, Sequence
from dataclasses import replace

import pytest
import torch
from unit.training.tiny import TinyBase

from training.corpora import Sentence
from training.encoder import starting_encoder
from training.recipe import Part, Stage
from training.train import Material, Walker, rate_share
from transformers_stage.tokenizer import Tokenizer

STAGE = Stage((Part("btc", "train"),), epochs=12, batch_tokens=64, learning_rate=2e-3, new_rows_learning_rate=1e-2)
Walk = Callable[..., tuple[dict[str, torch.Tensor], Sequence[float]]]
WORDS = "bert.embeddings.word_embeddings.weight"


@pytest.fixture
def walk(tiny_base: TinyBase, sentences: list[Sentence]) -> Walk:
    """Runs stages from the same start: the weights at the end, and the losses of the epochs."""
    tokenizer = Tokenizer.load(tiny_base.directory, {"type_vocab_size": 6, "max_position_embeddings": 512})

    def run(*stages: Stage) -> tuple[dict[str, torch.Tensor], Sequence[float]]:
        net = starting_encoder(tiny_base.directory)
        walker = Walker(net, tokenizer)
        losses = [loss for stage in stages for loss in walker.stage(stage, Material([sentences], {}))]
        return net.state_dict(), losses

    return run


def test_the_loss_falls(walk: Walk) -> None:
    _, losses = walk(STAGE)
    assert len(losses) == 12
    assert losses[-1] < 0.3 * losses[0]


def test_words_stay_as_the_base_has_them_and_all_else_moves(tiny_base: TinyBase, walk: Walk) -> None:
    start, (end, _) = starting_encoder(tiny_base.directory).state_dict(), walk(STAGE)
    still = {name for name in start if torch.equal(start[name], end[name])}
    assert still == {WORDS, "bert.embeddings.position_embeddings.weight"}


def test_with_a_rate_of_their_own_the_words_that_sentences_have_move_and_no_other(
    tiny_base: TinyBase, walk: Walk
) -> None:
    start, (end, _) = starting_encoder(tiny_base.directory).state_dict(), walk(replace(STAGE, words_learning_rate=1e-3))
    moved = (start[WORDS] != end[WORDS]).any(dim=1)
    assert 0 < int(moved.sum()) < len(moved)


def test_a_seed_gives_one_result(walk: Walk) -> None:
    assert torch.equal(walk(STAGE)[0]["classifier.weight"], walk(STAGE)[0]["classifier.weight"])


def test_a_stage_goes_on_where_the_one_before_ended(walk: Walk) -> None:
    _, losses = walk(STAGE, STAGE)
    assert losses[12] < 0.3 * losses[0]


def test_the_walks_of_a_stage_part_from_one_place_and_are_averaged(walk: Walk) -> None:
    name = "bert.encoder.layer.0.output.dense.weight"
    both, one, other = (walk(replace(STAGE, seeds=seeds))[0][name] for seeds in [(1, 2), (1,), (2,)])
    assert not torch.equal(one, other)
    assert torch.allclose(both, (one + other) / 2, atol=1e-6)


@pytest.mark.parametrize(
    ("done", "share"),
    [
        pytest.param(0.0, 0.0, id="starts at nothing"),
        pytest.param(0.1, 1.0, id="is warm after the warm-up"),
        pytest.param(0.55, 0.6, id="half-way down"),
        pytest.param(1.0, 0.2, id="ends at what is left"),
    ],
)
def test_the_rate_goes_up_and_down_in_lines(done: float, share: float) -> None:
    assert rate_share(done, replace(STAGE, warm_up_share=0.1, last_rate_share=0.2)) == pytest.approx(share)
