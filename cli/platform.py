"""What runs on one machine: each process with its command, its settings and the address that tells whether it is ready.

Pure: `up.py` makes it happen.
"""

import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cli.home import Home, Ports
from cli.service import Service
from cli.stores import FileStores, Stores
from rollout.pair import Pair
from serving.supervisor import Program

if TYPE_CHECKING:
    from cli.backing.servers import Servers

MODEL_NAME = "summit-extract"
_LOOPBACK = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class Plan:
    """The platform under one home, on one set of ports."""

    home: Home
    ports: Ports
    servers: "Servers | None" = None
    """What stands in the place of SQLite, files and the queue in the ledger; None where nothing does."""

    @property
    def stores(self) -> Stores:
        """Where things are kept."""
        return self.servers or FileStores(self.home)

    @property
    def gateway_url(self) -> str:
        return f"http://{_LOOPBACK}:{self.ports.gateway}"

    @property
    def eventing_url(self) -> str:
        return f"http://{_LOOPBACK}:{self.ports.eventing}"

    @property
    def mlflow_url(self) -> str:
        return f"http://{_LOOPBACK}:{self.ports.mlflow}"

    def first_pair(self) -> Pair:
        """The pair that a machine without routes serves from, as far as it is known before there is a model."""
        return Pair("", slot=0, directory=self.home.models, port_offset=self.ports.offset)

    def beneath(self) -> list[Service]:
        """What the platform stands on: it starts before all else."""
        return self.servers.services() if self.servers else []

    def always(self) -> list[Service]:
        """What runs whichever model version serves: it starts first."""
        return [self._mlflow(), self._fallback(), self._gateway(), self._eventing()]

    def afterwards(self) -> list[Service]:
        """What starts once the platform answers: the owner of its routes, and what brings it events."""
        return [self._rollout(), *(self.servers.sources(self.eventing_url) if self.servers else ())]

    def stages(self, pair: Pair) -> list[Service]:
        """The pod of one model version: predictor and transformer."""
        predictor, transformer = pair.programs()
        return [
            Service(
                predictor,
                (pair.predictor_port, pair.predictor_grpc_port),
                f"{pair.predictor_url}/ready",
                "tensors in, labels out",
            ),
            Service(
                transformer,
                (pair.transformer_port, pair.transformer_grpc_port),
                f"{pair.url}/ready",
                "text in, entities out",
            ),
        ]

    def _mlflow(self) -> Service:
        command = [
            *_module("mlflow"), "server", "--host", _LOOPBACK, "--port", str(self.ports.mlflow), "--workers", "1",
        ]  # fmt: skip
        quiet = {
            "DO_NOT_TRACK": "true",
            "MLFLOW_DISABLE_TELEMETRY": "true",
            "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",  # nine processes more, for features that nobody uses here
        }
        program = Program("mlflow", command, {**self.stores.mlflow, **quiet}, rank=1)
        return Service(program, (self.ports.mlflow,), f"{self.mlflow_url}/health", "model registry")

    def _fallback(self) -> Service:
        environment = {
            "FALLBACK_LISTEN_HOST": _LOOPBACK,
            "FALLBACK_LISTEN_PORT": str(self.ports.fallback),
            "FALLBACK_DRAIN_SECONDS": "0",
        }
        program = Program("fallback", _module("fallback"), environment, rank=4)
        url = f"http://{_LOOPBACK}:{self.ports.fallback}/ready"
        return Service(program, (self.ports.fallback,), url, "rules, for direct callers")

    def _gateway(self) -> Service:
        environment = {
            "GATEWAY_LISTEN_HOST": _LOOPBACK,
            "GATEWAY_LISTEN_PORT": str(self.ports.gateway),
            "GATEWAY_GRPC_PORT": str(self.ports.gateway_grpc),
            "GATEWAY_METRICS_PORT": str(self.ports.gateway_metrics),
            "GATEWAY_METRICS_ON_MAIN_PORT": "true",
            **self.stores.gateway,
            "GATEWAY_DRAIN_SECONDS": "0",
            "GATEWAY_UPSTREAM_URL": self.first_pair().url,
            "GATEWAY_EVENTING_URL": self.eventing_url,
            "EVENTS_SINK_URL": f"{self.eventing_url}/events",
        }
        program = Program("gateway", _module("gateway"), environment, rank=5)
        ports = (self.ports.gateway, self.ports.gateway_grpc, self.ports.gateway_metrics)
        return Service(program, ports, f"{self.gateway_url}/ready", "the front door")

    def _rollout(self) -> Service:
        environment = {
            **self.stores.rollout,
            "MLFLOW_TRACKING_URI": self.mlflow_url,
            "ROLLOUT_MODEL_NAME": MODEL_NAME,
            "ROLLOUT_STATE_DIRECTORY": str(self.home.rollouts),
            "ROLLOUT_ROUTES_FILE": str(self.home.routes),
            "ROLLOUT_PAIRS_FILE": str(self.home.pairs),
            "ROLLOUT_MODELS_DIRECTORY": str(self.home.models),
            "ROLLOUT_SUPERVISOR_DIRECTORY": str(self.home.supervisor),
            "ROLLOUT_LOGS_DIRECTORY": str(self.home.logs),
            "ROLLOUT_PORT_OFFSET": str(self.ports.offset),
            "ROLLOUT_GATEWAY_METRICS_URL": f"http://{_LOOPBACK}:{self.ports.gateway_metrics}/metrics",
            "ROLLOUT_LISTEN_HOST": _LOOPBACK,
            "ROLLOUT_METRICS_PORT": str(self.ports.rollout_metrics),
        }
        program = Program("rollout", _module("rollout"), environment, rank=6)
        url = f"http://{_LOOPBACK}:{self.ports.rollout_metrics}/metrics"
        return Service(program, (self.ports.rollout_metrics,), url, "canary rollouts")

    def _eventing(self) -> Service:
        environment = {
            **self.stores.eventing,
            "EVENTING_LISTEN_HOST": _LOOPBACK,
            "EVENTING_LISTEN_PORT": str(self.ports.eventing),
            "EVENTING_DRAIN_SECONDS": "0",
            "AI_SERVICE_URL": self.gateway_url,
            "K_SINK": "",  # whatever the environment says
        }
        program = Program("eventing", _module("eventing"), environment, rank=6)
        return Service(program, (self.ports.eventing,), f"{self.eventing_url}/ready", "batch jobs")


def _module(name: str) -> list[str]:
    return [sys.executable, "-P", "-m", name]
