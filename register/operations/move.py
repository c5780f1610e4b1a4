"""Move of a register from SQLite to PostgreSQL, with its journal, its reports and their keys.

The file is only read, by a connection that excludes every other. Each table is copied in one
transaction. Until everything is verified, the new database has a table of its own that marks it as
unfinished, and no revision of the schema: nothing serves it, and another move begins it again.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from register import encryption
from register.cases.verify import ledger_heads
from register.config import POSTGRESQL, Settings
from register.db import Base, sqlite_path
from register.errors import RegisterError
from register.key_store import STORE_FILE
from register.operations import database_copy, schema, setup
from register.operations.database_use import exclusive_engine

_BATCH_SIZE = 1_000
# Names of the copied tables, in the new database until the move is finished.
_MARK = sa.Table(
    "unfinished_move",
    sa.MetaData(),
    sa.Column("instance_id", sa.String(36), nullable=False),
    sa.Column("table_name", sa.String(63), nullable=False),
)


class MoveError(RegisterError):
    """The register cannot be moved; nothing of it has changed."""


@dataclass(frozen=True)
class Move:
    """What was moved.

    :param leftovers: files of the former place, which hold every text of the register.
    :param interrupted: number of tables that an interrupted move had copied; None without one.
    """

    rows: int
    keys: int
    leftovers: list[Path]
    interrupted: int | None


def move(
    settings: Settings, url: str, key_store_url: str, progress: Callable[[int, int], None]
) -> Move:
    """Copy a register into an empty PostgreSQL database.

    :param key_store_url: another database for the key store, or empty to leave it where it is.
    :raises MoveError: the register is not an SQLite file or has problems, or the new database is
        not empty.
    :raises DatabaseInUse: another process has it open.
    """
    path = sqlite_path(settings.database_url)
    if path is None or sqlite_path(url) is not None:
        raise MoveError("move_backends")
    with database_copy.closing_engine(url) as target, exclusive_engine(path) as source:
        schema.require(source)
        with Session(source) as session:
            heads = _sound_heads(session)
            instance_id = setup.identity(session).instance_id
        interrupted = _prepare(target, instance_id)
        rows = _copy_tables(source, target, instance_id, progress)
        with Session(target) as session:
            if _sound_heads(session) != heads:
                raise MoveError("move_differs")
        keys = _copy_keys(settings, source, key_store_url)
        _finish(target)
    moved = replace(
        settings,
        database_url=url,
        search=POSTGRESQL,
        key_store_url=key_store_url or settings.key_store_url,
    )
    # A file elsewhere than in the data folder is not one of those that doctor looks for.
    leftovers = dict.fromkeys([path, *left_over(moved, instance_id)])
    return Move(rows, keys, list(leftovers), interrupted)


def left_over(settings: Settings, instance_id: str) -> list[Path]:
    """Files that a register on PostgreSQL has left where it was before."""
    if sqlite_path(settings.database_url) is not None:
        return []
    candidates = [settings.instance / "register.sqlite3"]
    if settings.search == POSTGRESQL:
        candidates.append(settings.instance / "index")
    if settings.key_store_url:
        candidates.append(encryption.key_folder(settings.seal_dir, instance_id) / STORE_FILE)
    return [candidate for candidate in candidates if candidate.exists()]


def _sound_heads(session: Session) -> list[object]:
    """The heads of the ledgers of a database in which ``verify`` finds no problem."""
    count = sum(1 for _problem in database_copy.problems(session))
    if count:
        database = session.get_bind().dialect.name
        raise MoveError("move_problems", count=count, database=database)
    return list(ledger_heads(session))


def _prepare(target: sa.Engine, instance_id: str) -> int | None:
    """Make empty tables; the number of tables that an interrupted move had copied, if any."""
    with target.begin() as connection:
        present = set(sa.inspect(connection).get_table_names())
        interrupted = None
        if _MARK.name in present:
            marks = connection.execute(sa.select(_MARK)).all()
            interrupted = sum(1 for mark in marks if mark.table_name)
            if {mark.instance_id for mark in marks} == {instance_id}:
                Base.metadata.drop_all(connection)
                connection.execute(sa.text("DROP TABLE IF EXISTS alembic_version"))
                _MARK.drop(connection)
                present.clear()
        if present:
            raise MoveError("move_not_empty", tables=len(present))
        _MARK.create(connection)
        connection.execute(_MARK.insert().values(instance_id=instance_id, table_name=""))
    schema.migrate(target)
    tables = ", ".join(table.name for table in Base.metadata.sorted_tables)
    with target.begin() as connection:
        # What migrations fill in is in the copy too.
        connection.exec_driver_sql(f"TRUNCATE {tables} RESTART IDENTITY CASCADE")
        connection.exec_driver_sql("DELETE FROM alembic_version")
    return interrupted


def _copy_tables(
    source: sa.Engine, target: sa.Engine, instance_id: str, progress: Callable[[int, int], None]
) -> int:
    """Copy every table, those first to which others refer; the number of rows."""
    done = 0
    with Session(source) as reader:
        total = sum(database_copy.row_counts(reader).values())
        for table in Base.metadata.sorted_tables:
            # By key: in the order of the file, reports would be in that of their arrival.
            rows = reader.execute(sa.select(table).order_by(*table.primary_key.columns))
            with target.begin() as connection:
                for batch in rows.mappings().partitions(_BATCH_SIZE):
                    connection.execute(sa.insert(table), [dict(row) for row in batch])
                    done += len(batch)
                    progress(done, total)
                if (column := table.autoincrement_column) is not None:
                    sequence = sa.func.pg_get_serial_sequence(table.name, column.name)
                    last = sa.func.max(column)
                    connection.execute(
                        sa.select(sa.func.setval(sequence, last)).having(last.is_not(None))
                    )
                mark = {"instance_id": instance_id, "table_name": table.name}
                connection.execute(_MARK.insert(), mark)
    return done


def _copy_keys(settings: Settings, source: sa.Engine, url: str) -> int:
    if not url:
        return 0
    with closing(setup.open_key_store(settings, source)) as store:
        try:
            return store.copy_to(url)
        except SQLAlchemyError as error:
            raise MoveError("move_keys", cause=type(error).__name__) from error


def _finish(target: sa.Engine) -> None:
    with target.begin() as connection:
        connection.exec_driver_sql("ANALYZE")
        connection.execute(
            sa.text("INSERT INTO alembic_version VALUES (:revision)"),
            {"revision": schema.EXPECTED_REVISION},
        )
        _MARK.drop(connection)
