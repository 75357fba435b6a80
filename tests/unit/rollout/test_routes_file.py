from pathlib import Path

import pytest

from rollout.routes_file import RoutesFile, StaleRoutes
from summit_inference.errors import ConfigurationError
from summit_inference.routes_document import Route

URL = "http://127.0.0.1:1"


def _routes(*percents: int) -> list[Route]:
    return [Route(model_version=str(at), percent=percent, url=URL) for at, percent in enumerate(percents, 1)]


@pytest.fixture
def file(tmp_path: Path) -> RoutesFile:
    return RoutesFile(tmp_path / "routes.json")


def test_the_generation_grows_with_every_change_and_only_then(file: RoutesFile) -> None:
    assert file.read() is None
    assert file.write(_routes(100), 0).generation == 1
    assert file.write(_routes(100), 1).generation == 1
    assert file.write(_routes(90, 10), 1).generation == 2
    assert file.read() == file.write(_routes(90, 10), 2)


def test_a_writer_who_has_not_seen_the_last_change_changes_nothing(file: RoutesFile) -> None:
    file.write(_routes(100), 0)
    second = file.write(_routes(90, 10), 1)
    with pytest.raises(StaleRoutes):
        file.write(_routes(50, 50), 1)
    with pytest.raises(StaleRoutes):
        file.write(_routes(50, 50), 0)
    assert file.read() == second


def test_percents_that_do_not_add_up_are_never_written(file: RoutesFile) -> None:
    file.write(_routes(100), 0)
    with pytest.raises(ConfigurationError, match="100"):
        file.write(_routes(90, 20), 1)
    document = file.read()
    assert document
    assert document.generation == 1
