"""Nothing is lost and nothing is twice, whatever dies: every part is killed while it works, and events go astray."""

import json
import logging
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from servers.killable import Killable
from servers.model_process import model_process
from servers.postgresql import postgresql_server
from servers.rabbitmq import RabbitmqServer
from servers.results_reader import ResultsReader
from servers.s3 import s3_server
from servers.siege import CLOCK, FULL_DISK, Grounds, model_killable, siege
from servers.stages import gateway, predictor, save_tiny_model, transformer

_log = logging.getLogger(__name__)

SHORT = Counter(
    {"consumer": 1, "predictor": 1, "database": 1, "store": 1, "broker": 1, FULL_DISK: 1}
    | {"drop": 4, "duplicate": 4, "reorder": 3, CLOCK: 3}
)
LONG = Counter(
    {"consumer": 30, "predictor": 25, "database": 15, "store": 15, "broker": 8, FULL_DISK: 7}
    | {"drop": 30, "duplicate": 30, "reorder": 25, CLOCK: 20}
)


@pytest.fixture
def real_grounds(rabbitmq: RabbitmqServer, broker: Killable, tmp_path: Path) -> Iterator[Grounds]:
    """As `grounds`, with predictor, transformer and gateway before a tiny encoder."""
    model = tmp_path / "model"
    save_tiny_model(model)
    (tmp_path / "s3").mkdir()
    with (
        postgresql_server() as postgresql,
        s3_server(tmp_path / "s3") as s3,
        predictor(model, tmp_path) as encoder,
        transformer(model, encoder.url, tmp_path) as stage,
        gateway(stage.url, tmp_path) as door,
    ):
        yield Grounds(postgresql, rabbitmq, broker, s3, door.http, model_killable(encoder.http))


@pytest.fixture
def grounds(rabbitmq: RabbitmqServer, broker: Killable, tmp_path: Path) -> Iterator[Grounds]:
    """Servers of this test's own, but for the broker: those that are killed are no longer their fixtures'."""
    (tmp_path / "s3").mkdir()
    with (
        postgresql_server() as postgresql,
        s3_server(tmp_path / "s3") as s3,
        model_process(tmp_path, seconds=0.3) as port,
    ):
        yield Grounds(postgresql, rabbitmq, broker, s3, port, model_killable(port))


def assert_nothing_lost(grounds: Grounds, folder: Path, planned: Counter[str], documents: int) -> None:
    began, reader = time.monotonic(), ResultsReader(grounds.s3.client())
    with siege(grounds, folder, seed=7, documents=documents) as field:
        undisturbed = field.submit()
        answers = reader.answers(field.ended(undisturbed), field.jobs[undisturbed])
        field.run(list(planned.elements()))
        for job_id, expected in field.jobs.items():
            reader.judge(field.ended(job_id), expected, answers)
        assert field.struck == planned
        assert field.given_up() == []
        told = {"jobs": len(field.jobs), "documents": sum(each.documents for each in field.jobs.values())}
        _log.info("%s", json.dumps({**field.struck, **told, "seconds": round(time.monotonic() - began)}))


@pytest.mark.long
@pytest.mark.timeout(600)
def test_a_few_faults_of_every_kind_change_nothing(grounds: Grounds, tmp_path: Path) -> None:
    assert_nothing_lost(grounds, tmp_path, SHORT, documents=800)


@pytest.mark.long
@pytest.mark.timeout(7200)
def test_two_hundred_faults_change_nothing(real_grounds: Grounds, tmp_path: Path) -> None:
    assert_nothing_lost(real_grounds, tmp_path, LONG, documents=4_000)
