"""The report of one rollout: a self-contained HTML file. Pure.

For whoever asks afterwards why a version was promoted or taken back. It holds numbers and sentences, no caller's text.
"""

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from html import escape

from rollout.ledger import errors_test, slow_test
from rollout.phase import Phase
from rollout.plots import Bound, Line, plot
from rollout.state import DecisionRecord, ExactVersion, GoldenReport, ModelRollout, Point, RuleResult, Status, Verdict

_BLUE, _RED, _GREEN, _AMBER = "#2563eb", "#dc2626", "#16a34a", "#d97706"
_GOOD_PHASES = frozenset({Phase.PROMOTED, Phase.SOAK, Phase.PROMOTING})
_BAD_PHASES = frozenset({Phase.ROLLED_BACK, Phase.ROLLING_BACK})

_STYLE = """
:root{color-scheme:light dark;--fg:#1f2937;--bg:#fff;--soft:#6b7280;--line:#e5e7eb}
@media(prefers-color-scheme:dark){:root{--fg:#e5e7eb;--bg:#111827;--soft:#9ca3af;--line:#374151}}
body{font:15px/1.5 system-ui,sans-serif;max-width:920px;margin:2rem auto;padding:0 1rem}
body{color:var(--fg);background:var(--bg)}
h1{font-size:1.5rem}h2{font-size:1.1rem;margin-top:2rem}
.outcome{font-weight:600;padding:.15rem .6rem;border-radius:1rem;color:#fff}
.ok{background:#15803d}.bad{background:#b91c1c}.hold{background:#b45309}
table{border-collapse:collapse;width:100%;margin:1rem 0}
td,th{text-align:left;padding:.35rem .6rem;border-bottom:1px solid var(--line)}
td.n{white-space:nowrap;font-variant-numeric:tabular-nums}
figure{margin:1.5rem 0}figcaption{font-weight:600;display:flex;justify-content:space-between;flex-wrap:wrap}
.key{font-weight:400;font-size:.85rem}.key i{display:inline-block;width:.8em;height:.8em;margin:0 .35em 0 1em}
svg{width:100%}svg text{font-size:12px;fill:var(--soft)}.grid{stroke:var(--line)}
"""


def report(rollout: ModelRollout) -> str:
    """The HTML of the rollout that the status tells of."""
    status = rollout.status
    began = status.began_at
    body = [
        _head(rollout),
        "<h2>Traffic</h2>",
        _traffic(status.points, began),
        "<h2>Evidence</h2>",
        *_evidence(rollout, began),
        _rules(status.rules),
        _golden(status.golden),
        "<h2>Decisions</h2>",
        _decisions([each for each in status.decisions if each.rollout_id == status.rollout_id], began),
    ]
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>Rollout {escape(status.rollout_id)}</title>'
        f'<meta name="viewport" content="width=device-width"><style>{_STYLE}</style>'
        f"<body>{''.join(body)}</body></html>\n"
    )


def _head(rollout: ModelRollout) -> str:
    status = rollout.status
    kind = "ok" if status.phase in _GOOD_PHASES else "bad" if status.phase in _BAD_PHASES else "hold"
    rows = (
        ("Model", rollout.spec.model_name),
        ("Candidate", _version(status, is_candidate=True)),
        ("Champion before", _version(status, is_candidate=False)),
        ("Began", _instant(status.began_at)),
        ("As of", _instant(status.phase_at)),
        ("Forced by a human", "yes" if status.is_forced else "no"),
    )
    return (
        f"<h1>{escape(status.rollout_id)}</h1>"
        f'<p><span class="outcome {kind}">{escape(status.phase)}</span> {escape(status.reason)}</p>'
        f"{_table(rows)}"
    )


def _version(status: Status, *, is_candidate: bool) -> str:
    version = status.candidate if is_candidate else _champion_before(status)
    if version is None:
        return "none"
    digest = f", content {version.digest[:12]}…" if version.digest else ""
    return f"version {version.version}, run {version.run_id or 'unknown'}{digest}"


def _champion_before(status: Status) -> ExactVersion | None:
    outcome = next((each for each in status.outcomes if each.rollout_id == status.rollout_id), None)
    return outcome.champion if outcome else status.champion


def _traffic(points: Sequence[Point], began: float) -> str:
    line = Line("candidate", _BLUE, _series(points, began, lambda point: point.percent), is_stepped=True)
    return plot("Requests that the candidate got", "%", [line], top=100)


def _evidence(rollout: ModelRollout, began: float) -> Iterable[str]:
    points, policy = rollout.status.points, rollout.spec.policy
    errors, slow = errors_test(policy), slow_test(policy)
    objectives = policy.objectives
    yield plot(
        f"Errors: is the objective of {objectives.errors_percent:g}% kept? (logarithm of the odds)", "",
        [
            Line("that it is broken", _RED, _series(points, began, lambda point: point.bad)),
            Line("that it is kept", _GREEN, _series(points, began, lambda point: point.good)),
        ],
        [Bound("rolls back", errors.bad_bound, _AMBER), Bound("advances", errors.good_bound, _BLUE)],
    )  # fmt: skip
    yield plot(
        f"Answers over {objectives.slow_seconds * 1000:g} ms: at most {objectives.slow_percent:g}% may be", "%",
        [Line("candidate", _BLUE, _shares(points, began, lambda point: (point.slow, point.slow_requests)))],
        [Bound("objective", objectives.slow_percent, _AMBER)],
    )  # fmt: skip
    yield plot(
        "Latency: odds that the objective is broken (logarithm)", "",
        [Line("that it is broken", _RED, _series(points, began, lambda point: point.slow_bad))],
        [Bound("rolls back", slow.bad_bound, _AMBER)],
    )  # fmt: skip
    if any(point.compared for point in points):
        yield plot(
            "Shadowed texts with other entities than the champion's", "%",
            [Line("differ", _BLUE, _shares(points, began, lambda point: (point.different, point.compared)))],
            [Bound("asks for a human", policy.shadow.disagree_percent, _AMBER)],
        )  # fmt: skip
        yield _comparison(rollout.status)


def _comparison(status: Status) -> str:
    counts = status.ledger.carried.counts.comparison
    common = 2 * counts.spans_common
    either = common + counts.spans_missing + counts.spans_added + 2 * counts.label_flips
    rows = (
        ("Texts compared", f"{counts.compared}"),
        ("With other entities", f"{counts.different}"),
        ("Span F1 between the versions", f"{common / either:.3f}" if either else "nothing was found"),
        ("Spans of the champion only", f"{counts.spans_missing}"),
        ("Spans of the candidate only", f"{counts.spans_added}"),
        ("Same place, other label", f"{counts.label_flips}"),
        ("Answers against the contract", f"{counts.contract_faults}"),
    )
    return _table(rows)


def _rules(rules: Sequence[RuleResult]) -> str:
    if not rules:
        return "<p>Nothing was judged.</p>"
    rows = "".join(
        f'<tr><td>{escape(rule.rule)}</td><td><span class="outcome {_KINDS[rule.verdict]}">{rule.verdict}</span></td>'
        f"<td>{escape(rule.sentence)}</td></tr>"
        for rule in rules
    )
    return f"<table><tr><th>Rule</th><th>Says</th><th>Because</th></tr>{rows}</table>"


_KINDS = {Verdict.OK: "ok", Verdict.BAD: "bad", Verdict.HOLD: "hold"}


def _golden(golden: GoldenReport | None) -> str:
    if golden is None:
        return ""
    rows = [
        (
            part.name,
            f"F1 {part.f1:.3f}"
            + ("" if part.champion_f1 is None else f", the champion's {part.champion_f1:.3f}")
            + f", {part.texts} texts",
        )
        for part in golden.slices
    ]
    p95 = "none was answered" if golden.p95_seconds is None else f"{golden.p95_seconds * 1000:.0f} ms"
    faults = [("Fault", fault) for fault in golden.faults]
    return f"<h2>Golden requests</h2>{_table([*rows, ('p95, warm', p95), *faults])}"


def _decisions(decisions: Sequence[DecisionRecord], began: float) -> str:
    rows = "".join(
        f'<tr><td class="n">{(each.at - began) / 60:.1f} min</td><td>{escape(each.phase)}</td>'
        f'<td class="n">{each.percent}%</td><td>{escape(each.sentence)}</td></tr>'
        for each in decisions
    )
    return f"<table><tr><th>After</th><th>Phase</th><th>Traffic</th><th>Decided</th></tr>{rows}</table>"


def _series(points: Sequence[Point], began: float, value: Callable[[Point], float]) -> list[tuple[float, float]]:
    return [((point.at - began) / 60, float(value(point))) for point in points]


def _shares(
    points: Sequence[Point], began: float, counts: Callable[[Point], tuple[int, int]]
) -> list[tuple[float, float]]:
    return [((point.at - began) / 60, 100 * k / n) for point in points for k, n in (counts(point),) if n]


def _table(rows: Iterable[tuple[str, str]]) -> str:
    cells = "".join(f"<tr><th>{escape(name)}</th><td>{escape(value)}</td></tr>" for name, value in rows)
    return f"<table>{cells}</table>"


def _instant(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
