"""The whole platform on this machine, driven by its own command line."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from servers.processes import is_free, share

_OF_PAIRS = (*range(8080, 8084), *range(8090, 8094), *range(8100, 8104))
_BENEATH = (*range(8030, 8035), *range(8040, 8050), 8050)  # of `summit up --full`
_PORTS = (5000, 8000, 8001, 8010, 8020, *_BENEATH, *_OF_PAIRS, 9102, 9104)


@dataclass(frozen=True)
class Platform:
    """One platform under its own home, on its own ports."""

    home: Path
    offset: int

    @property
    def gateway(self) -> str:
        return f"http://127.0.0.1:{8000 + self.offset}"

    def summit(self, *arguments: str, timeout_seconds: float = 120) -> subprocess.CompletedProcess[str]:
        """Run the command as a user does, in this home."""
        return subprocess.run(
            [sys.executable, "-P", "-m", "cli", *arguments],
            capture_output=True,
            text=True,
            timeout=timeout_seconds,
            check=False,
            env=self.environment(),
        )

    def environment(self) -> dict[str, str]:
        return {**os.environ, "SUMMIT_HOME": str(self.home), "SUMMIT_PORT_OFFSET": str(self.offset)}  # noqa: TID251

    def status(self) -> dict[str, Any]:
        parsed: dict[str, Any] = json.loads(self.summit("status", "--json").stdout)
        return parsed

    def pid(self, name: str) -> int:
        """Of the process of this name; `predictor` is that of whichever version runs."""
        rows = self.status()["processes"]
        return next(int(row["pid"]) for row in rows if row["name"].split("-")[0] == name)

    def extract(self, body: object, **options: Any) -> httpx.Response:
        return httpx.post(f"{self.gateway}/extract", json=body, timeout=60, **options)


def free_offset() -> int:
    """An offset at which none of the platform's ports is taken, and that no other test process chooses."""
    at, processes = share()
    mine = range(1000, 10_800, 137)[at::processes]
    return next(offset for offset in mine if all(map(is_free, (port + offset for port in _PORTS))))
