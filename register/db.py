"""Database access: declarative base, engines for SQLite and PostgreSQL, checks of the files.

Reads go through ``db.session`` (one per request, never committed). Writes go through
``journal.writing()``, which opens a session of its own from :func:`write_engine`.
"""

from __future__ import annotations

import errno
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, ClassVar

from flask_sqlalchemy import SQLAlchemy
from flask_sqlalchemy.session import Session as FlaskSession
from sqlalchemy import Connection, DateTime, Dialect, Engine, MetaData, Table, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError, DisconnectionError
from sqlalchemy.orm import DeclarativeBase, Session
from sqlalchemy.pool import ConnectionPoolEntry, NullPool
from sqlalchemy.types import TypeDecorator

from register import postgresql
from register.errors import Unavailable

# Named constraints, because SQLite alters a table by copying it, and the copy must be able to drop
# constraints by name.
NAMING_CONVENTION = {
    "ix": "ix_%(column_0_N_label)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}

# How long a connection waits for the write of another.
BUSY_TIMEOUT_MS = 10_000
# Connections to SQLite beyond the pool's five, for the threads of a server under load.
_MAX_OVERFLOW = 30
# Key of the _OpenFiles in a connection's info.
_FILES_KEY = "register.files"
REPLICA_KEY = "register.replica"
_DISK_FULL_ERRNOS = frozenset({errno.ENOSPC, errno.EDQUOT})
_DISK_FULL_SQLSTATE = "53100"  # PostgreSQL, appendix A: disk_full


class Base(DeclarativeBase):
    """Base of all tables of the register."""

    metadata = MetaData(naming_convention=NAMING_CONVENTION)
    __table__: ClassVar[Table]


class UTCDateTime(TypeDecorator[datetime]):
    """A time-zone-aware time in UTC.

    SQLite stores no time zone: a naive time would be read back as another time.
    """

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a moment without a time zone was handed to the database")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class PageSession(FlaskSession):
    """The session of a request; it reads from the engine in its ``info``, if there is one."""

    def get_bind(self, *arguments: Any, **options: Any) -> Engine | Connection:
        """The replica, or the database."""
        replica: Engine | None = self.info.get(REPLICA_KEY)
        return replica or super().get_bind(*arguments, **options)


db = SQLAlchemy(metadata=Base.metadata, session_options={"class_": PageSession})


def now() -> datetime:
    """The current time in UTC; acts take it as an argument so that tests can set it."""
    return datetime.now(UTC)


def engine_options(url: str, connections: int = postgresql.DEFAULT_CONNECTIONS) -> dict[str, Any]:
    """Options of an engine by its URL.

    :param connections: those to PostgreSQL that the process may open in all.
    """
    if make_url(url).get_backend_name() == "sqlite":
        return {
            "connect_args": {"timeout": BUSY_TIMEOUT_MS / 1000, "check_same_thread": False},
            "max_overflow": _MAX_OVERFLOW,
        }
    return postgresql.engine_options(connections)


def configure_engine(engine: Engine) -> None:
    """Add the register's settings and checks to the connections of an engine."""
    if engine.dialect.name != "sqlite":
        postgresql.watch(engine)
        return
    path = sqlite_path(str(engine.url))
    event.listen(engine, "connect", _on_connect)
    event.listen(engine, "begin", _on_begin)
    if path is None:
        return

    def connect_to_existing(
        _dialect: Dialect, _record: ConnectionPoolEntry, args: list[Any], options: dict[str, Any]
    ) -> Any:
        # By default, SQLite would create an empty file, readable by all.
        return sqlite3.connect(f"{Path(args[0]).as_uri()}?mode=rw", uri=True, **options)

    def note_files(_connection: sqlite3.Connection, record: ConnectionPoolEntry) -> None:
        record.info[_FILES_KEY] = _OpenFiles(
            path, _log_path(path), _identity(path), _identity(_log_path(path))
        )

    def require_present_file(_connection: Any, record: ConnectionPoolEntry, _proxy: Any) -> None:
        # A removed file stays open: it can be read, and saved, until the process ends.
        if record.info[_FILES_KEY].is_replaced:
            # The pool then opens the new file.
            raise DisconnectionError("another file is at the database's path")

    event.listen(engine, "do_connect", connect_to_existing)
    event.listen(engine, "connect", note_files)
    event.listen(engine, "checkout", require_present_file)


@dataclass
class _OpenFiles:
    """The files that an SQLite connection has open: the database and its write-ahead log.

    Both exist until the last connection closes. The first write transaction creates the log of a
    new database.
    """

    path: Path
    log: Path
    identity: tuple[int, int] | None
    log_identity: tuple[int, int] | None = None

    @property
    def is_replaced(self) -> bool:
        """Whether another file is at the database's path."""
        present = _identity(self.path)
        return present is not None and present != self.identity

    def require_in_place(self) -> None:
        """Require the open files to be those at their paths.

        :raises Unavailable: ``storage_moved``.
        """
        log = _identity(self.log)
        self.log_identity = self.log_identity or log
        if (_identity(self.path), log) != (self.identity, self.log_identity):
            raise Unavailable("storage_moved")


def _log_path(path: Path) -> Path:
    """The write-ahead log, which is beside the target of a symbolic link."""
    return Path(f"{path.resolve()}-wal")


def _identity(path: Path) -> tuple[int, int] | None:
    """Device and inode of a file; None when it does not exist."""
    try:
        stat_result = path.stat()
    except OSError:
        return None
    return stat_result.st_dev, stat_result.st_ino


def in_place_check(connection: Connection) -> Callable[[], None]:
    """A function that checks that a connection's open files are those at their paths.

    A file that was removed or replaced under a running process still accepts commits, which are
    lost when the process ends. Create the check while the connection is open, and call it after
    the commit, before anything is acknowledged; it raises :class:`Unavailable`, ``storage_moved``.
    On PostgreSQL it does nothing.
    """
    files = connection.info.get(_FILES_KEY)
    return files.require_in_place if files is not None else lambda: None


def is_disk_full(error: BaseException) -> bool:
    """Whether an error means that a disk is full."""
    if isinstance(error, DBAPIError):
        sqlstate = getattr(error.orig, "sqlstate", "")
        return _sqlite_code(error) == sqlite3.SQLITE_FULL or sqlstate == _DISK_FULL_SQLSTATE
    return isinstance(error, OSError) and error.errno in _DISK_FULL_ERRNOS


def is_file_missing(error: BaseException) -> bool:
    """Whether an error means that the file of an SQLite database cannot be opened."""
    return _sqlite_code(error) == sqlite3.SQLITE_CANTOPEN


def is_locked(error: BaseException) -> bool:
    """Whether an error means that another process holds an SQLite database."""
    return _sqlite_code(error) in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)


def _sqlite_code(error: BaseException) -> int:
    """The primary result code of SQLite; 0 for an error that is not its own."""
    code: int | None = getattr(getattr(error, "orig", None), "sqlite_errorcode", None)
    return (code or 0) & 0xFF


def create_sqlite_file(engine: Engine) -> None:
    """Create the empty file of an SQLite database if it does not exist, mode 600."""
    path = sqlite_path(str(engine.url))
    if path is not None and not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        path.touch(mode=0o600)


def read_only_engine(url: str) -> Engine:
    """An engine that writes nothing, neither rows nor files.

    Without a log, SQLite opens the file as immutable: otherwise it would create the log and its
    index.
    """
    path = sqlite_path(url)
    if path is None:
        options = engine_options(url)
        return create_engine(url, **options).execution_options(postgresql_readonly=True)

    def connect() -> sqlite3.Connection:
        immutable = "" if _log_path(path).exists() else "&immutable=1"
        return sqlite3.connect(
            f"{path.absolute().as_uri()}?mode=ro{immutable}",
            uri=True,
            timeout=BUSY_TIMEOUT_MS / 1000,
            check_same_thread=False,
        )

    return create_engine(url, creator=connect, poolclass=NullPool)


def _on_connect(connection: sqlite3.Connection, _record: ConnectionPoolEntry) -> None:
    # Otherwise the driver opens deferred transactions by itself; _on_begin opens them instead.
    connection.isolation_level = None
    for pragma in (
        "journal_mode=WAL",
        "synchronous=FULL",
        "foreign_keys=ON",
        # Erased content is overwritten, and temporary tables are never written to disk.
        "secure_delete=ON",
        "temp_store=MEMORY",
        "trusted_schema=OFF",
        # Kibibytes of each connection, a quarter of the default: the system's own cache has the
        # file, and a server has a connection for each thread that reads.
        "cache_size=-500",
    ):
        connection.execute(f"PRAGMA {pragma}").close()


def _on_begin(connection: Connection) -> None:
    # A deferred transaction that reads and then writes fails at once when another one has written
    # in between, whatever the timeout. Write transactions therefore begin as IMMEDIATE.
    is_writing = connection.get_execution_options().get("register_writing", False)
    if is_writing:
        in_place_check(connection)()
    connection.exec_driver_sql("BEGIN IMMEDIATE" if is_writing else "BEGIN")


def write_engine(engine: Engine) -> Engine:
    """An engine for the same database whose transactions are opened for writing."""
    if engine.dialect.name == "sqlite":
        return engine.execution_options(register_writing=True)
    return postgresql.write_engine(engine)


@contextmanager
def housekeeping(engine: Engine) -> Iterator[Session]:
    """A committed session for the few tables without journal lines.

    They are listed with reasons in ``tests/test_doors.py``. Everything else is written under
    ``journal.writing()``.
    """
    with Session(write_engine(engine)) as session, session.begin():
        require_in_place = in_place_check(session.connection())
        yield session
    require_in_place()


def empty_log(engine: Engine, timeout: float = 10.0) -> bool:
    """Empty SQLite's write-ahead log, so that erased words are in no file of the instance.

    Open read transactions prevent it; it is retried for ``timeout`` seconds. True when the log is
    empty, and always on PostgreSQL, where vacuuming is the operator's task.
    """
    if engine.dialect.name != "sqlite":
        return True
    deadline = time.monotonic() + timeout
    while True:
        with closing(engine.raw_connection()) as connection, closing(connection.cursor()) as cursor:
            # The connection's own timeout would be added to ours at each try.
            cursor.execute("PRAGMA busy_timeout = 0")
            try:
                is_busy = cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
            finally:
                cursor.execute(f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}")
        if not is_busy or time.monotonic() > deadline:
            return not is_busy
        time.sleep(0.05)


def analyse_tables(engine: Engine) -> None:
    """Update SQLite's statistics of its tables; PostgreSQL does so by itself.

    Without them, the planner cannot tell the few cases of a commune from the thousands of a
    région, and scans the whole journal for either.
    """
    if engine.dialect.name != "sqlite":
        return
    with closing(engine.raw_connection()) as connection, closing(connection.cursor()) as cursor:
        # A thousand rows of each index are enough, and bound the time for any number of cases.
        cursor.execute("PRAGMA analysis_limit = 1000")
        cursor.execute("ANALYZE")


def sqlite_path(url: str) -> Path | None:
    """The path of an SQLite database file, else None."""
    parsed = make_url(url)
    file = parsed.database if parsed.get_backend_name() == "sqlite" else None
    return Path(file) if file else None
