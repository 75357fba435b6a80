"""A RabbitMQ of the test run's own, started as `summit up --full` does, with the queues that production declares."""

import contextlib
import shutil
import socket
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from servers.processes import answers, free_ports, started

from cli.backing.rabbitmq import NODE, Rabbitmq
from cli.backing.sources import DEAD_LETTERS_QUEUE, EVENTS_QUEUE

_GREETING = b"AMQP\x00\x00\x09\x01"


@dataclass(frozen=True)
class RabbitmqServer(Rabbitmq):
    """A running server, and the one user that it knows."""

    def is_ready(self) -> bool:
        """Whether it speaks AMQP: it listens a little before."""
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), timeout=1) as probe:
            probe.sendall(_GREETING)
            return bool(probe.recv(1))
        return False

    def is_whole(self) -> bool:
        """Whether it is ready, and the names of quorum queues are on the disk.

        They are so a moment after the queues are there. A server that is killed before makes each queue anew when it
        rises, without what was in it, and without a leader: who consumes from it is never answered.
        """
        names = self.folder / "messages" / NODE / "quorum" / NODE / "names.dets"
        kept = names.read_bytes() if names.exists() else b""
        return self.is_ready() and all(queue.encode() in kept for queue in (EVENTS_QUEUE, DEAD_LETTERS_QUEUE))


@contextmanager
def rabbitmq_server(*, port: int | None = None, folder: Path | None = None) -> Iterator[RabbitmqServer]:
    """A server on the port that keeps its messages in the folder: both new ones where none are given."""
    with contextlib.ExitStack() as stack:
        if folder is None:
            above = Path(tempfile.mkdtemp(prefix="rabbitmq-"))  # not pytest's: another user cannot enter it
            stack.callback(shutil.rmtree, above)
            above.chmod(0o711)
            folder = above / "rabbitmq"
        own_port, node_port, names_port = free_ports(3)
        server = RabbitmqServer(folder, port or own_port, node_port, names_port, "test")
        server.make()
        names, node = server.names_program(), server.program()
        stack.enter_context(started(names, log=folder / "names.log", is_ready=lambda: answers(names_port)))
        stack.enter_context(started(node, log=folder / "server.log", is_ready=server.is_whole))
        yield server
