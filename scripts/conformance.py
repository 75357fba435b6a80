"""Write `docs/reference/conformance.md` from a test run's junit XML. With `--check`, say what is missing or stale.

A test of `tests/contract/v2/` is named after its item (`test_r01_…`) and runs against every server that speaks V2; the
broken servers of `tests/contract/v2/broken.py` show that it can fail. An item without a passing test at a server, or
without a broken server that is caught, fails the build.
"""

import argparse
import re
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree as ET

_ROOT = Path(__file__).resolve().parents[1]
_SERVERS = ("predictor", "transformer", "gateway")
_TRANSPORTS = {
    "REST": tuple(f"r{number:02}" for number in range(1, 29)),
    "gRPC": tuple(f"g{number:02}" for number in range(1, 22)),
    "REST with binary tensors": tuple(f"b{number:02}" for number in range(1, 11)),
}
_ITEMS = tuple(item for items in _TRANSPORTS.values() for item in items)
_ITEM_TEST = re.compile(r"test_([rgb]\d\d)_(\w+)\[([a-z]+)")
_BROKEN_SERVER = re.compile(r"test_a_broken_server_is_caught_by_the_tests_of_the_item\[([rgb]\d\d): (.*)\]", re.DOTALL)
_HEAD = """\
# V2 conformance

<!-- Made by scripts/conformance.py from the junit XML of `make test`, which fails where this page is not true. -->

Each requirement of the Open Inference Protocol, in the words of its test, and how it fared at the three servers, run as
processes. The last column names servers that break the requirement, each in one way: the item's tests catch every one
of them, so they can fail. The tests are in `tests/contract/v2/`; what it means to be not ready while draining is in
`tests/local/failures/`.
"""


@dataclass(frozen=True, slots=True)
class Report:
    """What a test run says about the items."""

    sentences: Mapping[str, list[str]]
    """Item → what its tests are called."""
    outcomes: Mapping[tuple[str, str], list[bool]]
    """Item and server → whether each of its tests passed."""
    broken: Mapping[str, Mapping[str, bool]]
    """Item → what is wrong with a server → whether that was noticed."""

    def result(self, item: str, server: str) -> str:
        """How the item fared at the server."""
        outcomes = self.outcomes.get((item, server))
        return "missing" if not outcomes else "pass" if all(outcomes) else "FAIL"


def main() -> int:
    """Write the page, or compare it; 1 where an item is missing or failed, or the page is stale."""
    parser = argparse.ArgumentParser()
    parser.add_argument("junit", type=Path, help="what `pytest --junitxml` wrote")
    parser.add_argument("--check", action="store_true", help="write nothing")
    parser.add_argument("--page", type=Path, default=_ROOT / "docs" / "reference" / "conformance.md")
    options = parser.parse_args()
    found = report(ET.parse(options.junit).iter("testcase"))  # noqa: S314 - a file of our own test run
    faults, text = list(_faults(found)), "\n".join(_page(found))
    if not options.check:
        options.page.write_text(text, "utf-8")
    elif not options.page.exists() or options.page.read_text("utf-8") != text:
        mend = f".venv/bin/python -P scripts/conformance.py {options.junit}"
        faults.append(f"{options.page.name} is not what the test run says; run: {mend}")
    for fault in faults:
        print(fault, file=sys.stderr)
    return 1 if faults else 0


def report(cases: Iterable[ET.Element]) -> Report:
    """The items in the test cases of a run; all other cases are passed over."""
    sentences: defaultdict[str, list[str]] = defaultdict(list)
    outcomes: defaultdict[tuple[str, str], list[bool]] = defaultdict(list)
    broken: defaultdict[str, dict[str, bool]] = defaultdict(dict)
    for case in cases:
        name, has_passed = case.get("name", ""), not list(case.iterfind("*[@message]"))
        if match := _ITEM_TEST.match(name):
            item, sentence, server = match.groups()
            outcomes[item, server].append(has_passed)
            if sentence not in sentences[item]:
                sentences[item].append(sentence)
        elif match := _BROKEN_SERVER.match(name):
            broken[match[1]][match[2]] = has_passed
    return Report(sentences, outcomes, broken)


def _faults(found: Report) -> Iterator[str]:
    for item in _ITEMS:
        for server in _SERVERS:
            if (result := found.result(item, server)) != "pass":
                yield f"{item} at the {server}: {result}"
        if not found.broken.get(item):
            yield f"{item}: no broken server shows that its tests can fail"
        yield from (
            f"{item}: its tests do not notice that {fault}"
            for fault, is_caught in found.broken.get(item, {}).items()
            if not is_caught
        )


def _page(found: Report) -> Iterator[str]:
    yield _HEAD
    for transport, items in _TRANSPORTS.items():
        yield f"## {transport}"
        yield ""
        yield f"| item | requirement | {' | '.join(_SERVERS)} | broken servers that are caught |"
        yield f"|---|---|{'---|' * len(_SERVERS)}---|"
        for item in items:
            yield _row(found, item)
        yield ""


def _row(found: Report, item: str) -> str:
    requirement = "; ".join(sentence.replace("_", " ") for sentence in sorted(found.sentences.get(item, ())))
    caught = "; ".join(sorted(fault for fault, is_caught in found.broken.get(item, {}).items() if is_caught))
    results = " | ".join(found.result(item, server) for server in _SERVERS)
    return f"| {item[0].upper()}{int(item[1:])} | {requirement} | {results} | {caught} |"


if __name__ == "__main__":
    sys.exit(main())
