"""The operator: `kopf run --module=rollout.handlers`. One timer a ModelRollout, which takes the controller's turns.

kopf watches the resources and calls; what is decided, it does not know. Only the holder of the Lease acts.
"""

import logging
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

import httpx
import kopf
import prometheus_client
from kubernetes import client, config

from registry.settings import RegistrySettings
from rollout import sink
from rollout.approval import asked
from rollout.cluster import GROUP, PLURAL, VERSION, Cluster, Lease, ResourceStore
from rollout.cluster_backend import ClusterBackend
from rollout.controller import Controller
from rollout.events import cloud_event
from rollout.inference_service import is_standard
from rollout.knative_backend import KnativeBackend
from rollout.operator_settings import OperatorSettings
from rollout.policy import Policy
from rollout.prometheus import Prometheus
from rollout.redis_routes import RedisRoutes
from rollout.registered_model import registered_model
from rollout.report import report
from rollout.standard_backend import StandardBackend
from rollout.state import DecisionRecord
from rollout.world import StatusConflict
from summit_inference.errors import SummitError

_log = logging.getLogger(__name__)

_TURNS = 20
"""At most in a row, while there is something to do: then others get their turn."""
_LEASE = "rollout"


class Operator:
    """All that the timers share, from start to stop."""

    def __init__(self, settings: OperatorSettings, registry: RegistrySettings, cluster: Cluster) -> None:
        self._settings, self._registry, self._cluster = settings, registry, cluster
        self._stack = ExitStack()
        self._http = self._stack.enter_context(httpx.Client(trust_env=False))
        self._prometheus = self._stack.enter_context(httpx.Client(base_url=settings.prometheus_url, trust_env=False))
        self._controllers: dict[str, Controller] = {}
        self._lease = Lease(cluster, _LEASE, settings.holder, settings.lease_seconds)

    def take_turns(self, name: str) -> None:
        """What is due for the model of this name, if this replica is the one that acts."""
        for _ in range(_TURNS):
            try:
                if not self._lease.is_held() or not self._controller(name).turn():
                    return
            except StatusConflict:
                continue
            except SummitError as error:
                _log.warning("turn failed, to be tried again", extra={"rollout": name, "cause": error.message})
                return

    def close(self) -> None:
        """End every connection."""
        self._stack.close()

    def _controller(self, name: str) -> Controller:
        if name not in self._controllers:
            self._controllers[name] = self._made(name)
        return self._controllers[name]

    def _made(self, name: str) -> Controller:
        settings, store = self._settings, ResourceStore(self._cluster)
        routes = RedisRoutes(settings.redis_url.get_secret_value())
        return Controller(
            name=name,
            store=store,
            registry=self._stack.enter_context(registered_model(name, self._registry.connection())),
            backend=self._backend(name, routes),
            evidence=Prometheus(self._prometheus, _slow_seconds(store, name)),
            report=report,
            announce=lambda decision: self._announce(name, decision),
            is_approved=lambda url: asked(url, self._http),
        )

    def _backend(self, name: str, routes: RedisRoutes) -> ClusterBackend:
        """By how KServe serves the model, which cannot change while its InferenceService is there."""
        kind = StandardBackend if is_standard(self._cluster.inference_service(name)) else KnativeBackend
        return kind(name, self._cluster, routes, golden_timeout_seconds=self._settings.golden_timeout_seconds)

    def _announce(self, name: str, decision: DecisionRecord) -> None:
        """Tell the log, Kubernetes and the sink."""
        _log.info("decided", extra={"rollout": name, "code": decision.code, "sentence": decision.sentence})
        _post_k8s_event(name, self._settings.namespace, decision)
        if self._settings.sink_url:
            sink.send(self._http, self._settings.sink_url, cloud_event(decision, name))


def _slow_seconds(store: ResourceStore, name: str) -> Callable[[], float]:
    def present() -> float:
        rollout = store.read(name)
        return (rollout.spec.policy if rollout else Policy()).objectives.slow_seconds

    return present


def _post_k8s_event(name: str, namespace: str, decision: DecisionRecord) -> None:
    resource: Any = {
        "apiVersion": f"{GROUP}/{VERSION}", "kind": "ModelRollout", "metadata": {"name": name, "namespace": namespace},
    }  # fmt: skip
    kopf.info(resource, reason=str(decision.phase), message=decision.sentence)


@kopf.on.startup()
def start(settings: kopf.OperatorSettings, memo: kopf.Memo, **_: Any) -> None:
    """Open everything once."""
    settings.peering.standalone = True  # the Lease is ours
    mine = OperatorSettings.load()
    config.load_incluster_config()  # type: ignore[no-untyped-call]
    cluster = Cluster(mine.namespace, client.CustomObjectsApi(), client.CoreV1Api(), client.CoordinationV1Api())
    memo.operator = Operator(mine, RegistrySettings.load(), cluster)
    prometheus_client.start_http_server(mine.metrics_port)


@kopf.on.cleanup()
def stop(memo: kopf.Memo, **_: Any) -> None:
    """Close everything; traffic stays as it is."""
    memo.operator.close()


@kopf.timer(GROUP, VERSION, PLURAL, interval=15.0)
def turn(name: str, memo: kopf.Memo, **_: Any) -> None:
    """Look, decide, act."""
    memo.operator.take_turns(name)
