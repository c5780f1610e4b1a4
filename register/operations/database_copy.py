"""Copies of the database that the register may go on writing: SQLite's backup API, and pg_dump."""

from __future__ import annotations

import os
import re
import shutil
import sqlite3
import subprocess
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from itertools import chain
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from register.cases import verify as proofs
from register.db import Base, configure_engine, engine_options, read_only_engine, sqlite_path
from register.incoming import verify as incoming
from register.journal.verify import Anchor, Problem
from register.operations.backup_sets import BackupError, sync_file
from register.reports import verify as reports

SQLITE_FILE, DUMP_FILE = "register.sqlite3", "register.dump"
_PAGES = 2_048  # a step of SQLite's backup
# The index is made again from the cases.
_INDEX_SCHEMAS = "search*"
_BINARIES = Path("/usr/lib/postgresql")


def database_bytes(engine: sa.Engine) -> int:
    """What a copy of a database takes at most."""
    with engine.connect() as connection:
        if engine.dialect.name == "sqlite":
            pages, size = (
                connection.exec_driver_sql(f"PRAGMA {name}").scalar_one()
                for name in ("page_count", "page_size")
            )
            return int(pages) * int(size)
        return int(connection.scalar(sa.text("SELECT pg_database_size(current_database())")) or 0)


@contextmanager
def copied(engine: sa.Engine, url: str, folder: Path) -> Iterator[tuple[Path, Session]]:
    """Copy the database to a folder; yields the file, and a session that reads exactly its rows.

    :raises BackupError: ``backup_damaged`` for a copy that SQLite finds damaged, ``pg_missing``,
        ``pg_old`` or ``pg_failed``.
    """
    path = sqlite_path(url)
    if path is None:
        with _dumped(engine, url, folder / DUMP_FILE) as session:
            yield folder / DUMP_FILE, session
        return
    target = folder / SQLITE_FILE
    copy_sqlite(path, target)
    with Session(read_only_engine(f"sqlite:///{target}")) as session:
        result = session.scalars(sa.text("PRAGMA integrity_check(1)")).first()
        if result != "ok":
            raise BackupError("backup_damaged", path=str(path))
        yield target, session


def copy_sqlite(source: Path, target: Path) -> None:
    """A consistent copy of an SQLite database that others write, in steps."""
    target.touch(0o600, exist_ok=False)
    with (
        closing(sqlite3.connect(f"{source.as_uri()}?mode=rw", uri=True)) as reader,
        closing(sqlite3.connect(target)) as writer,
    ):
        # A read transaction that lasts from the first step to the last: without it, each write of
        # another process would begin the copy again, without end in a busy register.
        reader.isolation_level = None
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM sqlite_master").fetchone()
        reader.backup(writer, pages=_PAGES)
    sync_file(target)


@contextmanager
def closing_engine(url: str) -> Iterator[sa.Engine]:
    """An engine for the time of the block."""
    engine = sa.create_engine(url, **engine_options(url))
    configure_engine(engine)
    try:
        yield engine
    finally:
        engine.dispose()


def row_counts(session: Session) -> dict[str, int]:
    """Number of rows by table."""
    return {
        table.name: session.scalar(sa.select(sa.func.count()).select_from(table)) or 0
        for table in Base.metadata.sorted_tables
    }


def problems(session: Session, anchors: Iterable[Anchor] = ()) -> Iterator[Problem]:
    """What ``verify`` finds in a database: journal, texts, cases and reports.

    :param anchors: lines of the journal that an outsider noted earlier.
    """
    return chain(
        proofs.verify(session, anchors), reports.problems(session), incoming.problems(session)
    )


@contextmanager
def _dumped(engine: sa.Engine, url: str, target: Path) -> Iterator[Session]:
    """A dump of PostgreSQL in its custom format, of the very snapshot that the session reads."""
    reader = engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
    with Session(reader) as session:
        version = session.scalar(sa.text("SELECT current_setting('server_version_num')::int"))
        program = find_program("pg_dump", int(version or 0) // 10_000)
        snapshot = session.scalar(sa.text("SELECT pg_export_snapshot()"))
        run_program(
            url,
            program,
            "--format=custom",
            f"--snapshot={snapshot}",
            f"--exclude-schema={_INDEX_SCHEMAS}",
            "--no-owner",
            "--no-privileges",
            f"--file={target}",
        )
        run_program(None, find_program("pg_restore"), "--list", str(target))
        sync_file(target)
        yield session


def find_program(name: str, least: int = 0) -> str:
    """The path of a program of PostgreSQL, the newest of those that are installed.

    :param least: the version of the server, which the program may not be older than.
    :raises BackupError: ``pg_missing`` or ``pg_old``.
    """
    on_path = shutil.which(name)
    candidates = [*map(str, _BINARIES.glob(f"*/bin/{name}")), *([on_path] if on_path else [])]
    versions = {path: _version(path) for path in candidates}
    if not versions:
        raise BackupError("pg_missing", program=name)
    best = max(versions, key=lambda path: versions[path])
    if versions[best] < least:
        raise BackupError("pg_old", program=name, version=versions[best], server=least)
    return best


def _version(path: str) -> int:
    try:
        output = subprocess.run([path, "--version"], capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return 0
    match = re.search(r"\) (\d+)", output.stdout)
    return int(match[1]) if match else 0


def run_program(url: str | None, program: str, *arguments: str) -> str:
    """Run a program of PostgreSQL on a database; its output.

    :param url: the database; None for a program that needs none.
    :raises BackupError: ``pg_failed``, with the first line of its error.
    """
    environ = dict(os.environ)
    options: list[str] = []
    if url is not None:
        # The password goes by the environment: other users of the machine see the arguments.
        password, conninfo = _conninfo(url)
        options = [f"--dbname={conninfo}"]
        environ |= {"PGPASSWORD": password} if password else {}
    result = subprocess.run(
        [program, *options, *arguments], env=environ, capture_output=True, text=True, umask=0o077
    )
    if result.returncode:
        lines = result.stderr.strip().splitlines() or [str(result.returncode)]
        raise BackupError("pg_failed", program=Path(program).name, cause=lines[0][:300])
    return result.stdout


def _conninfo(url: str) -> tuple[str, str]:
    """Password and connection string of an address, as libpq has it."""
    from psycopg.conninfo import make_conninfo  # of the grown installation

    parsed = sa.make_url(url)
    dialect: Any = parsed.get_dialect()()
    _none, arguments = dialect.create_connect_args(parsed)
    settings: Mapping[str, Any] = {**arguments}
    password = str(settings.get("password") or "")
    public = {name: value for name, value in settings.items() if name != "password"}
    return password, make_conninfo(**public)
