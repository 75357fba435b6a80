"""Fixtures of the V2 contract.

`v2_server` is the server under test, as a `Target`. To run the suite against a further server, add a function that
yields its `Target` to `_SERVERS`, under the id by which reports name it:

    @contextmanager
    def _gateway(_loopback: Loopback) -> Iterator[Target]:
        with started_gateway() as address:                                      # a process of its own
            yield Target(server_at(address.http, address.grpc), "summit-extract", "3",
                         inputs=({"name": "text", "shape": [1], "datatype": "BYTES", "data": ["Angela Merkel"]},),
                         unready=…)                                             # one whose model never gets ready

Without `unready`, the items about readiness are checked on the ready side only.
"""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

import pytest
from contract.v2 import reference
from contract.v2.reference import READY, UNREADY, Loopback
from contract.v2.target import Target


@contextmanager
def _reference(loopback: Loopback) -> Iterator[Target]:
    with (
        loopback.server(reference.http_app(UNREADY), reference.grpc_handler(UNREADY)) as unready,
        loopback.server(reference.http_app(READY), reference.grpc_handler(READY)) as ready,
    ):
        yield reference.target(ready, unready)


_SERVERS: dict[str, Callable[[Loopback], AbstractContextManager[Target]]] = {"reference": _reference}


@pytest.fixture(scope="session")
def loopback() -> Iterator[Loopback]:
    """Where servers of the tests' own process run."""
    loop = Loopback()
    yield loop
    loop.close()


@pytest.fixture(scope="session", params=list(_SERVERS.values()), ids=list(_SERVERS))
def v2_server(request: pytest.FixtureRequest, loopback: Loopback) -> Iterator[Target]:
    """Every server that speaks V2, one after the other."""
    with request.param(loopback) as target:
        yield target
