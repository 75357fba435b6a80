import json
from dataclasses import replace
from pathlib import Path

import pytest

from training import base
from training.augment import Augmentation
from training.card import card, record
from training.corpora import CORPORA
from training.evaluate import Score, Scores
from training.gazetteers import LICENCES
from training.recipe import Part, Recipe, Stage

RECIPE = Recipe(
    "1.2.3", "tiny", (Stage((Part("btc", "train"), Part("btc", "dev"), Part("wikigold", "train")), epochs=1),)
)
SCORE = Score(precision=50, recall=100, f1=200 / 3, mentions=4)
SCORES = {"btc_test": Scores(micro=SCORE, by_label={"PER": SCORE})}


@pytest.fixture
def version_file(tmp_path: Path) -> Path:
    path = tmp_path / "v9.safetensors"
    path.write_bytes(b"abc")
    return path


def test_a_card_names_every_corpus_once_with_its_licence(version_file: Path) -> None:
    assert card(RECIPE, version_file, SCORES)["data_licences"] == {
        CORPORA["btc"].title: "CC BY 4.0",
        CORPORA["wikigold"].title: "CC BY 4.0",
    }


def test_word_lists_are_named_where_names_came_from_them(version_file: Path) -> None:
    renaming = replace(RECIPE, stages=(replace(RECIPE.stages[0], gazetteer_names=5),))
    assert LICENCES.items() <= card(renaming, version_file, SCORES)["data_licences"].items()


def test_a_card_tells_which_splits_were_trained_on(version_file: Path) -> None:
    assert card(RECIPE, version_file, SCORES)["trained_on"] == ["btc_dev", "btc_train", "wikigold_train"]


def test_a_card_pins_the_file_and_the_base(version_file: Path) -> None:
    content = card(RECIPE, version_file, SCORES)
    assert content["adapter"]["bytes"] == 3
    assert content["adapter"]["sha256"].startswith("ba7816bf")
    assert content["base"]["sha256"] == base.SHA256


def test_a_recorded_card_is_the_json_beside_the_file(version_file: Path) -> None:
    path = record(version_file, card(RECIPE, version_file, SCORES))
    content = json.loads(path.read_text(encoding="utf-8"))
    assert path.name == "v9.json"
    assert content["scores"]["btc_test"]["micro"] == {"precision": 50, "recall": 100, "f1": 66.67, "mentions": 4}
    assert content["recipe"]["stages"][0]["augmentation"]["rename"] == Augmentation().rename
