"""Database schema: comparison with the code, and migration by Alembic.

Alembic is imported only by functions that change the schema: it takes ten megabytes, which a server
process or follower does not need.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Engine, inspect, text
from sqlalchemy.exc import SQLAlchemyError

from register.db import analyse_tables, create_sqlite_file, sqlite_path
from register.errors import RegisterError
from register.incoming import models as _incoming  # noqa: F401 - its tables, for the metadata
from register.operations.backup_sets import require_room
from register.operations.database_copy import copy_sqlite, database_bytes
from register.operations.database_use import require_unused
from register.post import models as _post  # noqa: F401 - its tables, for the metadata

if TYPE_CHECKING:
    from alembic.config import Config

MIGRATIONS = Path(__file__).resolve().parent.parent / "migrations"
# The revision that this code requires. Files are numbered by their revisions; read at the start,
# because an upgrade may replace them.
EXPECTED_REVISION = max(
    path.name.partition("_")[0] for path in (MIGRATIONS / "versions").glob("0*.py")
)
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


def current_revision(engine: Engine) -> str:
    """The revision of the database; empty without tables or file, or in an unfinished restore."""
    path = sqlite_path(str(engine.url))
    if path is not None and not path.exists():
        return ""  # SQLite would make a missing file
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
    revision = current_revision(engine)
    if not revision:
        if is_unfinished(engine):
            raise SchemaError("restore_unfinished")
        raise SchemaError("schema_missing")
    _require_known(revision)
    if revision != EXPECTED_REVISION:
        raise SchemaError("schema_other", present=revision, expected=EXPECTED_REVISION)


def is_unfinished(engine: Engine) -> bool:
    """Whether an interrupted restore has left its tables, or its file in place of a database."""
    path = sqlite_path(str(engine.url))
    if path is not None:
        return path.with_name(path.name + UNFINISHED_FILE).exists()
    return inspect(engine).has_table(UNFINISHED_TABLE)


def _require_known(revision: str) -> None:
    """Require the schema of this version of the program or of a former one.

    :raises SchemaError: ``schema_newer``.
    """
    if revision > EXPECTED_REVISION:
        raise SchemaError("schema_newer", present=revision, expected=EXPECTED_REVISION)


def migrate(engine: Engine) -> None:
    """Migrate the tables to this code's schema, in one transaction."""
    from alembic import command

    create_sqlite_file(engine)
    command.upgrade(alembic_config(engine), "head")


def upgrade(engine: Engine, at: datetime) -> None:
    """Migrate a database that no other process uses, beside a copy of it on SQLite.

    A copy would still contain words that are erased later. It stays only when the migration fails
    and the database is not as before; the error then names it. PostgreSQL needs none.

    :raises SchemaError: ``schema_newer``, ``schema_unchanged``, or ``schema_failed`` with ``copy``.
    :raises DatabaseInUse: another process has it open.
    :raises BackupError: ``backup_no_room``.
    """
    revision = current_revision(engine)
    if revision == EXPECTED_REVISION:
        return
    _require_known(revision)
    copy = None
    path = sqlite_path(str(engine.url))
    try:
        if revision:
            require_unused(engine)
        if revision and path is not None:
            # The copy, and the log, which may hold each page once more.
            require_room(path.parent, 2 * database_bytes(engine))
            copy = path.with_name(f"{path.name}.{at:%Y%m%dT%H%M%S}.copy")
            copy_sqlite(path, copy)
        migrate(engine)
    except BaseException as error:
        is_unchanged = _is_unchanged(engine, revision)
        if copy is not None and is_unchanged:
            copy.unlink(missing_ok=True)
        if isinstance(error, RegisterError) or not isinstance(error, Exception):
            raise
        # The first line, without the statement and its values, which may be words of reports.
        cause = str(getattr(error, "orig", error)).partition("\n")[0] or type(error).__name__
        if is_unchanged:
            raise SchemaError("schema_unchanged", cause=cause) from error
        raise SchemaError("schema_failed", cause=cause, copy=str(copy or "")) from error
    if copy is not None:
        copy.unlink()
    analyse_tables(engine)


def _is_unchanged(engine: Engine, revision: str) -> bool:
    """Whether a database is intact, and of a revision, after a migration that failed."""
    engine.dispose()
    try:
        with engine.connect() as connection:
            is_sqlite = engine.dialect.name == "sqlite"
            is_intact = not is_sqlite or connection.scalar(text("PRAGMA quick_check(1)")) == "ok"
        return is_intact and current_revision(engine) == revision
    except SQLAlchemyError:
        return False
