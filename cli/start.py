"""The way up: what starts when, so that a machine that has served before serves again as soon as its model is loaded.

The pairs of the last run start beside the registry; only a machine without any waits for the registry first. Servers of
the platform's own, where it has any, are there before all of it.
"""

from collections.abc import Iterable, Sequence
from pathlib import Path

from cli import checks, health, shipping
from cli.platform import MODEL_NAME, Plan
from cli.service import Service
from cli.terminal import step
from registry.reference import FILE_NAME
from registry.store import Connection
from rollout.pair import Pair
from rollout.pairs import OWNER as PAIRS
from rollout.pairs import PairsFile, SupervisedPairs
from rollout.routes import open_routes
from rollout.state_file import StateFile, forget_champion
from serving.supervisor import Supervisor, log_in
from summit_inference.routes_document import Route

_MLFLOW_SECONDS, _READY_SECONDS = 180.0, 180.0
_OWNER, _BENEATH = "platform", "beneath"


def pairs_of(plan: Plan, supervisor: Supervisor) -> SupervisedPairs:
    """The pairs of this machine."""
    return SupervisedPairs(PairsFile(plan.home.pairs, plan.ports.offset), supervisor)


def start(plan: Plan, supervisor: Supervisor) -> None:
    """Start everything, and return when all of it is ready.

    Raises:
        ConfigurationError: the machine does not allow it; the sentence says what to do.
    """
    always, pairs = plan.always(), pairs_of(plan, supervisor)
    pairs.renew(_is_whole)
    checks.check_disk(plan.home.root)
    stages = _stages(plan, pairs.all() or [plan.first_pair()])
    checks.check_ports([*plan.beneath(), *always, *plan.afterwards(), *stages])
    _start_beneath(plan, supervisor)
    what = "the registry, the fallback and the gateway"
    with step(f"starting {what}, {_named(pairs.all())}" if pairs.all() else f"starting {what}"):
        supervisor.declare(_OWNER, [service.program for service in always])
        pairs.declare()
        supervisor.follow()
        _wait(plan, always[:1], _MLFLOW_SECONDS)
    connection = Connection(plan.mlflow_url)
    shipping.publish_missing(connection)
    versions = _served(plan, connection)
    for version in versions:
        pairs.start(version, shipping.fetched(connection, plan.home, MODEL_NAME, version)[1])
    with step(f"loading {_named(pairs.all())}"):
        _wait(plan, [*always, *_stages(plan, pairs.all())], _READY_SECONDS)
    _route(plan, pairs.all(), versions)
    for pair in pairs.all():
        if pair.model_version not in versions:
            pairs.stop(pair.model_version)
    forget_champion(StateFile(plan.home.rollouts), MODEL_NAME)
    supervisor.declare(_OWNER, [service.program for service in (*always, *plan.afterwards())])
    supervisor.follow()
    _wait(plan, plan.afterwards(), _READY_SECONDS)


def _start_beneath(plan: Plan, supervisor: Supervisor) -> None:
    """Start the manager with nothing but the servers that the platform stands on, if any, and wait for these."""
    supervisor.declare(_OWNER, [])
    supervisor.declare(PAIRS, [])
    supervisor.declare(_BENEATH, [service.program for service in plan.beneath()])
    supervisor.start()
    if plan.servers:
        with step("starting PostgreSQL, RabbitMQ, Redis, S3 and Prometheus"):
            _wait(plan, plan.beneath(), _READY_SECONDS)
            plan.servers.fill()


def _served(plan: Plan, connection: Connection) -> list[str]:
    """The versions that shall run: those of a rollout that is under way, otherwise the champion alone."""
    document = open_routes(plan.home.routes, plan.stores.redis_url).read()
    if document and len(document.routes) > 1:
        return [route.model_version for route in document.routes]
    return [shipping.champion(connection).version]


def _route(plan: Plan, pairs: Sequence[Pair], versions: Sequence[str]) -> None:
    """Send requests to these versions, where they answer now; the percents of a rollout that is under way stay."""
    store = open_routes(plan.home.routes, plan.stores.redis_url)
    document = store.read()
    urls = {pair.model_version: pair.url for pair in pairs}
    routes = [
        route.model_copy(update={"url": urls[route.model_version]})
        for route in (document.routes if document else ())
        if route.model_version in versions
    ] or [Route(model_version=versions[0], percent=100, url=urls[versions[0]])]
    store.write(routes, document.generation if document else 0)


def _is_whole(pair: Pair) -> bool:
    """Whether the files are there that the predictor then verifies."""
    return (pair.directory / FILE_NAME).is_file()


def _stages(plan: Plan, pairs: Iterable[Pair]) -> list[Service]:
    return [service for pair in pairs for service in plan.stages(pair)]


def _named(pairs: Iterable[Pair]) -> str:
    return " and ".join(f"{MODEL_NAME} {pair.model_version}" for pair in pairs)


def _wait(plan: Plan, services: Sequence[Service], timeout_seconds: float) -> None:
    health.wait_until_ready(services, timeout_seconds, lambda name: _fault(log_in(plan.home.logs, name)))


def _fault(log: Path) -> str:
    lines = log.read_text("utf-8", errors="replace").splitlines() if log.exists() else []
    return f"{lines[-1] if lines else 'it wrote no log'} (all of it: {log})"
