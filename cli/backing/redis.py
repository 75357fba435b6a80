"""A Redis on loopback that keeps what was set."""

from dataclasses import dataclass
from pathlib import Path

from cli.backing.programs import path_of
from serving.supervisor import Program


@dataclass(frozen=True, slots=True)
class Redis:
    """One server with one password."""

    folder: Path
    port: int
    password: str

    @property
    def url(self) -> str:
        return f"redis://:{self.password}@127.0.0.1:{self.port}/0"

    @property
    def _configuration(self) -> Path:
        return self.folder / "redis.conf"

    def make(self) -> None:
        """Its configuration."""
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        lines = (
            "bind 127.0.0.1",
            f"port {self.port}",
            f"requirepass {self.password}",
            f'dir "{self.folder}"',
            "appendonly yes",  # a rollout's routes survive the machine
            'save ""',
        )
        self._configuration.write_text("\n".join([*lines, ""]), "utf-8")
        self._configuration.chmod(0o600)

    def program(self) -> Program:
        """The process."""
        return Program("redis", [path_of("redis-server"), str(self._configuration)], rank=0)
