"""What Alembic runs for each migration: it uses the connection that ``store.migrate`` opened and locked."""

from alembic import context

context.configure(
    connection=context.config.attributes["connection"],
    render_as_batch=True,  # SQLite changes a table by building it anew
    transactional_ddl=True,  # on SQLite too: our connections say BEGIN themselves
)
# Outside begin_transaction(): the transaction belongs to store.migrate, so that all steps happen or none.
context.run_migrations()
