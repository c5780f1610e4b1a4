"""One worker has the lock, until its process ends or, on PostgreSQL, stands still."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from raw_http import environ, until
from sqlalchemy import Engine as Database
from sqlalchemy import text

from register.config import Settings
from register.worker import lock
from register.worker.lock import FolderLock

# Holds the lock, and prints whether it does when it is asked.
_HOLDER = """
import sys
from pathlib import Path
from sqlalchemy import create_engine
from register.worker import lock
lock.SILENCE_SECONDS, lock.PING_SECONDS = 1, 0.2
kind, place = sys.argv[1:]
held = lock.FolderLock(Path(place)) if kind == "sqlite" else lock.ServerLock(create_engine(place))
for _line in sys.stdin:
    try:
        print(held.hold(), flush=True)
    except Exception as error:
        held.release()
        print(type(error).__name__, flush=True)
"""


@contextmanager
def holder_process(settings: Settings, engine: Database) -> Iterator[subprocess.Popen[str]]:
    """Another process that has the lock."""
    kind = engine.dialect.name
    place = str(settings.instance) if kind == "sqlite" else settings.database_url
    holder = subprocess.Popen(
        [sys.executable, "-c", _HOLDER, kind, place],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=environ(settings),
    )
    with holder:
        assert ask(holder) == "True"
        yield holder
        holder.kill()


def ask(holder: subprocess.Popen[str]) -> str:
    """Whether it holds the lock, or the error that it gets."""
    holder.stdin.write("hold\n")
    holder.stdin.flush()
    return holder.stdout.readline().strip()


def test_one_worker_has_the_lock_and_the_next_when_it_leaves(new_lock) -> None:
    first, second = new_lock(), new_lock()
    assert not second.is_held()
    assert [first.hold(), second.hold(), first.hold()] == [True, False, True]
    assert first.is_held()
    assert second.is_held()
    first.release()
    # A server ends the session that held a lock in its own time.
    until(lambda: not first.is_held())
    assert [second.hold(), first.hold()] == [True, False]


def test_a_lock_ends_with_its_process(new_lock, settings, engine) -> None:
    with holder_process(settings, engine) as holder:
        candidate = new_lock()
        assert not candidate.hold()
        holder.kill()
        until(candidate.hold)


def test_a_process_that_stands_still_loses_the_lock_of_a_server_alone(
    new_lock, settings, engine
) -> None:
    with holder_process(settings, engine) as holder:
        candidate = new_lock()
        holder.send_signal(signal.SIGSTOP)
        if engine.dialect.name == "sqlite":
            time.sleep(1.5)
            assert not candidate.hold()
            holder.send_signal(signal.SIGCONT)
            return
        until(candidate.hold)
        holder.send_signal(signal.SIGCONT)
        assert ask(holder) in {"OperationalError", "IdleSessionTimeout", "AdminShutdown"}
        assert ask(holder) == "False"
        candidate.release()
        until(lambda: ask(holder) == "True")


@pytest.mark.parametrize("settings", ["postgresql"], indirect=True)
def test_a_server_lock_outlasts_a_job_but_not_a_loop_that_stands_still(
    new_lock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lock, "SILENCE_SECONDS", 1)
    monkeypatch.setattr(lock, "PING_SECONDS", 0.2)
    working, candidate = new_lock(), new_lock()
    assert working.hold()
    time.sleep(1.5)
    assert not candidate.hold()
    monkeypatch.setattr(lock, "STANDSTILL_SECONDS", 0.0)
    until(candidate.hold)


@pytest.mark.parametrize("settings", ["postgresql"], indirect=True)
def test_a_session_that_the_server_ended_has_no_lock(new_lock, engine) -> None:
    first, second = new_lock(), new_lock()
    assert first.hold()
    end_sessions(engine)
    with pytest.raises(Exception, match="terminat"):
        first.hold()
    first.release()
    assert [second.hold(), first.hold()] == [True, False]


def end_sessions(engine: Database) -> None:
    """End the sessions of all workers."""
    with engine.begin() as connection:
        connection.execute(
            text(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE application_name = 'webcitoyen follow' AND datname = current_database()"
            )
        )


def test_a_lock_on_a_folder_that_was_replaced_is_lost(tmp_path: Path) -> None:
    folder = tmp_path / "instance"
    folder.mkdir()
    first, second = FolderLock(folder), FolderLock(folder)
    assert first.hold()
    folder.rename(tmp_path / "former")
    folder.mkdir()
    assert [second.hold(), first.hold()] == [True, False]
    second.release()
    assert first.hold()
    first.release()
