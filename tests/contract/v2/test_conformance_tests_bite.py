"""A conformance test that no server can fail proves nothing: for each item, broken servers are caught by its tests."""

import functools
import inspect
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import pytest
from contract.v2 import reference, test_binary, test_grpc, test_rest
from contract.v2.broken import BROKEN
from contract.v2.reference import READY, UNREADY, Loopback
from contract.v2.tampering import WHOLE, Broken, Tampering
from contract.v2.target import Target

_ITEMS = [f"{kind}{number:02}" for kind, last in (("r", 28), ("g", 21), ("b", 10)) for number in range(1, last + 1)]
_MODULES: tuple[ModuleType, ...] = (test_rest, test_grpc, test_binary)


@dataclass
class Bench:
    """The reference, ready and not, with a tampering on both."""

    target: Target
    tamperings: tuple[Tampering, Tampering]

    def failures(self, item: str, broken: Broken) -> list[Exception]:
        """What the item's tests say of the reference when it is broken so."""
        for tampering in self.tamperings:
            tampering.broken = broken
            tampering.faults.clear()
        failures = [failure for case in cases(item) if (failure := failure_of(case, self.target))]
        assert [fault for tampering in self.tamperings for fault in tampering.faults] == []
        return failures


def cases(item: str) -> Iterator[Callable[[Target], None]]:
    """The item's tests, each with its parameters bound."""
    for module in _MODULES:
        for name, test in inspect.getmembers(module, inspect.isfunction):
            if name.startswith(f"test_{item}_"):
                yield from _bound(test)


def _bound(test: Any) -> Iterator[Callable[[Target], None]]:
    marks = getattr(test, "pytestmark", [])
    if not marks:
        yield test
    for mark in marks:
        names, rows = mark.args
        for row in rows:
            values = dict(zip(names, row, strict=True)) if isinstance(names, tuple) else {names: row}
            yield functools.partial(test, **values)


def failure_of(case: Callable[[Target], None], target: Target) -> Exception | None:
    try:
        case(target)
    except Exception as error:  # noqa: BLE001 -- whatever a test raises, it has failed
        return error
    return None


@pytest.fixture(scope="module")
def bench(loopback: Loopback) -> Iterator[Bench]:
    ready, unready = (
        Tampering(reference.http_app(models), reference.grpc_handler(models)) for models in (READY, UNREADY)
    )
    with (
        loopback.server(unready.http, unready.grpc()) as unready_server,
        loopback.server(ready.http, ready.grpc()) as ready_server,
    ):
        yield Bench(reference.target(ready_server, unready_server), (ready, unready))


def test_every_item_has_a_broken_server() -> None:
    assert sorted(BROKEN) == sorted(_ITEMS)
    assert len(_ITEMS) == 59


@pytest.mark.parametrize("item", _ITEMS)
def test_an_item_has_tests_which_the_whole_server_passes(bench: Bench, item: str) -> None:
    assert list(cases(item))
    assert bench.failures(item, WHOLE) == []


@pytest.mark.parametrize(
    ("item", "broken"),
    [pytest.param(item, broken, id=f"{item}: {fault}") for item in _ITEMS for fault, broken in BROKEN[item].items()],
)
def test_a_broken_server_is_caught_by_the_tests_of_the_item(bench: Bench, item: str, broken: Broken) -> None:
    assert bench.failures(item, broken)
