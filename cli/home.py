"""Where the platform on one machine keeps its things, and on which ports it listens."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Home:
    """`$SUMMIT_HOME`: one folder, and nothing outside of it."""

    root: Path
    is_full: bool = False
    """Whether servers of its own stand behind the platform: `summit up --full`."""

    @property
    def full(self) -> "Home":
        """The home within it of the platform with servers of its own: a registry, jobs and versions apart."""
        return Home(self.root / "full", is_full=True)

    @property
    def backing(self) -> Path:
        """The data of PostgreSQL, RabbitMQ, Redis, S3 and Prometheus, and their password."""
        return self.root / "backing"

    @property
    def models(self) -> Path:
        """Verified model versions, `<name>/<version>/`."""
        return self.root / "models"

    @property
    def mlflow(self) -> Path:
        """The embedded MLflow's database and artifacts."""
        return self.root / "mlflow"

    @property
    def logs(self) -> Path:
        """One file a process, rotated."""
        return self.root / "logs"

    @property
    def routes(self) -> Path:
        """The routes document that the gateway follows."""
        return self.root / "routes.json"

    @property
    def rollouts(self) -> Path:
        """The state of rollouts, a file a model."""
        return self.root / "rollouts"

    @property
    def pairs(self) -> Path:
        """Which model versions run here, each with its ports."""
        return self.root / "pairs.json"

    @property
    def flags(self) -> Path:
        """The flags that the gateway follows."""
        return self.root / "flags.json"

    @property
    def job_inputs(self) -> Path:
        """Copies of the files that jobs were submitted for."""
        return self.root / "jobs" / "in"

    @property
    def job_results(self) -> Path:
        """What jobs leave behind, where they do not say where to."""
        return self.root / "jobs" / "out"

    @property
    def ledger(self) -> Path:
        """The database of batch jobs."""
        return self.root / "ledger.db"

    @property
    def supervisor(self) -> Path:
        """The process manager's configuration, socket and process id."""
        return self.root / "supervisor"

    def make(self) -> None:
        """Create the folders, for their owner's eyes only."""
        for folder in (self.root, self.models, self.mlflow, self.logs, self.supervisor):
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)


@dataclass(frozen=True, slots=True)
class Ports:
    """The ports of `docs/reference`, moved by one offset. Those of a model version are its `Pair`'s."""

    offset: int = 0

    @property
    def gateway(self) -> int:
        return 8000 + self.offset

    @property
    def gateway_grpc(self) -> int:
        return 8001 + self.offset

    @property
    def gateway_metrics(self) -> int:
        return 9102 + self.offset

    @property
    def rollout_metrics(self) -> int:
        return 9104 + self.offset

    @property
    def fallback(self) -> int:
        return 8010 + self.offset

    @property
    def eventing(self) -> int:
        return 8020 + self.offset

    @property
    def mlflow(self) -> int:
        return 5000 + self.offset

    # of `summit up --full`: none of these is where Debian's packages start servers of their own

    @property
    def postgresql(self) -> int:
        return 8030 + self.offset

    @property
    def redis(self) -> int:
        return 8031 + self.offset

    @property
    def rabbitmq(self) -> int:
        return 8032 + self.offset

    @property
    def rabbitmq_node(self) -> int:
        return 8033 + self.offset

    @property
    def rabbitmq_names(self) -> int:
        return 8034 + self.offset

    @property
    def s3(self) -> int:
        return 8040 + self.offset

    @property
    def s3_parts(self) -> Sequence[int]:
        return range(self.s3 + 1, self.s3 + 10)

    @property
    def prometheus(self) -> int:
        return 8050 + self.offset
