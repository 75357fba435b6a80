"""`python -m rollout`: the rollouts of one machine."""

import logging
import signal
import threading
from pathlib import Path

import httpx
import prometheus_client

from registry.download import download
from registry.resolve import resolve
from registry.settings import RegistrySettings
from registry.store import Connection
from registry.stores import open_store
from rollout.approval import asked
from rollout.controller import Controller
from rollout.events import cloud_event
from rollout.gateway_metrics import GatewayMetrics
from rollout.local import Fetch, LocalBackend
from rollout.local_settings import LocalRolloutSettings
from rollout.pair_health import PairHealth
from rollout.pairs import PairsFile, SupervisedPairs
from rollout.policy import Policy
from rollout.registered_model import exact_version, registered_model
from rollout.report import report
from rollout.routes import open_routes
from rollout.sink import send
from rollout.state import DecisionRecord, ExactVersion
from rollout.state_file import StateFile
from serving.command import run
from serving.supervisor import Supervisor
from summit_inference.errors import ArtifactError, ConfigurationError
from summit_inference.telemetry import set_up_logs

_log = logging.getLogger(__name__)


def start() -> None:
    """Roll out until SIGTERM."""
    settings, registry = LocalRolloutSettings.load(), RegistrySettings.load()
    set_up_logs("rollout", settings.log_level)
    connection = registry.connection()
    stop = threading.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, lambda *_: stop.set())
    _serve_metrics(settings)
    store = StateFile(settings.state_directory)
    with (
        store.sole_control(),
        httpx.Client(trust_env=False) as http,
        registered_model(settings.model_name, connection) as model,
    ):
        controller = Controller(
            name=settings.model_name,
            store=store,
            registry=model,
            backend=_backend(settings, connection, http),
            evidence=GatewayMetrics(settings.gateway_metrics_url, http, lambda: _slow_seconds(store, settings)),
            report=report,
            announce=lambda decision: _announce(settings, http, decision),
            is_approved=lambda url: asked(url, http),
        )
        controller.follow(settings.interval_seconds, stop)


def _backend(settings: LocalRolloutSettings, connection: Connection, http: httpx.Client) -> LocalBackend:
    supervisor = Supervisor(settings.supervisor_directory, settings.logs_directory)
    pairs = SupervisedPairs(PairsFile(settings.pairs_file, settings.port_offset), supervisor)
    redis_url = settings.redis_url.get_secret_value() if settings.redis_url else None
    return LocalBackend(
        settings.model_name,
        pairs,
        PairHealth(settings.model_name, pairs, http),
        open_routes(settings.routes_file, redis_url),
        _fetch(settings, connection),
        golden_timeout_seconds=settings.golden_timeout_seconds,
        retire_seconds=settings.retire_seconds,
    )


def _fetch(settings: LocalRolloutSettings, connection: Connection) -> Fetch:
    def fetched(version: ExactVersion) -> Path:
        with open_store(connection) as store:
            reference = resolve(store, settings.model_name, version.version)
        if exact_version(reference) != version:
            raise ArtifactError(f"version {version.version} is not what it was when its rollout began")
        directory = settings.models_directory / settings.model_name / version.version
        return download(reference, directory, connection)

    return fetched


def _slow_seconds(store: StateFile, settings: LocalRolloutSettings) -> float:
    """The bound of the policy that is in force."""
    rollout = store.read(settings.model_name)
    return (rollout.spec.policy if rollout else Policy()).objectives.slow_seconds


def _announce(settings: LocalRolloutSettings, http: httpx.Client, decision: DecisionRecord) -> None:
    fields = {"rollout_id": decision.rollout_id, "phase": decision.phase, "percent": decision.percent}
    _log.info("decided", extra={"code": decision.code, "sentence": decision.sentence, **fields})
    if settings.sink_url:
        send(http, settings.sink_url, cloud_event(decision, settings.model_name))


def _serve_metrics(settings: LocalRolloutSettings) -> None:
    """In a thread of its own, which ends with the process."""
    try:
        prometheus_client.start_http_server(settings.metrics_port, settings.listen_host)
    except OSError as error:
        raise ConfigurationError(f"port {settings.metrics_port} cannot be opened: another process has it") from error


if __name__ == "__main__":
    run(start)
