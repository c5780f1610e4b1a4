"""Database connections: SQLite settings, locks, times, files at their paths."""

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
    with sqlite.connect() as first, sqlite.connect() as second:
        for connection in (first, second):
            assert connection.execute(text(f"PRAGMA {pragma}")).scalar() == value, why


def test_a_second_writer_waits_for_the_first(sqlite):
    """A deferred transaction would fail at once, whatever the timeout."""
    order = []

    def write_second():
        with write_engine(sqlite).begin() as connection:
            current = connection.execute(text("SELECT n FROM t")).scalar()
            order.append("second")
            connection.execute(text("UPDATE t SET n = :n"), {"n": current + 1})

    with write_engine(sqlite).begin() as connection:
        thread = threading.Thread(target=write_second)
        thread.start()
        time.sleep(0.1)
        order.append("first")
        connection.execute(text("UPDATE t SET n = n + 10"))
    thread.join()
    assert order == ["first", "second"]
    with sqlite.connect() as connection:
        assert connection.execute(text("SELECT n FROM t")).scalar() == 12


def test_a_reader_does_not_wait_for_a_writer(sqlite):
    with write_engine(sqlite).begin() as writer:
        writer.execute(text("UPDATE t SET n = 2"))
        with sqlite.connect() as reader:
            assert reader.execute(text("SELECT n FROM t")).scalar() == 1


def test_emptying_the_log_waits_for_readers_until_its_timeout(sqlite, tmp_path):
    # Without the busy timeout of SQLite, ten seconds in the register.
    impatient_engine = create_engine(sqlite.url, connect_args={"timeout": 0})
    log = Path(f"{tmp_path / 'db.sqlite3'}-wal")
    reader = sqlite.connect()
    reader.execute(text("SELECT * FROM t")).all()
    with write_engine(sqlite).begin() as writer:
        writer.execute(text("UPDATE t SET word = ''"))
    assert empty_log(impatient_engine, timeout=0.1) is False
    assert log.stat().st_size > 0
    threading.Timer(0.3, reader.close).start()
    assert empty_log(impatient_engine) is True
    impatient_engine.dispose()
    assert log.stat().st_size == 0
    assert b"zinzolin" not in (tmp_path / "db.sqlite3").read_bytes()


def test_postgresql_has_no_log_to_empty(engine):
    assert empty_log(engine) is True


def test_a_time_is_stored_and_loaded_in_utc(engine):
    paris = timezone(timedelta(hours=2))
    moment = datetime(2026, 7, 14, 0, 30, tzinfo=paris)
    with engine.connect() as connection:
        column = UTCDateTime()
        bound = column.process_bind_param(moment, connection.dialect)
        loaded = column.process_result_value(bound, connection.dialect)
        assert column.process_bind_param(None, connection.dialect) is None
        assert column.process_result_value(None, connection.dialect) is None
    assert loaded == moment
    assert loaded.tzinfo is UTC


def test_a_time_without_a_time_zone_is_refused(engine):
    with pytest.raises(ValueError, match="time zone"):
        UTCDateTime().process_bind_param(datetime(2026, 7, 14), engine.dialect)  # noqa: DTZ001


def test_now_is_aware():
    assert now().utcoffset() == timedelta(0)


def test_housekeeping_commits_or_leaves_nothing(engine):
    with housekeeping(engine) as session:
        session.get_one(Identity, 1).tag_authority = "registre.exemple.test"

    def fail_half_way():
        with housekeeping(engine) as session:
            session.get_one(Identity, 1).tag_authority = "x"
            session.flush()
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail_half_way()
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


# --- files at their paths ----------------------------------------------------------------------


def _remove_database(path):
    for file in path.parent.glob(f"{path.name}*"):
        file.unlink()


def test_connecting_does_not_create_a_missing_database_file(tmp_path):
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
def test_a_commit_to_a_removed_file_is_noticed(sqlite, suffix):
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


def test_a_removed_file_is_read_but_not_written_until_it_is_restored(sqlite):
    path = Path(sqlite.url.database)
    with sqlite.connect() as connection:
        connection.execute(text("PRAGMA wal_checkpoint(TRUNCATE)"))
    backup = path.read_bytes()
    _remove_database(path)
    with sqlite.connect() as reader:
        assert reader.execute(text("SELECT n FROM t")).scalar() == 1
    with pytest.raises(Unavailable) as raised, write_engine(sqlite).begin():
        pytest.fail("nothing is written to a file that nobody can open any more")
    assert raised.value.key == "storage_moved"
    assert not path.exists()
    path.write_bytes(backup)
    with write_engine(sqlite).begin() as connection:
        assert connection.execute(text("UPDATE t SET n = 5 RETURNING n")).scalar() == 5
    with closing(sqlite3.connect(path)) as restored:
        assert restored.execute("SELECT n FROM t").fetchone() == (5,)


@pytest.mark.parametrize("is_open", [True, False])
def test_a_read_only_engine_changes_no_file(sqlite, tmp_path, is_open):
    if not is_open:
        sqlite.dispose()
    else:
        sqlite.connect().close()
    times_before = {path.name: path.stat().st_mtime_ns for path in tmp_path.iterdir()}
    read_only = read_only_engine(str(sqlite.url))
    with read_only.connect() as connection:
        assert connection.execute(text("SELECT word FROM t")).scalar() == "zinzolin"
        with pytest.raises(OperationalError):
            connection.execute(text("UPDATE t SET n = 2"))
    assert {path.name: path.stat().st_mtime_ns for path in tmp_path.iterdir()} == times_before
    _remove_database(Path(sqlite.url.database))
    with pytest.raises(OperationalError):
        read_only.connect()
    assert list(tmp_path.iterdir()) == []


def test_a_symlink_to_the_database_is_checked_with_its_log(sqlite, tmp_path):
    """SQLite writes the log beside the target of the link."""
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
