"""The tables for people."""

from unit.bench.runs import comparison

from bench import table
from bench.comparison import Comparison
from bench.contenders import OURS


def test_columns_line_up_and_numbers_stand_at_the_right() -> None:
    lines = table.markdown(["name", "n"], [["a", "1"], ["longer", "1000"]]).splitlines()
    assert lines == ["| name   |    n |", "| ------ | ---: |", "| a      |    1 |", "| longer | 1000 |"]


def test_each_load_has_a_table_with_every_server() -> None:
    text = table.tables(comparison(mosec=50.0))
    assert "32 clients, 1 text a request" in text
    assert "1 client, 32 texts a request" in text
    assert text.count("| mosec ") == 3  # two loads, and what does not depend on them


def test_rates_are_told_as_shares_of_ours_and_of_the_machine() -> None:
    run = comparison(mosec=50.0)  # the limit: 250 texts a second
    (row,) = [line for line in table.tables(run).splitlines() if line.startswith("| mosec")][:1]
    assert [cell.strip() for cell in row.split("|")[2:5]] == ["50.0", "0.50", "20%"]


def test_several_texts_a_request_count_each_against_the_machine() -> None:
    rows = [line for line in table.tables(comparison()).splitlines() if line.startswith(f"| {OURS}")]
    assert rows[0].split("|")[4].strip() == "40%"
    assert rows[1].split("|")[4].strip() == f"{32 * 40}%"


def test_without_ours_there_is_nothing_to_compare_with() -> None:
    run = comparison(mosec=50.0)
    alone = Comparison(run.cpu, 2, 3, 20.0, run.limit, {"mosec": run.servers["mosec"]})
    (row,) = [line for line in table.tables(alone).splitlines() if line.startswith("| mosec")][:1]
    assert row.split("|")[3].strip() == "-"


def test_flat_rows_are_told_under_their_keys() -> None:
    assert table.flat([{"way": "REST", "ms": 1.0}, {"way": "gRPC", "ms": 12}]).splitlines()[2:] == [
        "| REST | 1.00 |",
        "| gRPC |   12 |",
    ]
