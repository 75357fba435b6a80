"""A comparison as Markdown tables: one a load, and one of what does not depend on it. Pure."""

from collections.abc import Mapping, Sequence

from bench.closed_loop import ClosedLoop
from bench.comparison import Comparison, Turn, clients_and_texts
from bench.contenders import OURS

_LIFE_HEAD = ("server", "start to ready", "PSS", "idle cores", "open loop p50", "p99", "health p99", "lost", "errors")
_SERVER = "server"


def tables(run: Comparison) -> str:
    """All of them. Units: seconds, MiB, milliseconds; `lost` of the requests in flight at SIGTERM, over all rounds."""
    loads = [f"**{_load_title(load)}**\n\n{load_table(run, load)}" for load in run.loads]
    life = markdown(_LIFE_HEAD, [_life_row(title, turn) for title, turn in run.servers.items()])
    return "\n\n".join([*loads, f"**A server's life, latency at a fixed rate, and health**\n\n{life}"])


def load_table(run: Comparison, load: str) -> str:
    """The servers under one load."""
    head = (_SERVER, "req/s", "of ours", "of the limit", "p50 ms", "p99 ms", "CPU-ms")
    return markdown(head, [_load_row(run, load, title, turn.closed[load]) for title, turn in run.servers.items()])


def about(run: Comparison) -> str:
    """On what, and how fast that could be at most."""
    return (
        f"{run.cpu}, {run.cores} cores; {run.rounds} rounds, medians. Limit: {run.limit.gflops:.0f} GFLOPS a core in "
        f"the encoder's own matrix products are {run.limit_texts_per_second:.0f} texts of {run.tokens_per_text:.0f} "
        f"tokens a second on {run.limit.lanes} cores."
    )


def flat(rows: Sequence[Mapping[str, str | float]]) -> str:
    """Rows that are alike, under their keys."""
    return markdown(list(rows[0]), [[_cell(value) for value in row.values()] for row in rows])


def markdown(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table whose columns line up as text, too; the first one to the left."""
    widths = [max(map(len, column)) for column in zip(head, *rows, strict=True)]
    rule = ["-" * widths[0], *("-" * (width - 1) + ":" for width in widths[1:])]
    return "\n".join(_line(cells, widths) for cells in (head, rule, *rows))


def _load_title(load: str) -> str:
    clients, texts = clients_and_texts(load)
    return f"{clients} client{'s' * (clients > 1)}, {texts} text{'s' * (texts > 1)} a request"


def _load_row(run: Comparison, load: str, title: str, found: ClosedLoop) -> list[str]:
    _, texts = clients_and_texts(load)
    return [
        title,
        f"{found.requests_per_second:.1f}",
        _of_ours(run, load, found),
        f"{found.requests_per_second * texts / run.limit_texts_per_second:.0%}",
        f"{found.p50_ms:.0f}",
        f"{found.p99_ms:.0f}",
        f"{found.cpu_ms:.1f}",
    ]


def _of_ours(run: Comparison, load: str, found: ClosedLoop) -> str:
    ours = run.servers[OURS].closed[load].requests_per_second if OURS in run.servers else 0.0
    return f"{found.requests_per_second / ours:.2f}" if ours else "-"


def _life_row(title: str, turn: Turn) -> list[str]:
    return [
        title,
        f"{turn.ready_seconds:.1f} s",
        f"{turn.memory_mib:.0f} MiB",
        f"{turn.idle_cores:.2f}",
        f"{turn.open.p50_ms:.0f} ms",
        f"{turn.open.p99_ms:.0f} ms",
        f"{turn.health_p99_ms:.0f} ms",
        str(turn.lost),
        str(turn.errors),
    ]


def _cell(value: str | float) -> str:
    return f"{value:.2f}" if isinstance(value, float) else str(value)


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    first, *others = zip(cells, widths, strict=True)
    return f"| {' | '.join([first[0].ljust(first[1]), *(cell.rjust(width) for cell, width in others)])} |"
