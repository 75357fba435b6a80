"""A Prometheus on loopback, over servers of this machine."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from cli.backing.programs import path_of
from serving.supervisor import Program


@dataclass(frozen=True, slots=True)
class Prometheus:
    """One server, and what it reads."""

    folder: Path
    port: int
    targets: Mapping[str, Sequence[int]]
    """Job → the loopback ports that answer `/metrics` for it."""
    rules: Sequence[Path] = ()
    scrape_seconds: float = 5.0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def make(self) -> None:
        """Its configuration: JSON, which is YAML."""
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        interval = f"{round(self.scrape_seconds * 1000)}ms"
        configuration = {
            "global": {"scrape_interval": interval, "scrape_timeout": interval, "evaluation_interval": "15s"},
            "rule_files": list(map(str, self.rules)),
            "scrape_configs": [
                {"job_name": job, "static_configs": [{"targets": [f"127.0.0.1:{port}" for port in ports]}]}
                for job, ports in self.targets.items()
            ],
        }
        self._configuration.write_text(json.dumps(configuration), "utf-8")

    def program(self) -> Program:
        """The process."""
        command = [
            path_of("prometheus"),
            f"--config.file={self._configuration}",
            f"--storage.tsdb.path={self.folder / 'data'}",
            f"--web.listen-address=127.0.0.1:{self.port}",
        ]
        return Program("prometheus", command, rank=0)

    @property
    def _configuration(self) -> Path:
        return self.folder / "prometheus.json"
