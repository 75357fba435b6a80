"""The ledger in both databases, each made once a session and emptied between tests."""

from collections.abc import Iterator

import pytest
from servers.killable import Killable
from servers.ledgers import Clock
from servers.postgresql import PostgresqlServer, postgresql_server
from servers.rabbitmq import RabbitmqServer, rabbitmq_server
from servers.s3 import S3Server, s3_server
from servers.scripted_model import ScriptedModel, scripted_model

from eventing.database import Database
from eventing.ledger import Ledger, Timing
from eventing.ledger_sql import sql_ledger
from eventing.migrations import migrate
from eventing.schema import METADATA


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(scope="session")
def postgresql() -> Iterator[PostgresqlServer]:
    with postgresql_server() as server:
        yield server


@pytest.fixture(scope="session", params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path_factory.mktemp('ledger') / 'ledger.db'}"
    server: PostgresqlServer = request.getfixturevalue("postgresql")
    server.make_database("ledger")
    return server.url("ledger")


@pytest.fixture(scope="session")
def migrated(database_url: str) -> Iterator[Database]:
    database = Database(database_url)
    migrate(database)
    yield database
    database.close()


@pytest.fixture
def database(migrated: Database) -> Iterator[Database]:
    yield migrated
    with migrated.transaction() as connection:
        for table in reversed(METADATA.sorted_tables):
            connection.execute(table.delete())


@pytest.fixture
def ledger(database: Database, clock: Clock) -> Ledger:
    return sql_ledger(database, Timing(), clock)


@pytest.fixture(scope="session")
def one_model() -> Iterator[ScriptedModel]:
    with scripted_model() as model:
        yield model


@pytest.fixture
def model(one_model: ScriptedModel) -> ScriptedModel:
    one_model.reset()
    return one_model


@pytest.fixture(scope="session")
def rabbitmq() -> Iterator[RabbitmqServer]:
    with rabbitmq_server() as server:
        yield server


@pytest.fixture(scope="session")
def broker(rabbitmq: RabbitmqServer) -> Iterator[Killable]:
    """The same server, to be killed: other tests find it risen again."""
    broker = Killable("broker", rabbitmq.port, rabbitmq.is_ready)
    yield broker
    broker.stop()


@pytest.fixture(scope="session")
def s3(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Server]:
    with s3_server(tmp_path_factory.mktemp("s3")) as server:
        yield server
