import pytest
import torch

from training.corpora import Sentence
from training.encoder import starting_encoder
from training.recipe import Part, Recipe
from training.train import Progress, rate_share, sentences as training_sentences, train
from transformers_stage.tokenizer import Tokenizer

RECIPE = Recipe("0.0.1", (Part("btc", "train"),), epochs=12, batch_tokens=64, learning_rate=2e-3, new_rows_learning_rate=1e-2)
WORDS = "bert.embeddings.word_embeddings.weight"


@pytest.fixture
def tokenizer(tiny_base) -> Tokenizer:
    return Tokenizer.load(tiny_base.directory, {"type_vocab_size": 6, "max_position_embeddings": 512})


def test_the_loss_falls_and_every_epoch_is_heard_of(tiny_base, tokenizer, sentences: list[Sentence]) -> None:
    heard: list[Progress] = []
    train(starting_encoder(tiny_base.directory), tokenizer, [sentences], {}, RECIPE, lambda p, _: heard.append(p))
    assert [progress.epoch for progress in heard] == list(range(1, 13))
    assert heard[-1].loss < 0.3 * heard[0].loss


def test_words_stay_as_the_base_has_them_and_all_else_moves(tiny_base, tokenizer, sentences: list[Sentence]) -> None:
    start = starting_encoder(tiny_base.directory).state_dict()
    end = train(starting_encoder(tiny_base.directory), tokenizer, [sentences], {}, RECIPE, lambda *_: None)
    still = {name for name in start if torch.equal(start[name], end[name])}
    assert still == {WORDS, "bert.embeddings.position_embeddings.weight"}


def test_a_seed_gives_one_result(tiny_base, tokenizer, sentences: list[Sentence]) -> None:
    def run() -> torch.Tensor:
        net = starting_encoder(tiny_base.directory)
        return train(net, tokenizer, [sentences], {}, RECIPE, lambda *_: None)["classifier.weight"]

    assert torch.equal(run(), run())


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


def test_a_part_is_cut_and_repeated_as_the_recipe_says(corpora_directory, sentences: list[Sentence]) -> None:
    recipe = Recipe("0.0.1", (Part("btc", "train", limit=2, times=2), Part("wikigold", "train")), epochs=1)
    assert training_sentences(recipe, corpora_directory) == [sentences[:2] * 2, sentences[:5]]
