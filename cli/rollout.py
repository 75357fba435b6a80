"""`summit rollout …`: try a model version on part of the traffic, watch the evidence decide, and overrule it."""

import argparse
import json
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from cli import policy_file, rollout_orders, rollout_view
from cli.here import plan_here
from cli.platform import MODEL_NAME
from cli.registry_here import registry_here
from cli.rollout_simulate import add_simulate
from cli.settings import CliSettings
from cli.terminal import put, say
from registry.resolve import resolve
from registry.stores import open_store
from rollout.explain import explained
from rollout.phase import Phase
from rollout.policy import demo_policy
from rollout.report import report
from rollout.routes import Routes, open_routes
from rollout.state import ModelRollout, Spec
from rollout.state_file import StateFile
from summit_inference.errors import InvalidRequest

_CANDIDATE = "candidate"
_WATCH_SECONDS = 0.5
_EVIDENCE_SECONDS = 5.0


def add_arguments(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """The noun and its verbs."""
    nouns = verbs.add_parser("rollout", help="try a model version on part of the traffic; the evidence decides")
    verb = nouns.add_subparsers(required=True, metavar="VERB")
    _add_start(verb)
    _add_reading(verb)
    _add_report(verb)
    _add_ordering(verb)
    add_simulate(verb)


def _add_start(verb: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    start = verb.add_parser("start", help="let the alias candidate name a version, which starts its rollout")
    start.add_argument("model", help=f"the registered model, such as {MODEL_NAME}")
    start.add_argument("version", help="a number, a semver or an alias")
    how = start.add_mutually_exclusive_group()
    how.add_argument("--policy", type=Path, metavar="FILE", help="YAML; by default that of the last rollout")
    how.add_argument("--demo", action="store_true", help="the same proof in minutes, for a machine of one's own")
    start.add_argument("--watch", action="store_true", help="tell every decision, until it is over")
    start.set_defaults(run=run_start)


def _add_reading(verb: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    for name, run, what in (
        ("status", run_status, "phase, traffic, and for each rule its evidence"),
        ("history", run_history, "the rollouts that are over, and why"),
        ("explain", run_explain, "what happens next, and what it waits for"),
    ):
        parser = verb.add_parser(name, help=what)
        parser.add_argument("model", nargs="?", default=MODEL_NAME)
        parser.add_argument("--json", action="store_true", help="one JSON document")
        parser.set_defaults(run=run)
        if name == "status":
            parser.add_argument("--watch", action="store_true", help="tell every decision, until it is over")


def _add_report(verb: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = verb.add_parser("report", help="the last rollout as one HTML file: traffic, evidence, decisions")
    parser.add_argument("model", nargs="?", default=MODEL_NAME)
    parser.add_argument("--out", type=Path, help="the file to write; by default MODEL-VERSION-rN.html, here")
    parser.set_defaults(run=run_report)


def _add_ordering(verb: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    for name, run, what in (
        ("approve", run_approve, "let it pass the gate at which it stands"),
        ("abort", run_abort, "roll it back now"),
        ("halt", run_halt, "change nothing more, whatever happens"),
        ("resume", run_resume, "go on after halt"),
        ("promote", run_promote, "promote without waiting for evidence"),
    ):
        parser = verb.add_parser(name, help=what)
        parser.add_argument("model", nargs="?", default=MODEL_NAME)
        parser.set_defaults(run=run)
        if name == "promote":
            parser.add_argument("--force", action="store_true", required=True, help="said in full: it is recorded")


def run_start(options: argparse.Namespace, settings: CliSettings) -> int:
    """Start a rollout; with --watch 0 where it is promoted, 1 where it is not."""
    policy = demo_policy() if options.demo else policy_file.read(options.policy) if options.policy else None
    store, routes = _state(settings)
    with open_store(registry_here(settings)) as registered:
        reference = resolve(registered, options.model, options.version)
        if _serves_all(routes, reference.version):
            raise InvalidRequest(f"version {reference.version} serves already; name another, see: summit model list")
        before = rollout_orders.change(store, options.model, lambda seen: rollout_orders.started(seen.spec, policy))
        registered.set_alias(options.model, _CANDIDATE, reference.version)
    say(f"{_CANDIDATE} of {options.model} is version {reference.version}")
    return _watch(store, routes, options.model, after=before.status.attempts) if options.watch else 0


def run_status(options: argparse.Namespace, settings: CliSettings) -> int:
    """Print how the rollout stands."""
    store, routes = _state(settings)
    if options.watch:
        return _watch(store, routes, options.model)
    rollout = _known(store, options.model)
    if options.json:
        put(rollout.model_dump_json())
        return 0
    _print(rollout_view.status_lines(rollout, _routed(routes), time.time()))
    return 0


def run_history(options: argparse.Namespace, settings: CliSettings) -> int:
    """Print a line a rollout, the last one first."""
    rollout = _known(_state(settings)[0], options.model)
    if options.json:
        put(json.dumps([outcome.model_dump() for outcome in reversed(rollout.status.outcomes)]))
        return 0
    _print([rollout_view.outcome_line(outcome) for outcome in reversed(rollout.status.outcomes)])
    if not rollout.status.outcomes:
        say("no rollout is over yet")
    return 0


def run_explain(options: argparse.Namespace, settings: CliSettings) -> int:
    """Print what it waits for."""
    lines = list(explained(_known(_state(settings)[0], options.model)))
    _print([json.dumps(lines)] if options.json else lines)
    return 0


def run_report(options: argparse.Namespace, settings: CliSettings) -> int:
    """Write the file, and say where it is."""
    rollout = _known(_state(settings)[0], options.model)
    if rollout.status.candidate is None:
        raise InvalidRequest("nothing was ever rolled out here; start with: summit rollout start")
    file = options.out or Path(f"{rollout.status.rollout_id}.html")
    try:
        file.write_text(report(rollout), "utf-8")
    except OSError as error:
        raise InvalidRequest(f"{file}: {error.strerror}") from error
    say(f"wrote {file}")
    return 0


def run_approve(options: argparse.Namespace, settings: CliSettings) -> int:
    """Pass the gate."""
    return _ordered(options, settings, rollout_orders.approved, "approved")


def run_abort(options: argparse.Namespace, settings: CliSettings) -> int:
    """Roll back."""
    return _ordered(options, settings, rollout_orders.aborted, "to be rolled back")


def run_halt(options: argparse.Namespace, settings: CliSettings) -> int:
    """Stop where it is."""
    return _ordered(options, settings, lambda seen: rollout_orders.suspended(seen, is_suspended=True), "halted")


def run_resume(options: argparse.Namespace, settings: CliSettings) -> int:
    """Go on."""
    return _ordered(options, settings, lambda seen: rollout_orders.suspended(seen, is_suspended=False), "resumed")


def run_promote(options: argparse.Namespace, settings: CliSettings) -> int:
    """Promote at once."""
    return _ordered(options, settings, rollout_orders.forced, "to be promoted without evidence")


def _ordered(
    options: argparse.Namespace, settings: CliSettings, spec_of: Callable[[ModelRollout], Spec], what: str
) -> int:
    store, _ = _state(settings)
    rollout = rollout_orders.change(store, options.model, lambda seen: spec_of(rollout_orders.running(seen)))
    say(f"{rollout.status.rollout_id} is {what}")
    return 0


def _watch(store: StateFile, routes: Routes, name: str, *, after: int = 0) -> int:
    """Tell every decision and, now and then, the evidence, until a rollout is over that began after so many others."""
    told, evidence_at = _known(store, name).status.announced, 0.0
    while True:
        rollout = _known(store, name)
        status = rollout.status
        new = [decision for decision in status.decisions if decision.number > told]
        _print([rollout_view.decision_line(decision) for decision in new])
        told = new[-1].number if new else told
        if status.attempts > after and status.phase.is_over:
            return 0 if status.phase is Phase.PROMOTED else 1
        if status.attempts > after and time.monotonic() - evidence_at >= _EVIDENCE_SECONDS:
            _print([rollout_view.watch_line(rollout, _routed(routes))])
            evidence_at = time.monotonic()
        time.sleep(_WATCH_SECONDS)


def _state(settings: CliSettings) -> tuple[StateFile, Routes]:
    plan = plan_here(settings)
    return StateFile(plan.home.rollouts), open_routes(plan.home.routes, plan.stores.redis_url)


def _known(store: StateFile, name: str) -> ModelRollout:
    rollout = store.read(name)
    if rollout is None:
        raise InvalidRequest(f"nothing is known of {name} here; start the platform with: summit up")
    return rollout


def _routed(routes: Routes) -> dict[str, int]:
    document = routes.read()
    return {route.model_version: route.percent for route in document.routes} if document else {}


def _serves_all(routes: Routes, version: str) -> bool:
    return _routed(routes) == {version: 100}


def _print(lines: Sequence[str]) -> None:
    for line in lines:
        put(line)
