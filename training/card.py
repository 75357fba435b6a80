"""What is known of a shipped version, as the JSON beside its file: recipe, data and licences, digests and scores."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from training import base, gazetteers
from training.corpora import CORPORA, Corpus, split, written
from training.evaluate import Extract, Scores, evaluate, p50_ms
from training.recipe import Recipe

_TIMED_SENTENCES = 100
JUDGED_ON = tuple((corpus, name) for corpus in CORPORA.values() for name in corpus.splits if name != "train")
"""Every split that a version is judged on."""


def judged(extract: Extract, corpora_directory: Path) -> dict[str, Scores]:
    """The scores of `extract` on every dev and test split, by slice: `btc_test` and so on."""
    return {
        f"{corpus.name}_{name}": evaluate(extract, split(corpora_directory, corpus, name)) for corpus, name in JUDGED_ON
    }


def p50_ms_on(extract: Extract, corpora_directory: Path, corpus: Corpus, split_name: str) -> float:
    """The median time of one sentence alone, over the first hundred of a split."""
    sentences = split(corpora_directory, corpus, split_name)[:_TIMED_SENTENCES]
    return p50_ms(extract, [written(sentence).text for sentence in sentences])


def card(recipe: Recipe, version_file: Path, scores: Mapping[str, Scores]) -> dict[str, Any]:
    """The card of the version in `version_file`; F1, precision and recall in percent."""
    trained_on = sorted({f"{part.corpus}_{part.split}" for stage in recipe.stages for part in stage.parts})
    return {
        "version": recipe.version,
        "description": recipe.description,
        "base": {"package": base.PACKAGE, "sha256": base.SHA256, "licence": base.LICENCE},
        "adapter": {"sha256": _sha256(version_file), "bytes": version_file.stat().st_size},
        "trained_on": trained_on,
        "data_licences": _data_licences(recipe),
        "recipe": asdict(recipe),
        "scores": {slice_name: _rounded(found) for slice_name, found in scores.items()},
    }


def record(version_file: Path, content: Mapping[str, Any]) -> Path:
    """Write the card beside the version's file, as `shipped` reads it."""
    path = version_file.with_suffix(".json")
    path.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    return path


def _data_licences(recipe: Recipe) -> dict[str, str]:
    """The licence of everything that was trained on, by title."""
    corpora = [CORPORA[name] for name in dict.fromkeys(part.corpus for stage in recipe.stages for part in stage.parts)]
    licences = {corpus.title: corpus.licence for corpus in corpora}
    if any(stage.gazetteer_names for stage in recipe.stages):
        licences |= gazetteers.LICENCES
    return licences


def _rounded(scores: Scores) -> dict[str, dict[str, float]]:
    rows = {"micro": scores.micro, **scores.by_label}
    return {name: {key: round(value, 2) for key, value in asdict(score).items()} for name, score in rows.items()}


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
