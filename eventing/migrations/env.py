"""Alembic runs this for each migration; the connection, with its transaction, comes from `migrate`."""

from alembic import context

from eventing.schema import METADATA

context.configure(connection=context.config.attributes["connection"], target_metadata=METADATA)
context.run_migrations()
