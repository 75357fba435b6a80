"""Ports for the servers of a benchmark."""

import socket
from contextlib import ExitStack


def free_ports(count: int) -> list[int]:
    """Loopback ports that nobody listens on, all different; the two behind each are free as well, as a rule."""
    with ExitStack() as sockets:
        taken = [sockets.enter_context(socket.socket()) for _ in range(count)]
        for one in taken:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in taken]
