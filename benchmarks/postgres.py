"""A PostgreSQL of our own, on a Unix socket and with nothing kept, and the same cases in it."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from sqlalchemy import Connection, Engine, create_engine, select, text

from benchmarks.copies import SHIFTED
from register.config import POSTGRESQL, Settings
from register.db import Base, engine_options, prepare
from register.operations import opening

DATABASE = "bench"
# What a list and a search read, besides the territory, which each register has.
COPIED = ("member", "source", *SHIFTED, "journal_head")
_BATCH = 2_000


@dataclass(frozen=True)
class Grown:
    """A register on PostgreSQL."""

    settings: Settings
    engine: Engine


def tools() -> Path | None:
    """The folder of ``initdb``; Debian keeps it off the PATH. None where there is none."""
    debian = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: path.parent.name)
    found = shutil.which("initdb")
    return debian[-1] if debian else Path(found).parent if found else None


@contextmanager
def server(found: Path) -> Iterator[str]:
    """The address of an empty database on a server that ends with the block."""
    top = Path(tempfile.mkdtemp(prefix="register-bench-"))
    data = top / "data"
    owner: dict[str, object] = {}
    if os.geteuid() == 0:
        # The server refuses to run as root.
        account = pwd.getpwnam("postgres")
        os.chown(top, account.pw_uid, account.pw_gid)
        owner = {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}

    def run(tool: str, *arguments: str) -> None:
        with (top / "tools.log").open("a") as log:
            command = [found / tool, "-D", data, *arguments]
            subprocess.run(command, check=True, cwd=top, stdout=log, stderr=log, **owner)

    # Its usual settings but for the disk: what is measured is reading.
    options = f"-c listen_addresses='' -c unix_socket_directories={top} -c fsync=off"
    try:
        run("initdb", "-U", "register", "-A", "trust", "-E", "UTF8", "--no-locale", "-N")
        run("pg_ctl", "-w", "-o", options, "-l", str(top / "server.log"), "start")
        _say(top, f"CREATE DATABASE {DATABASE}")
        yield _url(top, DATABASE)
    finally:
        if (data / "postmaster.pid").exists():
            run("pg_ctl", "-m", "immediate", "stop")
        shutil.rmtree(top, ignore_errors=True)


def _url(top: Path, database: str) -> str:
    return f"postgresql+psycopg://register@/{database}?host={top}"


def _say(top: Path, statement: str) -> None:
    engine = create_engine(_url(top, "postgres"), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.exec_driver_sql(statement)
    engine.dispose()


@contextmanager
def register(settings: Settings, folder: Path) -> Iterator[Grown | None]:
    """A register without a case on a server of its own; None where there is no PostgreSQL."""
    found = tools()
    if found is None:
        yield None
        return
    with server(found) as url:
        own = folder / "grown"
        told = replace(
            settings,
            instance=own,
            seal_dir=own / "seal",
            database_url=url,
            search=POSTGRESQL,
        )
        engine = create_engine(url, **engine_options(url))
        prepare(engine)
        try:
            opening.init(told, engine)
            yield Grown(told, engine)
        finally:
            engine.dispose()


def take_over(source: Engine, target: Engine) -> None:
    """Have the target hold the cases of the source and nothing else that it held of cases."""
    with source.connect() as reading, target.begin() as writing:
        # Rows come table by table, and reading needs no order among them.
        writing.execute(text("SET LOCAL session_replication_role = replica"))
        writing.execute(text(f"TRUNCATE {', '.join(COPIED)} CASCADE"))
        for name in COPIED:
            _take(name, reading, writing)
        writing.execute(text("ANALYZE"))


def _take(name: str, reading: Connection, writing: Connection) -> None:
    columns = [column for column in Base.metadata.tables[name].columns if not column.computed]
    rows = reading.execution_options(yield_per=_BATCH).execute(select(*columns))
    names = ", ".join(f'"{column.name}"' for column in columns)
    raw = writing.connection.cursor()
    with raw.copy(f"COPY {name} ({names}) FROM STDIN") as copy:
        for row in rows:
            copy.write_row(row)
