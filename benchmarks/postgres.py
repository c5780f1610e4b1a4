"""The same cases on a PostgreSQL of our own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from sqlalchemy import Connection, Engine, create_engine, select, text

from benchmarks import cluster
from benchmarks.copies import SHIFTED_COLUMNS
from register.config import POSTGRESQL, Settings
from register.db import Base, configure_engine, engine_options
from register.operations import setup

DATABASE = "bench"
# What a list and a search read.
COPIED_TABLES = ("member", *SHIFTED_COLUMNS, "journal_head")
_BATCH = 2_000


@dataclass(frozen=True)
class PostgresRegister:
    """A register on PostgreSQL."""

    settings: Settings
    engine: Engine


@contextmanager
def create_register(settings: Settings, folder: Path) -> Iterator[PostgresRegister | None]:
    """A register without a case on a server of its own; None where there is no PostgreSQL."""
    tools = cluster.postgres_programs()
    if tools is None:
        yield None
        return
    # Its usual settings but for the disk: what is measured is reading.
    with cluster.running_server(tools) as server:
        server.execute(f"CREATE DATABASE {DATABASE}")
        url = server.url(DATABASE)
        instance = folder / "grown"
        postgres_settings = replace(
            settings,
            instance=instance,
            seal_dir=instance / "seal",
            database_url=url,
            search=POSTGRESQL,
        )
        engine = create_engine(url, **engine_options(url))
        configure_engine(engine)
        try:
            setup.init(postgres_settings, engine)
            yield PostgresRegister(postgres_settings, engine)
        finally:
            engine.dispose()


def copy_cases(source: Engine, target: Engine) -> None:
    """Have the target hold the cases of the source and nothing else that it held of cases."""
    with source.connect() as reading, target.begin() as writing:
        # Rows come table by table, and reading needs no order among them.
        writing.execute(text("SET LOCAL session_replication_role = replica"))
        writing.execute(text(f"TRUNCATE {', '.join(COPIED_TABLES)} CASCADE"))
        for name in COPIED_TABLES:
            _copy_table(name, reading, writing)
        writing.execute(text("ANALYZE"))


def _copy_table(name: str, reading: Connection, writing: Connection) -> None:
    columns = [column for column in Base.metadata.tables[name].columns if not column.computed]
    rows = reading.execution_options(yield_per=_BATCH).execute(select(*columns))
    names = ", ".join(f'"{column.name}"' for column in columns)
    raw = writing.connection.cursor()
    with raw.copy(f"COPY {name} ({names}) FROM STDIN") as copy:
        for row in rows:
            copy.write_row(row)
