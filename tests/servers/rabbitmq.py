"""A RabbitMQ of the test run's own, on loopback, with the queues that production declares."""

import base64
import contextlib
import hashlib
import json
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from servers.processes import free_ports, program, running

EVENTS_QUEUE, DEAD_LETTERS_QUEUE = "summit-events", "summit-dead-letters"

_INSTALL = "apt-get install -y --no-install-recommends rabbitmq-server"
_FOLDERS = ["/usr/lib/rabbitmq/bin"]  # the package's own wrapper on PATH insists on its user and folders
_QUEUES = Path(__file__).parents[2] / "manifests" / "eventing" / "rabbitmq-queues.json"
_USER, _PASSWORD = "test", "test"
_GREETING = b"AMQP\x00\x00\x09\x01"


@dataclass(frozen=True)
class RabbitmqServer:
    """A running server, and the one user that it knows."""

    port: int

    @property
    def url(self) -> str:
        return f"amqp://{_USER}:{_PASSWORD}@127.0.0.1:{self.port}/"

    def is_ready(self) -> bool:
        """Whether it speaks AMQP: it listens a little before."""
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), timeout=1) as probe:
            probe.sendall(_GREETING)
            return bool(probe.recv(1))
        return False


@contextmanager
def rabbitmq_server(*, port: int | None = None, folder: Path | None = None) -> Iterator[RabbitmqServer]:
    """A server on the port that keeps its messages in the folder: both new ones where none are given.

    It refuses to run as root, so then it runs as the user that its package made.
    """
    command = program("rabbitmq-server", install=_INSTALL, folders=_FOLDERS)
    epmd = program("epmd", install=_INSTALL)
    with contextlib.ExitStack() as stack:
        if folder is None:
            folder = Path(tempfile.mkdtemp(prefix="rabbitmq-"))  # not pytest's: another user cannot enter it
            stack.callback(shutil.rmtree, folder)
        user = "rabbitmq" if os.getuid() == 0 else None
        own_port, node_port, epmd_port = free_ports(3)
        server = RabbitmqServer(port or own_port)
        _configure(folder)
        _give(folder, user)
        environment = _environment(folder, server.port, node_port, epmd_port)
        names = [epmd, "-port", str(epmd_port), "-address", "127.0.0.1"]
        # Its name server, in the foreground: the one that it starts itself outlives it.
        stack.enter_context(running(names, log=folder / "epmd.log", is_ready=lambda: _answers(epmd, epmd_port)))
        stack.enter_context(
            running([command], log=folder / "server.log", is_ready=server.is_ready, environment=environment, user=user)
        )
        yield server


def _configure(folder: Path) -> None:
    (folder / "plugins").write_text("[].\n")
    (folder / "definitions.json").write_text(json.dumps({**json.loads(_QUEUES.read_text()), **_access()}))
    (folder / "rabbitmq.conf").write_text(
        f"load_definitions = {folder / 'definitions.json'}\nlog.console.level = warning\n"
    )


def _access() -> dict[str, object]:
    salt = os.urandom(4)
    digest = hashlib.sha256(salt + _PASSWORD.encode()).digest()
    user = {"name": _USER, "password_hash": base64.b64encode(salt + digest).decode(), "tags": "administrator"}
    everything = {"user": _USER, "vhost": "/", "configure": ".*", "write": ".*", "read": ".*"}
    return {
        "vhosts": [{"name": "/"}],
        "users": [{**user, "hashing_algorithm": "rabbit_password_hashing_sha256"}],
        "permissions": [everything],
    }


def _give(folder: Path, user: str | None) -> None:
    if user is not None:
        owner = pwd.getpwnam(user)
        for path in (folder, *folder.rglob("*")):
            os.chown(path, owner.pw_uid, owner.pw_gid)


def _environment(folder: Path, port: int, node_port: int, epmd_port: int) -> dict[str, str]:
    return {
        "HOME": str(folder),
        "ERL_EPMD_PORT": str(epmd_port),
        "RABBITMQ_CONF_ENV_FILE": "/dev/null",
        "RABBITMQ_CONFIG_FILE": str(folder / "rabbitmq.conf"),
        "RABBITMQ_DIST_PORT": str(node_port),
        "RABBITMQ_ENABLED_PLUGINS_FILE": str(folder / "plugins"),
        "RABBITMQ_LOG_BASE": str(folder / "logs"),
        "RABBITMQ_MNESIA_BASE": str(folder / "messages"),
        "RABBITMQ_NODE_IP_ADDRESS": "127.0.0.1",
        "RABBITMQ_NODE_PORT": str(port),
        "RABBITMQ_NODENAME": "test@localhost",
        "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "+S 1:1 +sbwt none",
    }


def _answers(epmd: str, port: int) -> bool:
    asked = subprocess.run([epmd, "-port", str(port), "-names"], capture_output=True, check=False)
    return asked.returncode == 0
