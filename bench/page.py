"""Write results into docs/performance.md and README.md, each between its marks, and the chart of a comparison.

    python -m bench.page RUN.json …

A RUN.json is what one of the benchmarks printed; its last line counts, and says which benchmark it was. With those of
all four, the goals are judged, too.
"""

import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from bench import goals, table
from bench.chart import chart
from bench.comparison import BENCHMARK, Comparison
from bench.contenders import OURS
from bench.goals import Results

_DOCS = Path(__file__).resolve().parents[1] / "docs"
_CHARTED = "32x1"
_END = "<!-- /measured -->"


def main(files: Sequence[Path]) -> None:
    """Write them all."""
    documents = [json.loads(file.read_bytes().splitlines()[-1]) for file in files]
    found = {document["benchmark"]: document for document in documents}
    page = _DOCS / "performance.md"
    text = page.read_text(encoding="utf-8")
    for name, document in found.items():
        text = filled(text, name, measured(document))
    if found.keys() == {BENCHMARK, "quick", "hop", "cold_start"}:
        results = Results(run_of(found[BENCHMARK]), found["quick"], found["hop"], found["cold_start"])
        text = filled(text, "goals", table.flat(goals.rows(goals.goals(results))))
    page.write_text(text, encoding="utf-8")
    if BENCHMARK in found:
        _show(run_of(found[BENCHMARK]))


def _show(run: Comparison) -> None:
    """The chart, and the table of one load in the README."""
    (_DOCS / "performance.svg").write_text(drawn(run), encoding="utf-8")
    readme = _DOCS.parent / "README.md"
    text = filled(
        readme.read_text(encoding="utf-8"), BENCHMARK, f"{table.load_table(run, _CHARTED)}\n\n{table.about(run)}"
    )
    readme.write_text(text, encoding="utf-8")


def measured(document: Mapping[str, Any]) -> str:
    """What a benchmark found, for people."""
    if document["benchmark"] == BENCHMARK:
        run = run_of(document)
        return f"![Texts a second of all servers](performance.svg)\n\n{table.about(run)}\n\n{table.tables(run)}"
    return "\n\n".join(table.flat(rows) for rows in document.values() if isinstance(rows, list))


def run_of(document: Mapping[str, Any]) -> Comparison:
    """A comparison's document as its values."""
    return Comparison.from_json(json.dumps(document).encode())


def filled(page: str, benchmark: str, results: str) -> str:
    """The page with these between the marks of the benchmark."""
    begin = f"<!-- measured: {benchmark} -->"
    before, _, rest = page.partition(begin)
    _, end, after = rest.partition(_END)
    if not end:
        raise ValueError(f"the page needs a line {begin} and, below it, a line {_END}")
    return f"{before}{begin}\n\n{results}\n\n{_END}{after}"


def drawn(run: Comparison) -> str:
    """Throughput under load."""
    return chart(
        f"Texts a second: 32 clients, {run.limit.lanes} cores, float32, texts of mixed length",
        "Medians of one run. Dashed: the encoder's matrix products alone, the limit of this machine.",
        {title: turn.closed[_CHARTED].requests_per_second for title, turn in run.servers.items()},
        {OURS},
        run.limit_texts_per_second,
    )


if __name__ == "__main__":
    main([Path(file) for file in sys.argv[1:]])
