"""Clients that others wrote understand the reference, each in a process of its own: their protobuf modules clash."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from contract.v2 import reference
from contract.v2.reference import READY, Loopback
from contract.v2.target import Server

_CLIENTS = Path(__file__).parent / "clients"


@pytest.fixture(scope="module")
def server(loopback: Loopback) -> Iterator[Server]:
    with loopback.server(reference.http_app(READY), reference.grpc_handler(READY)) as running:
        yield running


def run(client: str, *arguments: str) -> None:
    """Run the client's file; an assertion in it that fails, fails the test with its traceback."""
    command = [sys.executable, "-P", str(_CLIENTS / client), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=100, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("form", ["binary", "json"])
def test_tritonclient_over_http_understands_the_server(server: Server, form: str) -> None:
    run("triton_http.py", server.base_url.removeprefix("http://"), "echo", "1", form)


def test_tritonclient_over_grpc_understands_the_server(server: Server) -> None:
    run("triton_grpc.py", server.grpc_address, "echo", "1")


@pytest.mark.parametrize("form", ["binary", "json"])
def test_kserves_rest_client_understands_the_server(server: Server, form: str) -> None:
    run("kserve_rest.py", server.base_url, "echo", form)


@pytest.mark.parametrize("form", ["binary", "typed"])
def test_kserves_grpc_client_understands_the_server(server: Server, form: str) -> None:
    run("kserve_grpc.py", server.grpc_address, "echo", form)
