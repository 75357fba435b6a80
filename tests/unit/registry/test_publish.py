from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from registry.publish import publish
from registry.publish_order import PublishOrder
from registry.store import Connection
from summit_inference.errors import ArtifactError, InvalidRequest

NOWHERE = Connection("http://127.0.0.1:1")


@pytest.fixture
def order(plain: Path) -> PublishOrder:
    return PublishOrder("summit-extract", plain, "v2.1.0")


@pytest.mark.parametrize("semver", ["2", "v2.1", "latest", ""])
def test_a_semver_has_three_numbers(order: PublishOrder, semver: str) -> None:
    with pytest.raises(InvalidRequest, match="three numbers"):
        publish(replace(order, semver=semver), NOWHERE)


@pytest.mark.parametrize("alias", ["3", "v2.1.0"])
def test_an_alias_cannot_look_like_a_version(order: PublishOrder, alias: str) -> None:
    with pytest.raises(InvalidRequest, match="an alias is a word"):
        publish(replace(order, alias=alias), NOWHERE)


def test_a_name_is_checked_before_the_registry_sees_it(order: PublishOrder) -> None:
    with pytest.raises(InvalidRequest, match="a model's name"):
        publish(replace(order, name="x' OR '"), NOWHERE)


def test_a_pickle_never_reaches_the_registry(order: PublishOrder, a_pickle: Callable[[int], bytes]) -> None:
    (order.directory / "training_args.bin").write_bytes(a_pickle(2))
    with pytest.raises(ArtifactError, match=r"training_args\.bin in .* remove it"):
        publish(order, NOWHERE)


@pytest.mark.parametrize("missing", ["config.json", "model.safetensors", "tokenizer.json"])
def test_what_could_not_be_served_is_not_published(order: PublishOrder, missing: str) -> None:
    (order.directory / missing).unlink()
    with pytest.raises(ArtifactError, match="has no "):
        publish(order, NOWHERE)


def test_a_directory_in_mlflow_s_layout_is_not_published_a_second_time(order: PublishOrder, logged: Path) -> None:
    with pytest.raises(InvalidRequest, match="has its files in folders"):
        publish(replace(order, directory=logged), NOWHERE)
