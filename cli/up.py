"""`summit up`, `summit status`, `summit down`: the whole platform on this machine."""

import argparse
import json
import shutil
import signal
import threading
from urllib.parse import urlsplit

from cli import health
from cli.here import plan_here, plan_of, supervisor_of
from cli.platform import MODEL_NAME, Plan
from cli.service import Service
from cli.settings import CliSettings
from cli.start import start
from cli.terminal import console, put, say, step
from rollout.pairs import PairsFile
from rollout.routes import open_routes
from serving.supervisor import ProcessState, Supervisor
from summit_inference.errors import ConfigurationError, UpstreamUnreachable


def add_arguments(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """The three verbs."""
    up = verbs.add_parser("up", help="start the whole platform on this machine")
    up.add_argument("--full", action="store_true", help="on PostgreSQL, RabbitMQ, Redis, S3 and Prometheus of its own")
    up.add_argument("--detach", action="store_true", help="return when all is ready, and leave it running")
    up.set_defaults(run=run_up)
    status = verbs.add_parser("status", help="what runs on this machine, and what it serves")
    status.add_argument("--json", action="store_true", help="one JSON document")
    status.set_defaults(run=run_status)
    down = verbs.add_parser("down", help="stop the platform on this machine")
    down.add_argument("--purge", action="store_true", help="and remove its state: registry, models, logs")
    down.set_defaults(run=run_down)


def run_up(options: argparse.Namespace, settings: CliSettings) -> int:
    """Start everything, say how to use it, and stop it on Ctrl-C unless detached."""
    if supervisor_of(plan_here(settings).home).is_running():  # it is not ours to stop
        raise ConfigurationError("the platform runs already; look with: summit status, stop it with: summit down")
    plan = plan_of(settings, is_full=options.full)
    plan.home.make()
    if plan.servers:
        plan.servers.make()
    supervisor = supervisor_of(plan.home)
    stop = threading.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, lambda *_: _interrupt(stop))
    try:
        start(plan, supervisor)
        _welcome(plan, is_detached=options.detach)
        if options.detach:
            return 0
        stop.wait()
    except BaseException:
        _stop(supervisor)
        raise
    _stop(supervisor)
    return 0


def _interrupt(stop: threading.Event) -> None:
    if stop.is_set():
        return
    stop.set()
    raise KeyboardInterrupt


def run_status(options: argparse.Namespace, settings: CliSettings) -> int:
    """Print each process with its state; 0 if all are ready, 1 if not."""
    plan = plan_here(settings)
    supervisor = supervisor_of(plan.home)
    processes = supervisor.processes() if supervisor.is_running() else []
    pairs = PairsFile(plan.home.pairs, plan.ports.offset).read()
    stages = [service for pair in pairs for service in plan.stages(pair)]
    services = {service.name: service for service in (*plan.beneath(), *plan.always(), *plan.afterwards(), *stages)}
    rows = [_row(process, services[process.name]) for process in processes if process.name in services]
    served = _served(plan)
    is_ready = bool(rows) and len(rows) == len(services) and all(row["ready"] for row in rows)
    if options.json:
        put(json.dumps({"ready": is_ready, "model": served, "gateway": plan.gateway_url, "processes": rows}))
        return 0 if is_ready else 1
    if not rows:
        say("nothing runs here; start it with: summit up")
        return 1
    for row in rows:
        readiness = "ready" if row["ready"] else "not ready"
        put(f"{row['name']:<14} {row['state']:<9} {readiness:<10} pid {row['pid']:<8} {row['url']}")
    put(f"{'model':<14} {MODEL_NAME} {served['version'] or 'none'}")
    return 0 if is_ready else 1


def run_down(options: argparse.Namespace, settings: CliSettings) -> int:
    """Stop everything; what does not run is no error."""
    supervisor = supervisor_of(plan_here(settings).home)
    if supervisor.is_running():
        _stop(supervisor)
    else:
        say("nothing runs here")
    if options.purge:
        root = plan_of(settings, is_full=False).home.root
        shutil.rmtree(root, ignore_errors=True)
        say(f"removed {root}")
    return 0


def _stop(supervisor: Supervisor) -> None:
    if supervisor.is_running():
        with step("stopping everything"):
            supervisor.shut_down()


def _row(process: ProcessState, service: Service) -> dict[str, object]:
    address = urlsplit(service.ready_url)
    is_ready = health.is_ready(service) if service.ready_url else process.state == "RUNNING"
    return {
        "name": process.name, "state": process.state.lower(), "pid": process.pid, "ready": is_ready,
        "url": f"{address.scheme}://{address.netloc}" if service.ready_url else "", "purpose": service.purpose,
    }  # fmt: skip


def _served(plan: Plan) -> dict[str, str | None]:
    """The model, and the version that most requests get."""
    try:
        document = open_routes(plan.home.routes, plan.stores.redis_url).read()
    except UpstreamUnreachable:  # a Redis of the platform's own, which its row tells of
        document = None
    first = max(document.routes, key=lambda route: route.percent) if document else None
    return {"name": MODEL_NAME, "version": first.model_version if first else None}


def _welcome(plan: Plan, *, is_detached: bool) -> None:
    console.print()
    say(f"summit is up.   gateway {plan.gateway_url}   MLflow {plan.mlflow_url}   logs {plan.home.logs}")
    if plan.servers:
        say(f"Prometheus {plan.servers.prometheus.url}   S3 {plan.servers.s3.endpoint_url}   the rest: summit status")
    say("")
    say("Three things to try:")
    say(f"""  curl -s {plan.gateway_url}/extract -H 'content-type: application/json' \\
       -d '{{"text": "Angela Merkel met Tim Cook of Apple in Berlin."}}'""")
    say("  pkill -9 -f 'm predictor'     # the same curl is then answered by the fallback, flagged")
    say("  summit extract README.md      # a file; add --local to do it in one process, without the service")
    say("")
    say("Stop it with: summit down" if is_detached else "Ctrl-C stops all of it.")
