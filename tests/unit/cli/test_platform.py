from pathlib import Path

from cli.home import Home, Ports
from cli.platform import Plan
from cli.service import Service
from rollout.pair import Pair

PLAN = Plan(Home(Path("/home/ada/state")), Ports())


def _all(plan: Plan) -> list[Service]:
    """The platform in the middle of a rollout: two versions."""
    pairs = [Pair(version, slot, Path("/models"), plan.ports.offset) for slot, version in enumerate(("3", "4"))]
    return [*plan.always(), *(service for pair in pairs for service in plan.stages(pair))]


def test_no_two_processes_share_a_port() -> None:
    ports = [port for service in _all(PLAN) for port in service.ports]
    assert len(set(ports)) == len(ports)


def test_an_offset_moves_every_port() -> None:
    moved = _all(Plan(PLAN.home, Ports(100)))
    for before, after in zip(_all(PLAN), moved, strict=True):
        assert [port + 100 for port in before.ports] == list(after.ports)
        assert str(before.ports[0]) not in " ".join([*after.program.command, *after.program.environment.values()])


def test_everything_listens_on_loopback_only() -> None:
    for service in _all(PLAN):
        hosts = [value for name, value in service.program.environment.items() if name.endswith("LISTEN_HOST")]
        hosts += [
            value
            for flag, value in zip(service.program.command, service.program.command[1:], strict=False)
            if flag == "--host"
        ]
        assert hosts == ["127.0.0.1"], service.name


def test_no_two_processes_share_a_name() -> None:
    names = [service.name for service in _all(PLAN)]
    assert len(set(names)) == len(names)


def test_without_routes_the_gateway_asks_where_the_first_pair_answers() -> None:
    gateway = next(service for service in _all(PLAN) if service.name == "gateway")
    assert gateway.program.environment["GATEWAY_UPSTREAM_URL"] == Pair("3", 0, Path("/models")).url
