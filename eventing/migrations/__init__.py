"""The schema's history, and the way from any point of it to the present one."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from eventing.database import Database, database_errors
from summit_inference.errors import ConfigurationError

_LOCK = 7_236_001  # any number that no other program of this database uses


def migrate(database: Database) -> None:
    """Bring the database to the present schema. Several processes may do so at once.

    Raises:
        UpstreamUnreachable: the database does not answer.
    """
    with database.transaction() as connection:
        if not database.is_sqlite:
            connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_LOCK})")
        config = _config()
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def check_migrated(database: Database) -> None:
    """Do nothing where the schema is the present one.

    Raises:
        ConfigurationError: it is not.
    """
    with database_errors(), database.engine.connect() as connection:
        found = MigrationContext.configure(connection).get_current_revision()
    if found != ScriptDirectory.from_config(_config()).get_current_head():
        raise ConfigurationError("the ledger's schema is not the present one; run: python -m eventing migrate")


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config
