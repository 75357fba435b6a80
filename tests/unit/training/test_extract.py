import pytest
from unit.training.tiny import TinyBase

from training.adapter import merge_onto, write
from training.corpora import Sentence, written
from training.encoder import starting_encoder
from training.evaluate import Extract, evaluate
from training.extract import extractor
from training.recipe import Part, Stage
from training.train import Material, Walker
from transformers_stage.tokenizer import Tokenizer

STAGE = Stage((Part("btc", "train"),), epochs=40, batch_tokens=64, learning_rate=2e-3, new_rows_learning_rate=1e-2)


@pytest.fixture(scope="module")
def extract(tiny_base: TinyBase, sentences: list[Sentence], tmp_path_factory: pytest.TempPathFactory) -> Extract:
    """Trained, stored, merged and loaded again."""
    directory = tmp_path_factory.mktemp("version")
    tokenizer = Tokenizer.load(tiny_base.directory, {"type_vocab_size": 6, "max_position_embeddings": 512})
    net = starting_encoder(tiny_base.directory)
    list(Walker(net, tokenizer).stage(STAGE, Material([sentences], {})))
    start = starting_encoder(tiny_base.directory).state_dict()
    write(directory / "v0.safetensors", start, net.state_dict(), tiny_base.sha256)
    merge_onto(tiny_base.directory, tiny_base.sha256, directory / "v0.safetensors", directory / "model")
    return extractor(directory / "model")


def test_what_was_learnt_is_found_again_in_the_merged_model(extract: Extract, sentences: list[Sentence]) -> None:
    assert evaluate(extract, sentences).micro.f1 > 90


def test_answers_are_in_the_order_of_the_texts_whatever_their_length(
    extract: Extract, sentences: list[Sentence]
) -> None:
    texts = [written(sentence).text for sentence in sentences]
    together = [[(span.start, span.label) for span in spans] for spans in extract(texts)]
    assert together == [[(span.start, span.label) for span in extract([text])[0]] for text in texts]


def test_a_text_without_words_has_no_spans(extract: Extract) -> None:
    assert extract(["", " "]) == [[], []]
    assert extract([]) == []
