"""One follower of several, elected, woken, healed by itself; and the processes that run it."""

from __future__ import annotations

import errno
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

import pytest
from raw_http import environ, until
from search_documents import forms_of
from sqlalchemy import Engine as Database
from sqlalchemy import create_engine, text
from sqlalchemy.orm import Session

from register import worker
from register.config import Settings
from register.db import engine_options
from register.journal import head
from register.search.engine_interface import (
    Cursor,
    Document,
    IndexMatches,
    IndexNotReady,
    Progress,
    SearchQuery,
)
from register.search.leader_election import LEASE, TAKEOVER, FileLocks, Lease, ServerLocks
from register.search.reference_matcher import strength
from register.worker import Follower, StopSignal, open_commit_waiter

PATIENCE = 30  # seconds, of a machine that does other things too


class DictionaryEngine:
    """A search engine in a dictionary, which matches case by case."""

    name = "memory"

    def __init__(self) -> None:
        self.position: Cursor | None = None
        self.documents: dict[int, Document] = {}
        self.fault: Exception | None = None
        self.sound = True
        self.endless = False
        self.rebuild_count = 0

    def find(self, session: Session, search_query: SearchQuery) -> IndexMatches:
        if self.position is None:
            raise IndexNotReady
        strengths = {
            number: strength(search_query, document) for number, document in self.documents.items()
        }
        return IndexMatches(
            self.position,
            {number: value for number, value in strengths.items() if value is not None},
        )

    def forms(self, session: Session) -> Sequence[str]:
        return forms_of(self.documents.values())

    def stamp(self) -> str:
        return repr(self.position)

    def cursor(self) -> Cursor | None:
        return self.position

    def write(
        self, cursor: Cursor, documents: Iterable[Document], gone: Iterable[int], *, scrub: bool
    ) -> None:
        self._may_write()
        self.documents |= {document.number: document for document in documents}
        for number in gone:
            self.documents.pop(number, None)
        self.position = cursor

    def rebuild(
        self, cursor: Cursor, documents: Iterable[Document], total: int, progress: Progress
    ) -> None:
        self._may_write()
        rebuilt = {}
        for count, document in enumerate(documents, 1):
            while self.endless:
                time.sleep(0.02)
                progress(count, total)
            rebuilt[document.number] = document
            progress(count, total)
        self.documents, self.position, self.sound = rebuilt, cursor, True
        self.rebuild_count += 1

    def intact(self, *, deep: bool) -> bool:
        return self.position is not None and (self.sound or not deep)

    def close(self) -> None:
        pass

    def _may_write(self) -> None:
        if self.fault:
            raise self.fault


@pytest.fixture
def new_locks(settings: Settings, engine: Database) -> Iterator[Callable[[], FileLocks]]:
    """Locks as another process would have them: files with SQLite, the server's with PostgreSQL."""
    all_locks = []

    def new() -> FileLocks | ServerLocks:
        kind = engine.dialect.name
        all_locks.append(FileLocks(settings.instance) if kind == "sqlite" else ServerLocks(engine))
        return all_locks[-1]

    yield new
    for locks in all_locks:
        locks.release_all()


# --- the lease ---------------------------------------------------------------------------------


def test_one_follower_is_elected_and_the_next_when_it_leaves(new_locks) -> None:
    first, second = Lease(new_locks()), Lease(new_locks())
    assert not second.is_held()
    assert [first.acquire_or_keep(), second.acquire_or_keep(), first.acquire_or_keep()] == [
        True,
        False,
        True,
    ]
    assert second.is_held()
    first.release_all()
    # A server ends the session that held a lock in its own time.
    until(lambda: not first.is_held())
    assert [second.acquire_or_keep(), first.acquire_or_keep()] == [True, False]


def test_a_requested_lease_goes_to_the_requester_first(new_locks) -> None:
    follower, candidate, requester = (Lease(new_locks()) for _ in range(3))
    assert follower.acquire_or_keep()
    assert not requester.claim(0.2)
    # Its request has ended; a server notices in its own time.
    until(follower.acquire_or_keep)
    thread = threading.Thread(target=lambda: until(lambda: not follower.acquire_or_keep()))
    thread.start()
    assert requester.claim(5)
    thread.join()
    assert [follower.acquire_or_keep(), candidate.acquire_or_keep()] == [False, False]
    assert candidate.is_held()
    requester.release_all()
    until(follower.acquire_or_keep)


def test_a_lock_ends_with_its_holder(new_locks, settings: Settings, engine: Database) -> None:
    code = f"""
import sys, time
from pathlib import Path
from sqlalchemy import create_engine
from register.search.leader_election import FileLocks, ServerLocks
kind, place = sys.argv[1:]
locks = FileLocks(Path(place)) if kind == "sqlite" else ServerLocks(create_engine(place))
print(locks.acquire({LEASE!r}), flush=True)
time.sleep(60)
"""
    kind = engine.dialect.name
    place = str(settings.instance) if kind == "sqlite" else settings.database_url
    command = [sys.executable, "-c", code, kind, place]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, text=True, env=environ(settings)
    ) as holder:
        assert holder.stdout.readline() == "True\n"
        lease = Lease(new_locks())
        assert not lease.acquire_or_keep()
        holder.kill()
        until(lease.acquire_or_keep)


def test_a_lock_whose_file_was_deleted_is_lost(tmp_path: Path) -> None:
    first, second = FileLocks(tmp_path), FileLocks(tmp_path)
    lease = Lease(first)
    assert lease.acquire_or_keep()
    (tmp_path / "index.lock").unlink()
    assert second.acquire(LEASE)
    assert not lease.acquire_or_keep()
    second.release_all()
    assert lease.acquire_or_keep()
    first.release_all()


def test_checking_the_lease_makes_no_file(tmp_path: Path) -> None:
    assert not Lease(FileLocks(tmp_path)).is_held()
    assert list(tmp_path.iterdir()) == []


def test_a_session_that_the_server_ended_holds_nothing(server, tmp_path, registers) -> None:
    with registers.new("postgresql", tmp_path) as settings:
        engine = create_engine(settings.database_url)
        locks, other_locks = ServerLocks(engine), ServerLocks(engine)
        lease, other_lease = Lease(locks), Lease(other_locks)
        assert lease.acquire_or_keep()
        _end_sessions(engine)
        with pytest.raises(Exception, match="terminat"):
            lease.acquire_or_keep()
        assert other_lease.acquire_or_keep()
        lease.release_all()
        assert not lease.acquire_or_keep()
        assert not locks.acquire(LEASE)
        assert locks.acquire(TAKEOVER)
        locks.release_all()
        other_locks.release_all()
        engine.dispose()


def _end_sessions(engine: Database) -> None:
    with engine.begin() as connection:
        connection.execute(
            text(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE application_name = 'webcitoyen follow' AND datname = current_database()"
            )
        )


# --- waking -------------------------------------------------------------------------------------


def test_a_commit_wakes_the_follower_once(engine: Database, desk) -> None:
    stop = StopSignal()
    waiter = open_commit_waiter(engine, stop)
    desk.published()
    waiter.open()
    assert not waiter.wait(0.2), "what was before is not news"
    desk.published()
    assert waiter.wait(1)
    assert not waiter.wait(0.2)
    waiter.close()
    stop.close()


def test_a_commit_is_notified_once_it_is_visible(engine: Database, desk) -> None:
    """On PostgreSQL the desk's own lines wake nobody."""
    stop = StopSignal()
    waiter = open_commit_waiter(engine, stop)
    waiter.open()
    desk.draft()
    assert waiter.wait(0.3) == (engine.dialect.name == "sqlite")
    waiter.close()
    stop.close()


def test_stopping_wakes_the_follower_too(engine: Database) -> None:
    stop = StopSignal()
    wakings: list[bool] = []

    def wait() -> None:
        waiter = open_commit_waiter(engine, stop)
        waiter.open()
        wakings.append(waiter.wait(2 * PATIENCE))
        waiter.close()

    thread = threading.Thread(target=wait)
    thread.start()
    time.sleep(0.2)
    stop.request()
    thread.join(PATIENCE)
    assert not thread.is_alive()
    assert wakings == [False]
    stop.close()


# --- the loop ----------------------------------------------------------------------------------


class CountedJob:
    """A job that counts its runs."""

    def __init__(self) -> None:
        self.run_count = self.close_count = 0

    def run_if_due(self) -> None:
        self.run_count += 1

    def close(self) -> None:
        self.close_count += 1


class FollowerThread:
    """A follower in a thread, and the events that it logged."""

    def __init__(
        self, engine: Database, index: DictionaryEngine, lease: Lease, job: CountedJob
    ) -> None:
        self.stop = StopSignal()
        self.events: list[str] = []
        self.index = index
        follower = Follower(engine, index, lease, self.stop, self.log, job)
        self.thread = threading.Thread(target=follower.run)

    def log(self, event: str, error: BaseException | None = None) -> None:
        self.events.append(event if error is None else f"{event} {type(error).__name__}")

    def end(self) -> None:
        self.stop.request()
        self.thread.join(PATIENCE)
        assert not self.thread.is_alive()
        self.stop.close()


@pytest.fixture
def follow(engine: Database, new_locks) -> Iterator[Callable[..., FollowerThread]]:
    """``follow(index)``: a follower that has begun; it ends with the test."""
    followers = []

    def start(index: DictionaryEngine, job: CountedJob | None = None) -> FollowerThread:
        followers.append(FollowerThread(engine, index, Lease(new_locks()), job or CountedJob()))
        followers[-1].thread.start()
        return followers[-1]

    yield start
    for follower in followers:
        if follower.thread.is_alive():
            follower.end()


def _is_at_the_head(engine: Database, index: DictionaryEngine) -> bool:
    with Session(engine) as session:
        position = head(session)
    return index.position is not None and (index.position.seq, index.position.digest) == (
        position.seq,
        position.digest,
    )


def test_publications_and_withdrawals_are_indexed_on_notification(
    follow, engine, desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A follower that is not woken would read the ledger long after the test's patience.
    monkeypatch.setattr(worker, "CATCH_UP_SECONDS", 10 * PATIENCE)
    first = desk.published()
    index = DictionaryEngine()
    follower = follow(index)
    until(lambda: _is_at_the_head(engine, index))
    assert set(index.documents) == {first.number}
    second = desk.published()
    until(lambda: second.number in index.documents, PATIENCE)
    desk.withdrawn()
    until(lambda: _is_at_the_head(engine, index))
    assert set(index.documents) == {first.number, second.number}
    assert (follower.events, index.rebuild_count) == (["elected"], 1)


def test_a_missing_or_damaged_index_is_rebuilt(
    follow, engine, desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker, "INTEGRITY_SECONDS", 0.2)
    desk.published()
    index = DictionaryEngine()
    follow(index)
    until(lambda: index.rebuild_count == 1)
    index.position = None
    until(lambda: index.rebuild_count == 2)
    index.sound = False
    until(lambda: index.rebuild_count == 3)
    assert len(index.documents) == 1


def test_the_elected_follower_does_its_other_job_whatever_the_index_does(
    follow, engine, desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker, "FIRST_PAUSE", 0.05)
    desk.published()
    failing, job, other_job = DictionaryEngine(), CountedJob(), CountedJob()
    failing.fault = OSError(errno.EROFS, "Read-only file system", "/somewhere")
    follower = follow(failing, job)
    until(lambda: job.run_count > 2)
    failing.fault = None
    until(lambda: _is_at_the_head(engine, failing))
    candidate = follow(DictionaryEngine(), other_job)
    count_before = job.run_count
    until(lambda: job.run_count > count_before)
    assert other_job.run_count == 0
    follower.end()
    until(lambda: other_job.run_count > 0)
    candidate.end()
    assert (job.close_count, other_job.close_count) == (1, 1)


def test_a_failure_is_logged_once_and_recovers_by_itself(
    follow, engine, desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker, "FIRST_PAUSE", 0.05)
    desk.published()
    index = DictionaryEngine()
    index.fault = OSError(errno.EROFS, "Read-only file system", "/somewhere")
    follower = follow(index)
    until(lambda: follower.events)
    time.sleep(0.5)
    assert follower.events == ["elected", "search_failing OSError"]
    index.fault = OSError(errno.ENOSPC, "No space left on device")
    until(lambda: len(follower.events) == 3)
    index.fault = None
    until(lambda: _is_at_the_head(engine, index))
    until(lambda: follower.events[-1] == "search_healed")
    assert follower.events[1:-1] == ["search_failing OSError"] * 2


def test_the_follower_reconnects_to_a_database_that_was_away(
    server, tmp_path, registers, monkeypatch
) -> None:
    monkeypatch.setattr(worker, "FIRST_PAUSE", 0.05)
    with registers.new("postgresql", tmp_path) as settings:
        engine = create_engine(settings.database_url, **engine_options(settings.database_url))
        index = DictionaryEngine()
        follower = FollowerThread(engine, index, Lease(ServerLocks(engine)), CountedJob())
        follower.thread.start()
        until(lambda: index.rebuild_count == 1)
        _end_sessions(engine)
        until(lambda: follower.events[-1] == "search_healed")
        follower.end()
        engine.dispose()


def test_a_second_follower_takes_over_when_the_first_ends(follow, engine, desk) -> None:
    first, second = DictionaryEngine(), DictionaryEngine()
    elected = follow(first)
    until(lambda: elected.events == ["elected"])
    candidate = follow(second)
    published = desk.published()
    until(lambda: published.number in first.documents)
    assert (candidate.events, second.position) == ([], None)
    elected.end()
    until(lambda: published.number in second.documents)


def test_a_follower_yields_its_lock_and_comes_back(follow, engine, desk, new_locks) -> None:
    index = DictionaryEngine()
    follow(index)
    until(lambda: index.rebuild_count == 1)
    requester = Lease(new_locks())
    assert requester.claim(5)
    published = desk.published()
    time.sleep(1.2)
    assert published.number not in index.documents
    requester.release_all()
    until(lambda: published.number in index.documents)


@pytest.mark.parametrize("reason", ["end", "door"])
def test_a_long_job_is_interrupted_on_request(follow, desk, new_locks, reason: str) -> None:
    desk.published()
    index = DictionaryEngine()
    index.endless = True
    follower = follow(index)
    until(lambda: follower.events)
    try:
        if reason == "end":
            follower.end()
        else:
            assert Lease(new_locks()).claim(PATIENCE)
        assert index.rebuild_count == 0
    finally:
        index.endless = False
