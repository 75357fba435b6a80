"""The schema's history leads to the schema, in both databases, whoever runs it and however often."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import inspect

from eventing.database import Database
from eventing.migrations import check_migrated, migrate
from eventing.schema import METADATA
from summit_inference.errors import ConfigurationError, UpstreamUnreachable


@pytest.fixture(params=["sqlite", "postgresql"])
def empty(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    if request.param == "sqlite":
        database = Database(f"sqlite:///{tmp_path / 'empty.db'}")
    else:
        server = request.getfixturevalue("postgresql")
        server.make_database("empty")
        database = Database(server.url("empty"))
    yield database
    database.close()


def test_the_migrations_make_the_schema_that_the_code_means(empty: Database) -> None:
    with pytest.raises(ConfigurationError, match="python -m eventing migrate"):
        check_migrated(empty)
    migrate(empty)
    migrate(empty)
    check_migrated(empty)
    with empty.engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), METADATA) == []


def test_several_consumers_may_start_at_once(empty: Database) -> None:
    others = [Database(empty.engine.url.render_as_string(hide_password=False)) for _ in range(3)]
    threads = [threading.Thread(target=migrate, args=(each,)) for each in others]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    check_migrated(empty)
    assert {"jobs", "chunks", "outbox"} <= set(inspect(empty.engine).get_table_names())
    for each in others:
        each.close()


@pytest.mark.parametrize("url", ["", "mysql://a/b", "no url"])
def test_a_database_of_another_kind_is_refused_at_the_start(url: str) -> None:
    with pytest.raises(ConfigurationError, match="DATABASE_URL"):
        Database(url)


def test_a_database_that_does_not_answer_is_one_to_wait_for() -> None:
    database = Database("postgresql://nobody@127.0.0.1:1/none", timeout_seconds=1)
    with pytest.raises(UpstreamUnreachable), database.transaction():
        pytest.fail("there was a connection")
    database.close()
