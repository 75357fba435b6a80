"""`docs/reference/v2.md` says what the code does."""

import re
from pathlib import Path

import grpc

from summit_inference.status import STATUSES
from summit_inference.v2_limits import Limits

_PAGE = (Path(__file__).parents[3] / "docs" / "reference" / "v2.md").read_text()


def rows(heading: str) -> list[list[str]]:
    """The cells of the table under a heading, its head left out."""
    section = _PAGE.partition(f"## {heading}\n")[2].partition("\n## ")[0]
    lines = [line for line in section.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


def test_the_table_of_errors_is_that_of_the_code() -> None:
    names = {code.value[0]: code.name for code in grpc.StatusCode}
    said = {
        (code, int(http[:3]), name) for codes, http, name, _ in rows("Errors") for code in re.findall(r"`(\w+)`", codes)
    }
    assert said == {(kind.code, status.http, names[status.grpc]) for kind, status in STATUSES.items()}


def test_the_table_of_limits_has_the_defaults_of_the_code() -> None:
    said = [cells[1] for cells in rows("Limits")]
    limits = Limits()
    mib = 2**20
    assert said == [
        f"{limits.max_body_bytes // mib} MiB",
        f"{limits.max_json_bytes // mib} MiB",
        f"{limits.body_timeout_seconds:g} s",
        f"{limits.max_tensors} each",
        f"{limits.max_tensor_elements:,}",
        f"{limits.max_dimensions}",
        f"{limits.max_parameters}",
    ]
