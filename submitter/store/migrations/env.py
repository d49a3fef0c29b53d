"""Alembic runs inside the connection that Database.migrate hands over; there is no offline mode."""

from alembic import context

from submitter.store.tables import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata, render_as_batch=True)
with context.begin_transaction():
    context.run_migrations()
