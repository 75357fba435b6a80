"""All that `summit up --full` starts besides the platform itself, and how the platform is told to use it."""

import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass

from cli.backing import sources
from cli.backing.owner import let_enter
from cli.backing.postgresql import Postgresql
from cli.backing.programs import PACKAGES, require
from cli.backing.prometheus import Prometheus
from cli.backing.rabbitmq import Rabbitmq
from cli.backing.redis import Redis
from cli.backing.s3 import S3
from cli.checkout import of_checkout
from cli.home import Home, Ports
from cli.service import Service
from rollout.pair import SLOTS, Pair
from summit_inference.errors import ConfigurationError

_MODELS_BUCKET, _JOBS_BUCKET = "summit-models", "summit-jobs"
_MLFLOW_DATABASE, _LEDGER_DATABASE = "mlflow", "ledger"
_RECOVERY_SECONDS, _POLL_SECONDS = 60.0, 0.2


@dataclass(frozen=True, slots=True)
class Servers:
    """The servers of one home, on one set of ports. As `Stores`, they take the place of SQLite and files."""

    home: Home
    ports: Ports
    secret: str
    """The password of all of them: it keeps other users of the machine out."""

    @property
    def postgresql(self) -> Postgresql:
        return Postgresql(self.home.backing / "postgresql", self.ports.postgresql, self.secret)

    @property
    def rabbitmq(self) -> Rabbitmq:
        ports = (self.ports.rabbitmq, self.ports.rabbitmq_node, self.ports.rabbitmq_names)
        return Rabbitmq(self.home.backing / "rabbitmq", *ports, self.secret)

    @property
    def redis(self) -> Redis:
        return Redis(self.home.backing / "redis", self.ports.redis, self.secret)

    @property
    def s3(self) -> S3:
        return S3(self.home.backing / "s3", self.ports.s3, self.ports.s3_parts, "summit", self.secret)

    @property
    def prometheus(self) -> Prometheus:
        """Over every server of the platform. A pair's ports are asked whether a version has them or not."""
        pairs = [Pair("", slot, self.home.models, self.ports.offset) for slot in range(SLOTS)]
        targets = {
            "gateway": [self.ports.gateway_metrics],
            "fallback": [self.ports.fallback],
            "eventing": [self.ports.eventing],
            "rollout": [self.ports.rollout_metrics],
            "predictor": [pair.predictor_port for pair in pairs],
            "transformer": [pair.transformer_port for pair in pairs],
        }
        rules = [of_checkout("manifests/monitoring/rules.yaml")]
        return Prometheus(self.home.backing / "prometheus", self.ports.prometheus, targets, rules)

    # as processes

    def services(self) -> list[Service]:
        """What starts before the platform, and stops after it."""
        ports = self.ports
        names = (ports.rabbitmq_names,)
        return [
            Service(self.postgresql.program(), (ports.postgresql,), _tcp(ports.postgresql), "tables"),
            Service(self.rabbitmq.names_program(), names, _tcp(ports.rabbitmq_names), "RabbitMQ's nodes by name"),
            Service(
                self.rabbitmq.program(), (ports.rabbitmq, ports.rabbitmq_node), _tcp(ports.rabbitmq), "events in queues"
            ),
            Service(self.redis.program(), (ports.redis,), _tcp(ports.redis), "flags and routes"),
            Service(self.s3.program(), (ports.s3, *ports.s3_parts), f"{self.s3.endpoint_url}/status", "objects"),
            Service(
                self.prometheus.program(), (ports.prometheus,), f"{self.prometheus.url}/-/ready", "metrics and alerts"
            ),
        ]

    def sources(self, eventing_url: str) -> list[Service]:
        """What brings events from RabbitMQ to eventing: it starts last."""
        return [
            Service(program, (), "", "RabbitMQ to eventing")
            for program in sources.programs(self.rabbitmq, eventing_url)
        ]

    def make(self) -> None:
        """Write each one's configuration and folder; what is there already stays.

        Raises:
            ConfigurationError: a program is missing, or its user cannot enter the folder.
        """
        require([*PACKAGES, "weed"])
        let_enter([self.home.root.parent, self.home.root, self.home.backing])
        for server in (self.postgresql, self.rabbitmq, self.redis, self.s3, self.prometheus):
            server.make()

    def fill(self) -> None:
        """Make the databases and buckets that the platform needs, once the servers answer.

        Raises:
            ConfigurationError: PostgreSQL lets nobody in; its log says why.
        """
        until = time.monotonic() + _RECOVERY_SECONDS
        while not self.postgresql.is_ready():  # it takes connections while it recovers
            if time.monotonic() > until:
                raise ConfigurationError(f"PostgreSQL lets nobody in; see {self.home.logs / 'postgresql.log'}")
            time.sleep(_POLL_SECONDS)
        for name in (_MLFLOW_DATABASE, _LEDGER_DATABASE):
            self.postgresql.make_database(name)
        self.s3.make_buckets([_MODELS_BUCKET, _JOBS_BUCKET])

    # as stores

    @property
    def mlflow(self) -> Mapping[str, str]:
        return {
            **self.s3.environment,
            "MLFLOW_BACKEND_STORE_URI": self.postgresql.url(_MLFLOW_DATABASE, "postgresql+psycopg"),
            "MLFLOW_ARTIFACTS_DESTINATION": f"s3://{_MODELS_BUCKET}/mlflow",
        }

    @property
    def gateway(self) -> Mapping[str, str]:
        return {"REDIS_URL": self.redis.url}

    @property
    def eventing(self) -> Mapping[str, str]:
        return {
            **self.s3.environment,
            "EVENTING_RESULTS_URI": f"s3://{_JOBS_BUCKET}/results",
            "EVENTING_READABLE_URIS": f"s3://{_JOBS_BUCKET}/in,{self.home.job_inputs.as_uri()}",
            "EVENTING_AMQP_URL": self.rabbitmq.url,
            "DATABASE_URL": self.postgresql.url(_LEDGER_DATABASE),
        }

    @property
    def rollout(self) -> Mapping[str, str]:
        return {"REDIS_URL": self.redis.url}

    @property
    def redis_url(self) -> str:
        return self.redis.url


def secret_of(home: Home) -> str:
    """The home's password, made where there is none."""
    file = home.backing / "secret"
    if not file.exists():
        home.backing.mkdir(parents=True, exist_ok=True, mode=0o700)
        file.touch(mode=0o600)
        file.write_text(secrets.token_hex(16), "utf-8")
    return file.read_text("utf-8")


def _tcp(port: int) -> str:
    return f"tcp://127.0.0.1:{port}"
