"""What runs on one machine: each process with its command, its settings and the address that tells whether it is ready.

Pure: `up.py` makes it happen.
"""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from cli.home import Home, Ports
from cli.supervisor import Program

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
    def mlflow_url(self) -> str:
        return f"http://{_LOOPBACK}:{self.ports.mlflow}"

    @property
    def mlflow_database(self) -> str:
        """The tracking URI for those who come while no server runs."""
        return f"sqlite:///{self.home.mlflow / 'mlflow.db'}"

    @property
    def transformer_url(self) -> str:
        return f"http://{_LOOPBACK}:{self.ports.transformer}"

    def always(self) -> list[Service]:
        """What runs whichever model version serves: it starts first."""
        return [self._mlflow(), self._fallback(), self._gateway()]

    def stages(self, model_directory: Path) -> list[Service]:
        """The pod of one model version: predictor and transformer."""
        return [self._predictor(model_directory), self._transformer(model_directory)]

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

    def _predictor(self, model_directory: Path) -> Service:
        environment = {
            "PREDICTOR_LISTEN_HOST": _LOOPBACK,
            "PREDICTOR_LISTEN_PORT": str(self.ports.predictor),
            "PREDICTOR_GRPC_PORT": str(self.ports.predictor_grpc),
            "PREDICTOR_MODEL_DIRECTORY": str(model_directory),
            "PREDICTOR_DRAIN_SECONDS": "0",
        }
        program = Program("predictor", _module("predictor"), environment, rank=2)
        ports = (self.ports.predictor, self.ports.predictor_grpc)
        return Service(program, ports, f"http://{_LOOPBACK}:{self.ports.predictor}/ready", "tensors in, labels out")

    def _transformer(self, model_directory: Path) -> Service:
        environment = {
            "TRANSFORMER_LISTEN_HOST": _LOOPBACK,
            "TRANSFORMER_LISTEN_PORT": str(self.ports.transformer),
            "TRANSFORMER_GRPC_PORT": str(self.ports.transformer_grpc),
            "TRANSFORMER_MODEL_DIRECTORY": str(model_directory),
            "TRANSFORMER_PREDICTOR_URL": f"http://{_LOOPBACK}:{self.ports.predictor}",
            "TRANSFORMER_DRAIN_SECONDS": "0",
        }
        program = Program("transformer", _module("transformers_stage"), environment, rank=3)
        ports = (self.ports.transformer, self.ports.transformer_grpc)
        return Service(program, ports, f"{self.transformer_url}/ready", "text in, entities out")

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
            "GATEWAY_UPSTREAM_URL": self.transformer_url,
        }
        program = Program("gateway", _module("gateway"), environment, rank=5)
        ports = (self.ports.gateway, self.ports.gateway_grpc, self.ports.gateway_metrics)
        return Service(program, ports, f"{self.gateway_url}/ready", "the front door")


def _module(name: str) -> list[str]:
    return [sys.executable, "-P", "-m", name]
