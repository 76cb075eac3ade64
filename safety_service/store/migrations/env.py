"""Alembic's way in: it works on the connection that `safety_service.store.migrate` hands it, in its transaction."""

from alembic import context

from safety_service.store.tables import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata)
with context.begin_transaction():
    context.run_migrations()
