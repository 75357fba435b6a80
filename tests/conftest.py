"""Tests that share servers run in one process: a folder is a group, and groups go to whatever process is free."""

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    """For tests/cluster, which needs a Kubernetes cluster: that of KUBECONFIG."""
    parser.addoption("--cluster", action="store_true", help="run tests/cluster, and nothing else")
    parser.addoption("--gateway-url", default=None, help="the gateway's; by default a port-forward")


def pytest_configure(config: pytest.Config) -> None:
    """`--cluster` chooses by itself what the default leaves out."""
    if config.getoption("--cluster"):
        config.option.markexpr = "cluster"


@pytest.hookimpl(tryfirst=True)  # before pytest-xdist reads the marks
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Fixtures of a session are a session's and so a process's; were a folder split, its servers would start twice."""
    for item in items:
        item.add_marker(pytest.mark.xdist_group(str(item.path.parent)))
