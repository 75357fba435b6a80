"""`summit rollout simulate`: what a policy would do, before it does it."""

import argparse
from pathlib import Path

from cli import policy_file
from cli.settings import CliSettings
from cli.terminal import put, step
from rollout.policy import Policy, demo_policy
from rollout.simulate import Scene, simulated, table
from summit_inference.errors import InvalidRequest

_MOST_RUNS = 1_000_000


def add_simulate(verb: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """The verb."""
    simulate = verb.add_parser("simulate", help="how a policy ends, over many rollouts with drawn callers")
    simulate.add_argument("--rps", type=float, help="callers' requests a second; without it, a table of many scenes")
    simulate.add_argument(
        "--error", type=float, default=0.03, help="share of the candidate's requests that fail, 0 to 1"
    )
    simulate.add_argument("--runs", type=int, default=4000)
    simulate.add_argument("--seed", type=int, default=0)
    which = simulate.add_mutually_exclusive_group()
    which.add_argument("--policy", type=Path, metavar="FILE", help="YAML; the default one where none is named")
    which.add_argument("--demo", action="store_true", help="the policy of demonstrations")
    simulate.add_argument("--json", action="store_true", help="the shares promoted, aborted and held, as one document")
    simulate.set_defaults(run=run_simulate)


def run_simulate(options: argparse.Namespace, settings: CliSettings) -> int:  # noqa: ARG001 - every command takes both
    """Print the table, or how one scene ends."""
    policy = demo_policy() if options.demo else policy_file.read(options.policy) if options.policy else Policy()
    if not 1 <= options.runs <= _MOST_RUNS or not 0 <= options.error <= 1:
        raise InvalidRequest(f"--runs must be from 1 to {_MOST_RUNS}, and --error from 0 to 1")
    if options.rps is None:
        if options.json:
            raise InvalidRequest("name one scene for --json: --rps and --error")
        for row in table(policy, options.runs, options.seed):
            put(row)
        return 0
    if options.rps <= 0:
        raise InvalidRequest("--rps must be over 0")
    scene = Scene(options.rps, options.error, runs=options.runs, seed=options.seed)
    with step(f"{options.runs} rollouts at {options.rps:g} requests a second, {options.error:.1%} errors"):
        ended = simulated(policy, scene)
    if options.json:
        put(ended.to_json())
        return 0
    put(f"promoted {ended.promoted:.2%} (at most {ended.promoted_at_most:.2%}), {_minutes(ended.minutes_to_promote)}")
    put(f"aborted  {ended.aborted:.2%} (at most {ended.aborted_at_most:.2%}), {_minutes(ended.minutes_to_abort)}")
    put(f"held     {ended.held:.2%}")
    put(
        f"verdict  the first {_minutes(ended.minutes_to_first_verdict)}, within 30 min of "
        f"{ended.first_verdict_in_30_minutes:.1%}, with {policy.shadow.percent}% of the requests shadowed"
    )
    return 0


def _minutes(median: float | None) -> str:
    return "never" if median is None else f"after {median:.0f} min in the median"
