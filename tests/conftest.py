"""Flags, and how several processes share the tests."""

from typing import Any

import pytest
from scheduling import FolderScheduling


def pytest_addoption(parser: pytest.Parser) -> None:
    """For tests/cluster, which needs a Kubernetes cluster: that of KUBECONFIG."""
    parser.addoption("--cluster", action="store_true", help="run tests/cluster, and nothing else")
    parser.addoption("--gateway-url", default=None, help="the gateway's; by default a port-forward")


def pytest_configure(config: pytest.Config) -> None:
    """`--cluster` chooses by itself what the default leaves out."""
    if config.getoption("--cluster"):
        config.option.markexpr = "cluster"


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> FolderScheduling:
    """By folders, whatever `--dist` says: what is a session's is a process's, and would start twice for a split one."""
    config.option.loadscopereorder = False
    return FolderScheduling(config, log)
