"""Alembic's environment of every service: the connection comes from `chassis.migrations`."""

from alembic import context

context.configure(connection=context.config.attributes["connection"], transaction_per_migration=False)
with context.begin_transaction():
    context.run_migrations()
