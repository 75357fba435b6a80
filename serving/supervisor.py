"""The process manager of one machine: supervisord, which starts, restarts and stops what it is told, and keeps logs.

It stands where Kubernetes stands on a cluster: what dies is started again, with growing pauses. Several may say what
runs (the command line the platform, a rollout the pairs of its model versions), each in a file of its own.
"""

import http.client
import subprocess
import sys
import time
import xmlrpc.client
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from supervisor.xmlrpc import SupervisorTransport

from summit_inference.errors import ConfigurationError

_SOCKET_PATH_CHARACTERS = 90  # the kernel's limit is 108, with what supervisord appends
_POLL_SECONDS = 0.05
_DONE_BY_ANOTHER = (10, 90)
"""supervisord's faults `BAD_NAME` and `ALREADY_ADDED`: another client has removed or added it meanwhile."""


@dataclass(frozen=True, slots=True)
class Program:
    """A process to keep running."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str] = field(default_factory=dict)
    """Added to the environment of the manager. It is written to a file that its owner alone may read."""
    rank: int = 1
    """Started in this order, stopped in the opposite one."""
    stop_seconds: int = 15
    """How long it may take to end on its signal before it is killed."""
    stop_signal: str = "TERM"
    user: str = ""
    """Whose process it is; the manager's where none is named. Only root's manager may name another."""
    folder: Path | None = None
    """Where it starts; the manager's folder where none is named."""


@dataclass(frozen=True, slots=True)
class ProcessState:
    """One process as the manager sees it."""

    name: str
    state: str
    """RUNNING, STARTING, BACKOFF, STOPPING, STOPPED, EXITED or FATAL."""
    pid: int
    """0 where there is no process."""
    started_at: float
    """Unix time in seconds of the last start, 0 before the first."""


class Supervisor:
    """The manager whose files are in `directory`, running or not."""

    def __init__(self, directory: Path, logs: Path) -> None:
        self._directory, self._logs = directory, logs
        self._socket = directory / "socket"
        self._configuration = directory / "supervisord.conf"
        self._declared = directory / "programs"
        self._started: subprocess.Popen[bytes] | None = None
        if len(str(self._socket)) > _SOCKET_PATH_CHARACTERS:
            raise ConfigurationError("the path in SUMMIT_HOME is too long for a socket; choose one under 70 characters")

    def is_running(self) -> bool:
        """Whether it answers."""
        try:
            return bool(self._call("getState"))
        except (OSError, http.client.HTTPException, xmlrpc.client.Error):
            return False

    def declare(self, owner: str, programs: Sequence[Program]) -> None:
        """Write down what of this owner's shall run; it does once the manager starts, or is told to `follow`."""
        self._declared.mkdir(parents=True, exist_ok=True, mode=0o700)
        text = configuration({f"program:{program.name}": options_of(program, self._logs) for program in programs})
        beside = self._declared / f"{owner}.new"
        beside.write_text(text, "utf-8")
        beside.chmod(0o600)
        beside.replace(self._declared / f"{owner}.conf")

    def follow(self) -> None:
        """Make what is declared, and nothing else, run; what runs already as it is described goes on.

        Raises:
            ConfigurationError: the manager does not run.
        """
        try:
            ((added, changed, removed),) = self._call("reloadConfig")
            for name in (*changed, *removed):
                self._settle("stopProcessGroup", name)
                self._settle("removeProcessGroup", name)
            for name in (*added, *changed):
                self._settle("addProcessGroup", name)
        except (OSError, http.client.HTTPException) as error:
            raise ConfigurationError("the process manager does not answer; start it with: summit up") from error

    def start(self) -> None:
        """Start the manager, and with it what is declared. It outlives this process.

        Raises:
            ConfigurationError: it does not start; its log says why.
        """
        self._configuration.write_text(configuration(self._own()), "utf-8")
        self._configuration.chmod(0o600)
        manager = subprocess.Popen(  # noqa: S603 - our own arguments
            [sys.executable, "-P", "-m", "supervisor.supervisord", "--nodaemon", "-c", str(self._configuration)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,  # Ctrl-C is for the command, which then stops everything in order
        )
        while not self.is_running():
            if manager.poll() is not None:
                raise ConfigurationError(f"the process manager did not start; see {self._logs / 'supervisord.log'}")
            time.sleep(_POLL_SECONDS)
        self._started = manager

    def processes(self) -> list[ProcessState]:
        """Every process, in the order in which they start."""
        return [
            ProcessState(each["name"], each["statename"], each["pid"], each["start"])
            for each in self._call("getAllProcessInfo")
        ]

    def log_of(self, name: str) -> Path:
        """Where a process writes what it has to say."""
        return log_in(self._logs, name)

    def shut_down(self) -> None:
        """Stop every process in order, then the manager itself, and wait until both are gone."""
        manager = int(self._call("getPID"))
        self._call("shutdown")
        while self.is_running() or _is_alive(manager):
            time.sleep(_POLL_SECONDS)
        if self._started:
            self._started.wait()

    def _settle(self, method: str, name: str) -> None:
        try:
            self._call(method, name)
        except xmlrpc.client.Fault as fault:
            if fault.faultCode not in _DONE_BY_ANOTHER:
                raise

    def _own(self) -> dict[str, dict[str, object]]:
        return {
            "unix_http_server": {"file": self._socket, "chmod": "0600"},
            "supervisord": {
                "logfile": self._logs / "supervisord.log",
                "logfile_maxbytes": "5MB",
                "pidfile": self._directory / "pid",
                "childlogdir": self._logs,
            },
            "rpcinterface:supervisor": {
                "supervisor.rpcinterface_factory": "supervisor.rpcinterface:make_main_rpcinterface"
            },
            "include": {"files": self._declared / "*.conf"},
        }

    def _call(self, method: str, *values: str) -> Any:  # XML-RPC: what comes depends on the method
        transport = SupervisorTransport(None, None, f"unix://{self._socket}")
        with xmlrpc.client.ServerProxy("http://127.0.0.1", transport=transport) as server:
            return getattr(server.supervisor, method)(*values)


def _is_alive(pid: int) -> bool:
    try:
        return "Z" not in Path(f"/proc/{pid}/stat").read_text("ascii").rpartition(")")[2].split()[0]
    except OSError:
        return False


def configuration(sections: Mapping[str, Mapping[str, object]]) -> str:
    """These sections as the manager reads them."""
    lines = []
    for name, options in sections.items():
        lines += [f"[{name}]", *(f"{key} = {str(value).replace('%', '%%')}" for key, value in options.items()), ""]
    return "\n".join(lines)


def options_of(program: Program, logs: Path) -> dict[str, object]:
    """The section of one program.

    Raises:
        ConfigurationError: a value cannot be written down.
    """
    own = {"user": program.user, "directory": program.folder}
    return {
        "command": " ".join(map(_quoted, program.command)),
        "environment": ",".join(f"{name}={_quoted(value)}" for name, value in sorted(program.environment.items())),
        "priority": program.rank,
        "autorestart": "true",
        "startsecs": 2,
        "startretries": 1000,
        "stopwaitsecs": program.stop_seconds,
        "stopsignal": program.stop_signal,
        "stopasgroup": "true",
        "killasgroup": "true",
        "redirect_stderr": "true",
        "stdout_logfile": log_in(logs, program.name),
        "stdout_logfile_maxbytes": "10MB",
        "stdout_logfile_backups": 2,
        **{name: value for name, value in own.items() if value},
    }


def log_in(logs: Path, name: str) -> Path:
    """Where the process of this name writes."""
    return logs / f"{name}.log"


def _quoted(value: str) -> str:
    """The value as one word for the shell-like splitting that supervisord does."""
    if any(character in value for character in '"\n\\'):
        raise ConfigurationError(f"a path or setting has a quote, backslash or line break in it; change it: {value!r}")
    return f'"{value}"'
