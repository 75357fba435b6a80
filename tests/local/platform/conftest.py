"""The whole platform on loopback, as `summit up --detach` starts it: published from nothing, once a session."""

from collections.abc import Iterator

import pytest
from servers.platform import Platform, free_offset

_START_SECONDS = 420  # publishing two versions from nothing, on a machine that does other things besides


@pytest.fixture(scope="session")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    running = Platform(tmp_path_factory.mktemp("summit"), free_offset())
    started = running.summit("up", "--detach", timeout_seconds=_START_SECONDS)
    assert started.returncode == 0, started.stderr
    yield running
    running.summit("down")
