"""Alembic's environment: the register's own engine and tables."""

from __future__ import annotations

from alembic import context

from register.db import Base, write_engine

engine = write_engine(context.config.attributes["engine"])
with engine.connect() as connection:
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        # SQLite alters a table by copying it.
        render_as_batch=connection.dialect.name == "sqlite",
        transactional_ddl=True,
        compare_type=True,
    )
    with context.begin_transaction():
        context.run_migrations()
