import shutil
import socket
from pathlib import Path
from typing import NamedTuple

import pytest

from cli.checks import check_disk, check_ports
from cli.service import Service
from serving.supervisor import Program
from summit_inference.errors import ConfigurationError


class Usage(NamedTuple):
    free: int


def test_a_port_in_use_is_named_with_its_service_and_what_to_do() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        service = Service(Program("gateway", []), (port,), "", "")
        with pytest.raises(ConfigurationError, match=rf"{port} \(gateway\).*SUMMIT_PORT_OFFSET"):
            check_ports([service])
    check_ports([service])


def test_a_full_disk_is_named_with_what_to_do(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: Usage(free=3 * 2**20))
    with pytest.raises(ConfigurationError, match=r"3 MB free .* SUMMIT_HOME"):
        check_disk(tmp_path)
