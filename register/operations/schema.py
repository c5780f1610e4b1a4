"""Database schema: comparison with the code, and migration by Alembic.

Alembic is imported only by functions that change the schema: it takes ten megabytes, which a server
process or follower does not need.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Engine, inspect, text

from register.db import analyse_tables, create_sqlite_file, sqlite_path
from register.errors import RegisterError
from register.incoming import models as _incoming  # noqa: F401 - its tables, for the metadata
from register.post import models as _post  # noqa: F401 - its tables, for the metadata

if TYPE_CHECKING:
    from alembic.config import Config

MIGRATIONS = Path(__file__).resolve().parent.parent / "migrations"
# A table that marks an unfinished restore, whose tables nothing may serve.
UNFINISHED_TABLE = "unfinished_restore"
UNFINISHED_FILE = ".restoring"  # at the end of the name of an SQLite database in a restore
# Alembic stores the revision in one row.
_REVISION_QUERY = text("SELECT version_num FROM alembic_version")


class SchemaError(RegisterError):
    """The database has another schema than the code."""


def alembic_config(engine: Engine) -> Config:
    """Alembic's configuration for an engine, without ini file."""
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["engine"] = engine
    return config


@cache
def expected_revision() -> str:
    """The revision that this code requires, cached because an upgrade may replace the files.

    The files of ``migrations/versions`` are numbered by their revisions.
    """
    return max(path.name.partition("_")[0] for path in (MIGRATIONS / "versions").glob("0*.py"))


def current_revision(engine: Engine) -> str:
    """The revision of the database; empty without tables or file, or in an unfinished restore."""
    if not _is_there(engine):
        return ""
    with engine.connect() as connection:
        tables = inspect(connection)
        if tables.has_table(UNFINISHED_TABLE) or not tables.has_table("alembic_version"):
            return ""
        return str(connection.scalar(_REVISION_QUERY) or "")


def require(engine: Engine) -> None:
    """Require the database to have this code's schema.

    :raises SchemaError: ``schema_missing``, ``restore_unfinished``, ``schema_newer`` or
        ``schema_other``.
    """
    revision, wanted = current_revision(engine), expected_revision()
    if not revision:
        if _is_there(engine) and inspect(engine).has_table(UNFINISHED_TABLE):
            raise SchemaError("restore_unfinished")
        raise SchemaError("schema_missing")
    if revision > wanted:
        raise SchemaError("schema_newer", present=revision, wanted=wanted)
    if revision != wanted:
        raise SchemaError("schema_other", present=revision, wanted=wanted)


def _is_there(engine: Engine) -> bool:
    """Whether the database can have tables; SQLite would make a missing file."""
    path = sqlite_path(str(engine.url))
    return path is None or path.exists()


def migrate(engine: Engine) -> None:
    """Migrate the tables to this code's schema."""
    from alembic import command

    create_sqlite_file(engine)
    command.upgrade(alembic_config(engine), "head")


def upgrade(engine: Engine, url: str, at: datetime) -> None:
    """Copy an SQLite database, migrate it, and remove the copy after success.

    A copy would still contain words that are erased later; it stays only when the migration fails,
    and the error names it. PostgreSQL migrates in a transaction.

    :raises SchemaError: ``schema_failed`` with ``copy``.
    """
    if current_revision(engine) == expected_revision():
        return
    path, copy = sqlite_path(url), None
    if path is not None and path.exists():
        copy = path.with_name(f"{path.name}.{at:%Y%m%dT%H%M%S}.copy")
        with closing(sqlite3.connect(path)) as source, closing(sqlite3.connect(copy)) as target:
            copy.chmod(0o600)
            source.backup(target)
    try:
        migrate(engine)
    except Exception as error:
        raise SchemaError("schema_failed", copy=str(copy or ""), cause=str(error)) from error
    if copy is not None:
        copy.unlink()
    analyse_tables(engine)
