"""Processes that a test kills as a machine does, without a word, and starts again as they were."""

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

_LISTENING = "0A"
_RISE_SECONDS = 180.0
_GONE_SECONDS = 20.0


@dataclass
class Killable:
    """Whatever listens on a loopback port."""

    name: str
    port: int
    is_ready: Callable[[], bool]
    _command: "_Command | None" = None
    _risen: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def kill(self) -> None:
        """End it at once, with all that it started."""
        pid, _ = self._noted()
        os.killpg(os.getpgid(pid), signal.SIGKILL)
        self._await_end(pid)

    def fill_disk(self) -> None:
        """Let it write not one byte more to any file, until it has ended by that.

        For PostgreSQL, to which a limit on the size of files is a full disk.
        """
        pid, command = self._noted()
        user, group = command.account
        for each in (pid, *_children(pid)):  # the first first: those that it starts from now on are as it is
            limit = ["prlimit", "--pid", str(each), "--fsize=0:"]
            subprocess.run(limit, check=False, stderr=subprocess.DEVNULL, user=user, group=group)
        self._await_end(pid)

    def rise(self) -> None:
        """Start it again, as often as it takes: what it left behind may need a moment to go."""
        assert self._command, f"{self.name} was not killed"
        end = time.monotonic() + _RISE_SECONDS
        process = self._start(self._command)
        while not self.is_ready():
            assert time.monotonic() < end, f"{self.name} does not come back"
            if process.poll() is not None:
                process = self._start(self._command)
            time.sleep(0.05)

    def _noted(self) -> tuple[int, "_Command"]:
        """The process, and its command, which is kept for its rise."""
        pid = _listener(self.port)
        self._command = _Command.of(pid)
        return pid, self._command

    def _await_end(self, pid: int) -> None:
        end = time.monotonic() + _GONE_SECONDS
        while Path(f"/proc/{pid}").exists():
            assert time.monotonic() < end, f"{self.name} does not end"
            with contextlib.suppress(ChildProcessError):  # a child that is not waited for looks alive to PostgreSQL
                os.waitpid(pid, os.WNOHANG)
            time.sleep(0.01)

    def _start(self, command: "_Command") -> subprocess.Popen[bytes]:
        process = command.start()
        self._risen.append(process)
        return process

    def stop(self) -> None:
        """End what was started again."""
        for process in self._risen:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


@dataclass(frozen=True)
class _Command:
    arguments: list[str]
    environment: dict[str, str]
    folder: str
    user: int
    group: int
    output: str

    @classmethod
    def of(cls, pid: int) -> "_Command":
        """What the process was started as."""
        proc = Path("/proc") / str(pid)
        variables = (item.partition("=") for item in _strings(proc / "environ"))
        return cls(
            _strings(proc / "cmdline"),
            {name: value for name, _, value in variables},
            str((proc / "cwd").readlink()),
            proc.stat().st_uid,
            proc.stat().st_gid,
            str((proc / "fd" / "1").readlink()),
        )

    @property
    def account(self) -> tuple[int, int] | tuple[None, None]:
        """User and group, where they are somebody else's."""
        return (self.user, self.group) if os.getuid() != self.user else (None, None)

    def start(self) -> subprocess.Popen[bytes]:
        user, group = self.account
        with Path(self.output).open("ab") as output:
            return subprocess.Popen(
                self.arguments,
                env=self.environment,
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                user=user,
                group=group,
            )


def _strings(path: Path) -> list[str]:
    return path.read_bytes().decode(errors="surrogateescape").rstrip("\0").split("\0")


def _children(pid: int) -> list[int]:
    found = []
    for path in Path("/proc").glob("[0-9]*/status"):
        with contextlib.suppress(OSError):
            if f"\nPPid:\t{pid}\n" in path.read_text():
                found.append(int(path.parent.name))
    return found


def _listener(port: int) -> int:
    """The process, of several the first, that listens on the loopback port."""
    sockets = set(_sockets(port))
    for pid in sorted(int(path.name) for path in Path("/proc").iterdir() if path.name.isdigit()):
        with contextlib.suppress(OSError):
            if any(str(each.readlink()) in sockets for each in Path(f"/proc/{pid}/fd").iterdir()):
                return pid
    raise AssertionError(f"nothing listens on port {port}")


def _sockets(port: int) -> Iterator[str]:
    for line in Path("/proc/net/tcp").read_text().splitlines()[1:]:
        fields = line.split()
        if fields[3] == _LISTENING and int(fields[1].rpartition(":")[2], 16) == port:
            yield f"socket:[{fields[9]}]"
