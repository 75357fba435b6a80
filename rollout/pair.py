"""One served model version on one machine: its predictor and its transformer, each a process with ports of its own."""

import sys
from dataclasses import dataclass
from pathlib import Path

from serving.supervisor import Program

SLOTS = 8
"""Pairs that find ports on one machine: a rollout needs two, and a third while a superseded one ends."""
_LOOPBACK = "127.0.0.1"
_FIRST_PORT = 8080
_PORTS_OF_A_SLOT = 10


@dataclass(frozen=True, slots=True)
class Pair:
    """The two processes of one model version."""

    model_version: str
    slot: int
    """Which of the machine's ranges of ports, from 0."""
    directory: Path
    """The version's verified files."""
    port_offset: int = 0
    """Of the whole platform."""
    declared_at: float = 0.0
    """Unix time in seconds at which it was first asked for."""

    @property
    def transformer_port(self) -> int:
        return _FIRST_PORT + _PORTS_OF_A_SLOT * self.slot + self.port_offset

    @property
    def transformer_grpc_port(self) -> int:
        return self.transformer_port + 1

    @property
    def predictor_port(self) -> int:
        return self.transformer_port + 2

    @property
    def predictor_grpc_port(self) -> int:
        return self.transformer_port + 3

    @property
    def url(self) -> str:
        """Where this version, and no other, answers V2 in text."""
        return f"http://{_LOOPBACK}:{self.transformer_port}"

    @property
    def predictor_url(self) -> str:
        return f"http://{_LOOPBACK}:{self.predictor_port}"

    @property
    def predictor_name(self) -> str:
        """Of the process, for the manager and for people."""
        return f"predictor-{self.model_version}"

    @property
    def transformer_name(self) -> str:
        return f"transformer-{self.model_version}"

    @property
    def process_names(self) -> tuple[str, str]:
        return self.predictor_name, self.transformer_name

    def programs(self) -> list[Program]:
        """The two processes, the predictor first."""
        return [self._predictor(), self._transformer()]

    def _predictor(self) -> Program:
        environment = {
            "PREDICTOR_LISTEN_HOST": _LOOPBACK,
            "PREDICTOR_LISTEN_PORT": str(self.predictor_port),
            "PREDICTOR_GRPC_PORT": str(self.predictor_grpc_port),
            "PREDICTOR_MODEL_DIRECTORY": str(self.directory),
            "PREDICTOR_DRAIN_SECONDS": "0",
        }
        return Program(self.predictor_name, _module("predictor"), environment, rank=2)

    def _transformer(self) -> Program:
        environment = {
            "TRANSFORMER_LISTEN_HOST": _LOOPBACK,
            "TRANSFORMER_LISTEN_PORT": str(self.transformer_port),
            "TRANSFORMER_GRPC_PORT": str(self.transformer_grpc_port),
            "TRANSFORMER_MODEL_DIRECTORY": str(self.directory),
            "TRANSFORMER_PREDICTOR_URL": self.predictor_url,
            "TRANSFORMER_DRAIN_SECONDS": "0",
        }
        return Program(self.transformer_name, _module("transformers_stage"), environment, rank=3)


def _module(name: str) -> list[str]:
    return [sys.executable, "-P", "-m", name]
