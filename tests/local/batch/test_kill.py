"""Nothing is lost and nothing is twice, whatever dies: every part is killed while it works, and events go astray."""

import json
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
from servers.siege import Grounds, Siege, model_killable, siege
from servers.stages import gateway, predictor, save_tiny_model, transformer

SHORT = Counter(consumer=3, predictor=3, database=2, store=2, broker=1, drop=3, duplicate=3, reorder=3)
LONG = Counter(consumer=40, predictor=40, database=25, store=25, broker=10, drop=25, duplicate=25, reorder=25)


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


def assert_nothing_lost(grounds: Grounds, folder: Path, planned: Counter[str], documents: int) -> Siege:
    reader = ResultsReader(grounds.s3.client())
    with siege(grounds, folder, seed=7, documents=documents) as field:
        undisturbed = field.submit()
        answers = reader.answers(field.ended(undisturbed), field.jobs[undisturbed])
        field.run(list(planned.elements()))
        for job_id, expected in field.jobs.items():
            reader.judge(field.ended(job_id), expected, answers)
        assert field.struck == planned
        return field


@pytest.mark.long
@pytest.mark.timeout(600)
def test_a_few_faults_of_every_kind_change_nothing(grounds: Grounds, tmp_path: Path) -> None:
    assert_nothing_lost(grounds, tmp_path, SHORT, documents=1_500)


@pytest.mark.long
@pytest.mark.timeout(3600)
def test_two_hundred_faults_change_nothing(real_grounds: Grounds, tmp_path: Path) -> None:
    field = assert_nothing_lost(real_grounds, tmp_path, LONG, documents=4_000)
    (tmp_path / "struck.json").write_text(json.dumps({"jobs": len(field.jobs), **field.struck}))
