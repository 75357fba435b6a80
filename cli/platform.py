"""What runs on one machine: each process with its command, its settings and the address that tells whether it is ready.

Pure: `up.py` makes it happen.
"""

import sys
from collections.abc import Sequence
from dataclasses import dataclass

from cli.home import Home, Ports
from rollout.pair import Pair
from serving.supervisor import Program

MODEL_NAME = "summit-extract"
_LOOPBACK = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class Service:
    """One process of the platform."""

    program: Program
    ports: Sequence[int]
    ready_url: str
    purpose: str

    @property
    def name(self) -> str:
        return self.program.name


@dataclass(frozen=True, slots=True)
class Plan:
    """The platform under one home, on one set of ports."""

    home: Home
    ports: Ports

    @property
    def gateway_url(self) -> str:
        return f"http://{_LOOPBACK}:{self.ports.gateway}"

    @property
    def eventing_url(self) -> str:
        return f"http://{_LOOPBACK}:{self.ports.eventing}"

    @property
    def mlflow_url(self) -> str:
        return f"http://{_LOOPBACK}:{self.ports.mlflow}"

    @property
    def mlflow_database(self) -> str:
        """The tracking URI for those who come while no server runs."""
        return f"sqlite:///{self.home.mlflow / 'mlflow.db'}"

    def first_pair(self) -> Pair:
        """The pair that a machine without routes serves from, as far as it is known before there is a model."""
        return Pair("", slot=0, directory=self.home.models, port_offset=self.ports.offset)

    def always(self) -> list[Service]:
        """What runs whichever model version serves: it starts first."""
        return [self._mlflow(), self._fallback(), self._gateway(), self._eventing()]

    def afterwards(self) -> list[Service]:
        """What starts once the routes stand that it then owns."""
        return [self._rollout()]

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
            "--backend-store-uri", self.mlflow_database,
            "--artifacts-destination", str(self.home.mlflow / "artifacts"),
        ]  # fmt: skip
        quiet = {
            "DO_NOT_TRACK": "true",
            "MLFLOW_DISABLE_TELEMETRY": "true",
            "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",  # nine processes more, for features that nobody uses here
        }
        program = Program("mlflow", command, quiet, rank=1)
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
            "GATEWAY_ROUTES_FILE": str(self.home.routes),
            "GATEWAY_FLAGS_FILE": str(self.home.flags),
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
            "EVENTING_LISTEN_HOST": _LOOPBACK,
            "EVENTING_LISTEN_PORT": str(self.ports.eventing),
            "EVENTING_RESULTS_URI": self.home.job_results.as_uri(),
            "EVENTING_READABLE_URIS": self.home.job_inputs.as_uri(),
            "EVENTING_DRAIN_SECONDS": "0",
            "DATABASE_URL": f"sqlite:///{self.home.ledger}",
            "AI_SERVICE_URL": self.gateway_url,
            "K_SINK": "",  # the queue in the ledger, whatever the environment says
        }
        program = Program("eventing", _module("eventing"), environment, rank=6)
        return Service(program, (self.ports.eventing,), f"{self.eventing_url}/ready", "batch jobs")


def _module(name: str) -> list[str]:
    return [sys.executable, "-P", "-m", name]
