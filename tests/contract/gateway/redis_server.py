"""A real Redis for these tests, which a test can stop and start again."""

import subprocess
from contextlib import AbstractContextManager
from pathlib import Path

from servers.processes import answers, free_ports, program, running


class RedisServer:
    """One server on a port of its own. It keeps nothing: what was set is gone when it is started again."""

    def __init__(self, folder: Path) -> None:
        self.port = free_ports(1)[0]
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self._folder = folder
        self._command = [
            program("redis-server", install="apt-get install redis-server"),
            *("--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"),
        ]

    def running(self) -> AbstractContextManager[subprocess.Popen[bytes]]:
        return running(self._command, log=self._folder / "redis.log", is_ready=lambda: answers(self.port))
