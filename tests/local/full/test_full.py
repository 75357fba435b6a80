"""The platform on PostgreSQL, RabbitMQ, Redis, S3 and Prometheus, as `make up-full` starts it: processes, no Docker."""

import json
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest
import yaml
from servers.platform import Platform, free_offset
from servers.prometheus import Prometheus

from cli.backing.programs import path_of
from cli.backing.servers import Servers
from cli.backing.sources import EVENTS_QUEUE
from cli.here import plan_here, supervisor_of
from cli.settings import CliSettings
from rollout.routes import open_routes

pytestmark = [pytest.mark.long, pytest.mark.timeout(1800)]
ROOT = Path(__file__).parents[3]
TEXT = "Angela Merkel met Tim Cook of Apple in Berlin."
_START_SECONDS = 900  # two versions are published into PostgreSQL and S3, on a machine that does other things besides


@pytest.fixture(scope="module")
def platform() -> Iterator[Platform]:
    home = Path(tempfile.mkdtemp(prefix="summit-"))  # not pytest's: other users cannot enter it
    home.chmod(0o711)
    running = Platform(home, free_offset())
    try:
        up(running)
        yield running
        assert running.summit("down", "--purge").returncode == 0
        assert not home.exists()
    finally:
        running.summit("down")
        shutil.rmtree(home, ignore_errors=True)


def up(platform: Platform) -> None:
    started = platform.summit("up", "--full", "--detach", timeout_seconds=_START_SECONDS)
    assert started.returncode == 0, started.stderr
    until(lambda: platform.status()["ready"], "everything is ready")


@pytest.fixture(scope="module")
def servers(platform: Platform) -> Servers:
    found = plan_here(CliSettings(home=platform.home, port_offset=platform.offset)).servers
    assert found
    return found


def until(ask: Callable[[], Any], what: str) -> Any:
    """What `ask` finds, once it finds something."""
    end = time.monotonic() + 120
    while not (found := ask()):
        assert time.monotonic() < end, f"it was not so that {what}"
        time.sleep(0.2)
    return found


def publish(servers: Servers, event_id: str, data: object) -> None:
    """An event into RabbitMQ's queue, as a producer would."""
    event = {
        "specversion": "1.0",
        "id": event_id,
        "source": "/tests/full",
        "type": "ai.summit.extraction.requested.v1",
        "datacontenttype": "application/json",
        "data": data,
    }
    server = ("--server=127.0.0.1", f"--port={servers.rabbitmq.port}", f"--authfile={servers.rabbitmq.key_file}")
    message = ("--persistent", "--content-type=application/cloudevents+json", f"--routing-key={EVENTS_QUEUE}")
    subprocess.run([path_of("amqp-publish"), *server, *message], input=json.dumps(event), text=True, check=True)


def job(platform: Platform, job_id: str) -> dict[str, Any] | None:
    answer = httpx.get(f"{platform.gateway}/jobs/{job_id}")
    return answer.json() if answer.is_success and answer.json()["finished_at"] else None


def test_every_way_in_answers(platform: Platform) -> None:
    smoke = platform.summit("smoke", "--expect-batch", "--json")
    assert smoke.returncode == 0, smoke.stdout


def test_an_event_comes_by_rabbitmq_and_its_results_are_in_s3(platform: Platform, servers: Servers) -> None:
    publish(servers, "good", {"job_id": "by-rabbitmq", "documents": [{"id": "a", "text": TEXT}]})
    status = until(lambda: job(platform, "by-rabbitmq"), "the job is over")
    assert status["state"] == "completed", status
    bucket, _, key = status["manifest"]["uri"].removeprefix("s3://").partition("/")
    manifest = json.loads(servers.s3.client().get_object(Bucket=bucket, Key=key)["Body"].read())
    assert manifest["job_id"] == "by-rabbitmq"
    with psycopg.connect(servers.postgresql.url("ledger")) as ledger:
        assert ledger.execute("SELECT count(*) FROM jobs WHERE job_id = 'by-rabbitmq'").fetchone() == (1,)


def test_an_event_that_nobody_takes_is_in_the_quarantine(platform: Platform, servers: Servers) -> None:
    publish(servers, "bad", {"colour": "red"})
    listed = until(lambda: platform.summit("quarantine", "list").stdout, "the quarantine has it")
    assert "colour" in listed


def test_prometheus_reads_all_servers_and_has_our_alerts(platform: Platform, servers: Servers) -> None:
    platform.extract({"text": TEXT})
    prometheus = Prometheus(servers.prometheus.url)
    prometheus.wait(
        "up == 1", lambda found: {labels["job"] for labels, _ in found} == servers.prometheus.targets.keys()
    )
    prometheus.wait('sum(ai_requests_total{outcome="model", traffic="live"}) > 0', bool)
    groups = httpx.get(f"{servers.prometheus.url}/api/v1/rules").json()["data"]["groups"]
    rules = yaml.safe_load((ROOT / "manifests" / "monitoring" / "rules.yaml").read_text("utf-8"))
    wanted = {rule["alert"] for group in rules["groups"] for rule in group["rules"]}
    assert {rule["name"] for group in groups for rule in group["rules"]} == wanted


def test_flags_and_routes_are_in_redis(platform: Platform, servers: Servers) -> None:
    routes = open_routes(platform.home / "nowhere", servers.redis.url).read()
    assert routes
    assert [route.percent for route in routes.routes] == [100]
    platform.summit("flags", "set", "fallback_only", "true")
    until(lambda: platform.extract({"text": TEXT}).json()["degraded"], "the fallback answers")
    platform.summit("flags", "clear", "fallback_only")
    until(lambda: not platform.extract({"text": TEXT}).json()["degraded"], "the model answers")


def test_what_dies_comes_back_and_loses_nothing(platform: Platform, servers: Servers) -> None:
    """RabbitMQ and Redis here, all others at the restart."""
    for name in ("rabbitmq", "redis"):
        os.killpg(os.getpgid(platform.pid(name)), signal.SIGKILL)
    until(lambda: platform.status()["ready"], "everything is ready again")
    publish(servers, "after", {"job_id": "after-a-death", "documents": [{"id": "a", "text": TEXT}]})
    assert until(lambda: job(platform, "after-a-death"), "the job is over")["state"] == "completed"
    assert not platform.extract({"text": TEXT}).json()["degraded"]


def test_stopped_and_started_again_it_knows_all_it_knew(platform: Platform) -> None:
    before = platform.status()
    assert platform.summit("down").returncode == 0
    home = plan_here(CliSettings(home=platform.home, port_offset=platform.offset)).home
    assert not home.is_full
    assert not supervisor_of(home.full).is_running()
    up(platform)
    assert platform.status()["model"] == before["model"]
    assert job(platform, "by-rabbitmq")
