"""Use of the database by other processes, beside which it is neither migrated nor moved."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.pool import StaticPool

from register.db import sqlite_path
from register.errors import RegisterError
from register.postgresql import APPLICATION_NAME


class DatabaseInUse(RegisterError):
    """Another process has the database open; nothing has changed."""


@contextmanager
def exclusive_engine(path: Path) -> Iterator[sa.Engine]:
    """An engine on the only connection to an SQLite file.

    :raises DatabaseInUse: ``database_in_use``.
    """
    uri = f"{path.absolute().as_uri()}?mode=rw"
    raw = sqlite3.connect(uri, uri=True, timeout=1, check_same_thread=False, isolation_level=None)
    engine = sa.create_engine("sqlite://", creator=lambda: raw, poolclass=StaticPool)
    try:
        # In this mode, the lock of the first transaction is kept until the connection closes.
        raw.execute("PRAGMA locking_mode = EXCLUSIVE")
        try:
            raw.execute("BEGIN EXCLUSIVE")
            raw.execute("COMMIT")
        except sqlite3.OperationalError as error:
            raise DatabaseInUse("database_in_use", path=str(path)) from error
        yield engine
    finally:
        engine.dispose()
        raw.close()


def require_unused(engine: sa.Engine) -> None:
    """Require that no other process has the database open; closes the connections of this one.

    :raises DatabaseInUse: ``database_in_use``.
    """
    engine.dispose()
    path = sqlite_path(str(engine.url))
    if path is not None:
        with exclusive_engine(path):
            return
    with engine.connect() as connection:
        count = count_other_processes(connection)
    if count:
        raise DatabaseInUse("database_in_use", path=engine.url.database)


def count_other_processes(connection: sa.Connection) -> int:
    """Other processes of the register that are connected to PostgreSQL, on all machines."""
    stmt = sa.text(
        "SELECT count(DISTINCT application_name) FROM pg_stat_activity"
        " WHERE datname = current_database() AND application_name LIKE :pattern"
        " AND application_name <> current_setting('application_name')"
    )
    return connection.scalar(stmt, {"pattern": f"{APPLICATION_NAME} %"}) or 0
