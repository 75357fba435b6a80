"""What must be true of the machine before the platform starts; each fault with what to do about it."""

import shutil
import socket
from collections.abc import Sequence
from pathlib import Path

from cli.service import Service
from summit_inference.errors import ConfigurationError

_MIB = 2**20
_NEEDED_BYTES = 500 * _MIB
"""Two model versions of 90 MB, each in the registry and verified beside it, and room for logs."""


def check_disk(root: Path) -> None:
    """Pass if there is room for what the platform writes."""
    free = shutil.disk_usage(root).free
    if free < _NEEDED_BYTES:
        needed = f"{free // _MIB} MB free and {_NEEDED_BYTES // _MIB} are needed"
        raise ConfigurationError(f"{root} has {needed}; free some, or set SUMMIT_HOME to another disk")


def check_ports(services: Sequence[Service]) -> None:
    """Pass if every port of the services can be opened."""
    taken = {port: service.name for service in services for port in service.ports if not _is_free(port)}
    if taken:
        named = ", ".join(f"{port} ({name})" for port, name in taken.items())
        raise ConfigurationError(
            f"in use by another program: port {named}; stop it, or move all ports with SUMMIT_PORT_OFFSET=100"
        )


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
