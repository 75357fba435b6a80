"""One set of servers for all tests of traces and dashboards."""

from collections.abc import Iterator

import pytest
from servers.traced_stages import TracedStages, traced_stages


@pytest.fixture(scope="session")
def traced(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TracedStages]:
    with traced_stages(tmp_path_factory.mktemp("telemetry")) as stages:
        yield stages
