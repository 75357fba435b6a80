from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors import safe_open

from summit_inference.errors import ConfigurationError
from training.base import SHA256
from training.build import biased, build, material, with_words
from training.corpora import Sentence
from training.recipe import Part, Recipe, Stage

STAGE = Stage((Part("btc", "train"),), epochs=1)


def test_a_recipe_becomes_an_adapter_for_the_pinned_base(corpora_directory: Path, tmp_path: Path) -> None:
    heard: list[str] = []
    build(Recipe("0.0.1", "tiny", (STAGE, STAGE)), corpora_directory, tmp_path / "v0.safetensors", heard.append)
    assert [line.partition(":")[0] for line in heard] == ["epoch 1 of 2", "epoch 2 of 2"]
    with safe_open(tmp_path / "v0.safetensors", framework="numpy") as file:
        assert file.metadata()["base_sha256"] == SHA256


def test_a_missing_corpus_stops_the_build_before_it_trains(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="btc_train"):
        build(Recipe("0.0.1", "tiny", (STAGE,)), tmp_path, tmp_path / "v0.safetensors", print)
    assert not (tmp_path / "v0.safetensors").exists()


def test_a_part_is_cut_and_repeated_as_the_recipe_says(corpora_directory: Path, sentences: list[Sentence]) -> None:
    stage = replace(STAGE, parts=(Part("btc", "train", limit=2, times=2), Part("wikigold", "train")))
    assert material(stage, corpora_directory).parts == [sentences[:2] * 2, sentences[:5]]


def test_names_of_the_word_lists_stand_beside_those_of_the_corpora(corpora_directory: Path) -> None:
    names = material(replace(STAGE, gazetteer_names=4), corpora_directory).names
    assert [len(names[label]) for label in ("PER", "ORG", "LOC")] == [3 + 4, 2, 4 + 4]


def test_a_bias_moves_only_the_head_outside_of_mentions() -> None:
    weights = {"classifier.bias": torch.ones(7), "classifier.weight": torch.ones(7, 2)}
    moved = biased(weights, -0.5)
    assert moved["classifier.bias"].tolist() == [0.5, 1, 1, 1, 1, 1, 1]
    assert moved["classifier.weight"] is weights["classifier.weight"]


def test_only_the_words_that_moved_farthest_are_kept() -> None:
    name = "bert.embeddings.word_embeddings.weight"
    start = {name: torch.zeros(4, 2)}
    end = {name: torch.tensor([[0.0, 0.0], [0.3, 0.0], [0.0, 0.1], [0.2, 0.2]])}
    assert with_words(start, end, 2)[name].tolist() == torch.tensor([[0.0, 0], [0.3, 0], [0, 0], [0.2, 0.2]]).tolist()
    assert with_words(start, end, 0)[name].tolist() == start[name].tolist()
