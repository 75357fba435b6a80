"""One pod for all probes that leave it alive."""

from collections.abc import Iterator

import pytest
from local.failures.pod import Asked, Pod, asked, pod, text, tokens


@pytest.fixture(scope="session")
def running_pod(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pod]:
    with pod(tmp_path_factory.mktemp("failures")) as started:
        yield started


@pytest.fixture
def predictor(running_pod: Pod) -> Iterator[Asked]:
    with asked(running_pod.predictor, tokens) as one:
        yield one


@pytest.fixture
def transformer(running_pod: Pod) -> Iterator[Asked]:
    with asked(running_pod.transformer, text) as one:
        yield one
