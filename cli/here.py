"""Which platform of this machine a command is about: that of `summit up`, or that of `summit up --full`."""

from cli.home import Home, Ports
from cli.platform import Plan
from cli.settings import CliSettings
from serving.supervisor import Supervisor


def plan_here(settings: CliSettings) -> Plan:
    """The platform with servers of its own while it runs; else the plain one, running or not."""
    full = _root(settings).full
    is_full = full.supervisor.is_dir() and supervisor_of(full).is_running()
    return plan_of(settings, is_full=is_full)


def plan_of(settings: CliSettings, *, is_full: bool) -> Plan:
    """One of the two."""
    root, ports = _root(settings), Ports(settings.port_offset)
    if not is_full:
        return Plan(root, ports)
    from cli.backing.servers import Servers, secret_of  # noqa: PLC0415 - a client of PostgreSQL, for those who have one

    return Plan(root.full, ports, Servers(root.full, ports, secret_of(root.full)))


def supervisor_of(home: Home) -> Supervisor:
    """The process manager of a home."""
    return Supervisor(home.supervisor, home.logs)


def _root(settings: CliSettings) -> Home:
    return Home(settings.home.expanduser().absolute())
