import hashlib
import json
from dataclasses import asdict
from pathlib import Path

import pytest

from training import base
from training.adapter import merge
from training.extract import extractor
from training.shipped import SHIPPED, ShippedVersion

versions = pytest.mark.parametrize("version", [pytest.param(version, id=version.name) for version in SHIPPED])
JUDGED_ON = ("btc_test", "wikigold_test", "wnut_test")


@versions
def test_a_shipped_file_is_the_one_that_its_card_describes(version: ShippedVersion) -> None:
    card = version.card()
    assert card["adapter"]["sha256"] == hashlib.sha256(version.file.read_bytes()).hexdigest()
    assert card["base"]["sha256"] == base.SHA256
    assert f"v{card['version']}" == version.semver


@versions
def test_a_card_holds_the_recipe_that_is_in_the_code(version: ShippedVersion) -> None:
    assert version.card()["recipe"] == json.loads(json.dumps(asdict(version.recipe)))


@versions
def test_a_shipped_file_is_small_enough_to_commit(version: ShippedVersion) -> None:
    assert version.file.stat().st_size <= 7.5 * 2**20


@versions
def test_no_version_is_trained_on_what_it_is_judged_by(version: ShippedVersion) -> None:
    assert not {"uner_dev", "wikigold_dev", *JUDGED_ON} & set(version.card()["trained_on"])


@versions
def test_every_label_of_every_slice_has_its_recorded_f1(version: ShippedVersion) -> None:
    metrics = version.metrics()
    assert {f"{name}/{f1}" for name in JUDGED_ON for f1 in ("f1", "f1_PER", "f1_ORG", "f1_LOC")} <= set(metrics)
    assert all(0 < value < 100 for value in metrics.values())


def test_each_version_is_better_than_the_one_before() -> None:
    older, newer = (version.metrics() for version in SHIPPED)
    assert all(newer[f"{name}/f1"] > older[f"{name}/f1"] for name in JUDGED_ON)


def test_the_newest_version_finds_the_names_in_raw_text(tmp_path: Path) -> None:
    merge(SHIPPED[-1].file, tmp_path)
    (spans,) = extractor(tmp_path)(["Angela Merkel visited Berlin's parliament, Reuters reported."])
    assert [(span.text, span.label) for span in spans] == [
        ("Angela Merkel", "PER"),
        ("Berlin", "LOC"),
        ("Reuters", "ORG"),
    ]
