"""The two databases, and the traps that each of them hides."""

from __future__ import annotations

import errno
import sqlite3
import threading
import time
from contextlib import closing
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from sqlalchemy import create_engine, select, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from register.db import (
    UTCDateTime,
    configure_engine,
    create_sqlite_file,
    empty_log,
    engine_options,
    housekeeping,
    in_place_check,
    is_disk_full,
    now,
    read_only_engine,
    sqlite_path,
    write_engine,
)
from register.errors import Unavailable
from register.operations.setup import Identity


@pytest.fixture
def sqlite(tmp_path):
    url = f"sqlite:///{tmp_path / 'db.sqlite3'}"
    engine = create_engine(url, connect_args={"timeout": 1})
    create_sqlite_file(engine)
    configure_engine(engine)
    with write_engine(engine).begin() as connection:
        connection.execute(text("CREATE TABLE t (n INTEGER, word TEXT)"))
        connection.execute(text("INSERT INTO t VALUES (1, 'zinzolin')"))
    yield engine
    engine.dispose()


@pytest.mark.parametrize(
    ("pragma", "value", "why"),
    [
        ("journal_mode", "wal", "readers go on while somebody writes"),
        ("synchronous", 2, "what was answered survives a power cut"),
        ("foreign_keys", 1, "no row points at nothing"),
        ("secure_delete", 1, "what is erased is overwritten"),
        ("temp_store", 2, "temporary tables never reach the disk"),
        ("trusted_schema", 0, "a crafted file runs no function"),
    ],
)
def test_every_sqlite_connection_has_the_registers_settings(sqlite, pragma, value, why):
    with sqlite.connect() as one, sqlite.connect() as other:
        for connection in (one, other):
            assert connection.execute(text(f"PRAGMA {pragma}")).scalar() == value, why


def test_a_writer_waits_for_its_turn_instead_of_failing(sqlite):
    """A deferred transaction would fail at once here, whatever the timeout."""
    order = []

    def second():
        with write_engine(sqlite).begin() as connection:
            read = connection.execute(text("SELECT n FROM t")).scalar()
            order.append("second")
            connection.execute(text("UPDATE t SET n = :n"), {"n": read + 1})

    with write_engine(sqlite).begin() as connection:
        waiting = threading.Thread(target=second)
        waiting.start()
        time.sleep(0.1)
        order.append("first")
        connection.execute(text("UPDATE t SET n = n + 10"))
    waiting.join()
    assert order == ["first", "second"]
    with sqlite.connect() as connection:
        assert connection.execute(text("SELECT n FROM t")).scalar() == 12


def test_a_reader_does_not_wait_for_a_writer(sqlite):
    with write_engine(sqlite).begin() as writer:
        writer.execute(text("UPDATE t SET n = 2"))
        with sqlite.connect() as reader:
            assert reader.execute(text("SELECT n FROM t")).scalar() == 1


def test_scrubbing_waits_for_a_reader_and_gives_up_after_its_patience(sqlite, tmp_path):
    # Without SQLite's own wait, which is ten seconds in the register.
    hurried = create_engine(sqlite.url, connect_args={"timeout": 0})
    log = Path(f"{tmp_path / 'db.sqlite3'}-wal")
    reader = sqlite.connect()
    reader.execute(text("SELECT * FROM t")).all()
    with write_engine(sqlite).begin() as writer:
        writer.execute(text("UPDATE t SET word = ''"))
    assert empty_log(hurried, timeout=0.1) is False
    assert log.stat().st_size > 0
    threading.Timer(0.3, reader.close).start()
    assert empty_log(hurried) is True
    hurried.dispose()
    assert log.stat().st_size == 0
    assert b"zinzolin" not in (tmp_path / "db.sqlite3").read_bytes()


def test_there_is_nothing_to_scrub_on_postgresql(engine):
    assert empty_log(engine) is True


def test_a_moment_comes_back_as_the_same_moment(engine):
    paris = timezone(timedelta(hours=2))
    told = datetime(2026, 7, 14, 0, 30, tzinfo=paris)
    with engine.connect() as connection:
        column = UTCDateTime()
        bound = column.process_bind_param(told, connection.dialect)
        back = column.process_result_value(bound, connection.dialect)
        assert column.process_bind_param(None, connection.dialect) is None
        assert column.process_result_value(None, connection.dialect) is None
    assert back == told
    assert back.tzinfo is UTC


def test_a_moment_without_its_zone_never_reaches_the_database(engine):
    with pytest.raises(ValueError, match="time zone"):
        UTCDateTime().process_bind_param(datetime(2026, 7, 14), engine.dialect)  # noqa: DTZ001


def test_now_is_aware():
    assert now().utcoffset() == timedelta(0)


def test_housekeeping_commits_or_leaves_nothing(engine):
    with housekeeping(engine) as session:
        session.get_one(Identity, 1).tag_authority = "registre.exemple.test"

    def half():
        with housekeeping(engine) as session:
            session.get_one(Identity, 1).tag_authority = "x"
            session.flush()
            raise RuntimeError

    with pytest.raises(RuntimeError):
        half()
    with Session(engine) as session:
        assert session.scalars(select(Identity.tag_authority)).all() == ["registre.exemple.test"]


@pytest.mark.parametrize(
    ("url", "path"),
    [
        ("sqlite:////srv/register.sqlite3", Path("/srv/register.sqlite3")),
        ("sqlite://", None),
        ("postgresql+psycopg://u@h/d", None),
    ],
)
def test_only_an_sqlite_database_is_a_file(url, path):
    assert sqlite_path(url) == path


def test_a_postgresql_connection_that_died_is_noticed():
    assert engine_options("postgresql+psycopg://u@h/d")["pool_pre_ping"] is True


# --- files at their paths ----------------------------------------------------------------------


def _removed(path):
    for file in path.parent.glob(f"{path.name}*"):
        file.unlink()


def test_a_missing_database_file_is_not_made_by_opening_it(tmp_path):
    path = tmp_path / "db.sqlite3"
    engine = create_engine(f"sqlite:///{path}", **engine_options(f"sqlite:///{path}"))
    configure_engine(engine)
    with pytest.raises(OperationalError):
        engine.connect()
    assert not path.exists()
    create_sqlite_file(engine)
    assert path.stat().st_mode & 0o777 == 0o600
    engine.connect().close()
    engine.dispose()


@pytest.mark.parametrize("suffix", ["", "-wal"])
def test_a_commit_to_a_file_that_is_not_at_its_path_is_noticed(sqlite, suffix):
    path = Path(sqlite.url.database)

    def write(before_commit=lambda: None):
        with write_engine(sqlite).begin() as connection:
            require_in_place = in_place_check(connection)
            connection.execute(text("UPDATE t SET n = n + 1"))
            before_commit()
        require_in_place()

    write()
    with pytest.raises(Unavailable) as raised:
        write(Path(f"{path}{suffix}").unlink)
    assert raised.value.key == "storage_moved"


def test_a_removed_file_is_read_and_not_written_until_another_is_put_back(sqlite):
    path = Path(sqlite.url.database)
    with sqlite.connect() as connection:
        connection.execute(text("PRAGMA wal_checkpoint(TRUNCATE)"))
    backup = path.read_bytes()
    _removed(path)
    with sqlite.connect() as reader:
        assert reader.execute(text("SELECT n FROM t")).scalar() == 1
    with pytest.raises(Unavailable) as raised, write_engine(sqlite).begin():
        pytest.fail("nothing is written to a file that nobody can open any more")
    assert raised.value.key == "storage_moved"
    assert not path.exists()
    path.write_bytes(backup)
    with write_engine(sqlite).begin() as connection:
        assert connection.execute(text("UPDATE t SET n = 5 RETURNING n")).scalar() == 5
    with closing(sqlite3.connect(path)) as other:
        assert other.execute("SELECT n FROM t").fetchone() == (5,)


@pytest.mark.parametrize("served", [True, False])
def test_a_look_that_writes_nothing_leaves_every_file_as_it_was(sqlite, tmp_path, served):
    if not served:
        sqlite.dispose()
    else:
        sqlite.connect().close()
    before = {path.name: path.stat().st_mtime_ns for path in tmp_path.iterdir()}
    look = read_only_engine(str(sqlite.url))
    with look.connect() as connection:
        assert connection.execute(text("SELECT word FROM t")).scalar() == "zinzolin"
        with pytest.raises(OperationalError):
            connection.execute(text("UPDATE t SET n = 2"))
    assert {path.name: path.stat().st_mtime_ns for path in tmp_path.iterdir()} == before
    _removed(Path(sqlite.url.database))
    with pytest.raises(OperationalError):
        look.connect()
    assert list(tmp_path.iterdir()) == []


def test_a_link_to_the_database_leads_to_its_log_too(sqlite, tmp_path):
    """SQLite keeps the log beside the file itself, wherever the link stands."""
    link = tmp_path / "elsewhere" / "db.sqlite3"
    link.parent.mkdir()
    link.symlink_to(sqlite.url.database)
    url = f"sqlite:///{link}"
    linked = create_engine(url, connect_args={"timeout": 1})
    configure_engine(linked)
    with write_engine(linked).begin() as connection:
        connection.execute(text("UPDATE t SET n = 7"))
    with read_only_engine(url).connect() as connection:
        assert connection.execute(text("SELECT n FROM t")).scalar() == 7
    Path(f"{sqlite.url.database}-wal").unlink()
    with pytest.raises(Unavailable), write_engine(linked).begin():
        pytest.fail("nothing is written to a log that nobody can open any more")


def test_a_full_disk_is_distinguished_from_other_faults(sqlite):
    with sqlite.connect() as connection:
        pages = connection.execute(text("PRAGMA page_count")).scalar()
        connection.execute(text(f"PRAGMA max_page_count = {pages}"))
        with pytest.raises(OperationalError) as full:
            connection.execute(text("CREATE TABLE much AS SELECT randomblob(100000)"))
        with pytest.raises(OperationalError) as other:
            connection.execute(text("SELECT nothing FROM nowhere"))
    assert is_disk_full(full.value)
    assert not is_disk_full(other.value)
    assert is_disk_full(OSError(errno.ENOSPC, "x"))
    assert not is_disk_full(OSError(errno.ENOENT, "x"))
