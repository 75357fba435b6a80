from pathlib import Path

import pytest

from cli.home import Home, Ports
from cli.platform import Plan, Service
from cli.supervisor import Program, configuration
from summit_inference.errors import ConfigurationError

PLAN = Plan(Home(Path("/home/ada/state")), Ports())


def _all(plan: Plan) -> list[Service]:
    return [*plan.always(), *plan.stages(Path("/models/3"))]


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


def test_a_percent_sign_and_a_comma_reach_the_process() -> None:
    text = configuration([Program("p", ["run", "100%"], {"A": "b,c%d"})], Path("/s"), Path("/l"))
    assert 'command = "run" "100%%"' in text
    assert 'environment = A="b,c%%d"' in text


@pytest.mark.parametrize("value", ['a"b', "a\nb", "a\\b"])
def test_what_can_not_be_quoted_is_refused(value: str) -> None:
    with pytest.raises(ConfigurationError, match="quote"):
        configuration([Program("p", [value])], Path("/s"), Path("/l"))
