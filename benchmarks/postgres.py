"""The same cases on a PostgreSQL of our own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from sqlalchemy import Connection, Engine, create_engine, select, text

from benchmarks import cluster
from benchmarks.copies import SHIFTED
from register.config import POSTGRESQL, Settings
from register.db import Base, engine_options, prepare
from register.operations import setup

DATABASE = "bench"
# What a list and a search read, besides the territory, which each register has.
COPIED = ("member", "source", *SHIFTED, "journal_head")
_BATCH = 2_000


@dataclass(frozen=True)
class Grown:
    """A register on PostgreSQL."""

    settings: Settings
    engine: Engine


@contextmanager
def register(settings: Settings, folder: Path) -> Iterator[Grown | None]:
    """A register without a case on a server of its own; None where there is no PostgreSQL."""
    found = cluster.programs()
    if found is None:
        yield None
        return
    # Its usual settings but for the disk: what is measured is reading.
    with cluster.started(found) as server:
        server.say(f"CREATE DATABASE {DATABASE}")
        url = server.url(DATABASE)
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
            setup.init(told, engine)
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
