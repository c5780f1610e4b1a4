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


class Memory:
    """The smallest engine there is: a dictionary, judged case by case."""

    name = "memory"

    def __init__(self) -> None:
        self.at: Cursor | None = None
        self.held: dict[int, Document] = {}
        self.fault: Exception | None = None
        self.sound = True
        self.endless = False
        self.rebuilt = 0

    def find(self, session: Session, asked: SearchQuery) -> IndexMatches:
        if self.at is None:
            raise IndexNotReady
        told = {number: strength(asked, one) for number, one in self.held.items()}
        return IndexMatches(
            self.at, {number: value for number, value in told.items() if value is not None}
        )

    def forms(self, session: Session) -> Sequence[str]:
        return sorted({form for one in self.held.values() for form in one.forms})

    def stamp(self) -> str:
        return repr(self.at)

    def cursor(self) -> Cursor | None:
        return self.at

    def write(
        self, cursor: Cursor, documents: Iterable[Document], gone: Iterable[int], *, scrub: bool
    ) -> None:
        self._may_write()
        self.held |= {one.number: one for one in documents}
        for number in gone:
            self.held.pop(number, None)
        self.at = cursor

    def rebuild(
        self, cursor: Cursor, documents: Iterable[Document], total: int, progress: Progress
    ) -> None:
        self._may_write()
        made = {}
        for done, one in enumerate(documents, 1):
            while self.endless:
                time.sleep(0.02)
                progress(done, total)
            made[one.number] = one
            progress(done, total)
        self.held, self.at, self.sound = made, cursor, True
        self.rebuilt += 1

    def intact(self, *, deep: bool) -> bool:
        return self.at is not None and (self.sound or not deep)

    def close(self) -> None:
        pass

    def _may_write(self) -> None:
        if self.fault:
            raise self.fault


@pytest.fixture
def new_locks(settings: Settings, engine: Database) -> Iterator[Callable[[], FileLocks]]:
    """Locks as another process would have them: files with SQLite, the server's with PostgreSQL."""
    made = []

    def new() -> FileLocks | ServerLocks:
        kind = engine.dialect.name
        made.append(FileLocks(settings.instance) if kind == "sqlite" else ServerLocks(engine))
        return made[-1]

    yield new
    for locks in made:
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
    follower, candidate, asking = (Lease(new_locks()) for _ in range(3))
    assert follower.acquire_or_keep()
    assert not asking.claim(0.2)
    # It waited in vain, and asks no more; a server notices in its own time.
    until(follower.acquire_or_keep)
    thread = threading.Thread(target=lambda: until(lambda: not follower.acquire_or_keep()))
    thread.start()
    assert asking.claim(5)
    thread.join()
    assert [follower.acquire_or_keep(), candidate.acquire_or_keep()] == [False, False]
    assert candidate.is_held()
    asking.release_all()
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
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environ(settings)) as one:
        assert one.stdout.readline() == "True\n"
        lease = Lease(new_locks())
        assert not lease.acquire_or_keep()
        one.kill()
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


def test_looking_makes_no_file(tmp_path: Path) -> None:
    assert not Lease(FileLocks(tmp_path)).is_held()
    assert list(tmp_path.iterdir()) == []


def test_a_session_that_the_server_ended_holds_nothing(server, tmp_path, registers) -> None:
    with registers.new("postgresql", tmp_path) as settings:
        engine = create_engine(settings.database_url)
        locks, others = ServerLocks(engine), ServerLocks(engine)
        lease, other = Lease(locks), Lease(others)
        assert lease.acquire_or_keep()
        _end_sessions(engine)
        with pytest.raises(Exception, match="terminat"):
            lease.acquire_or_keep()
        assert other.acquire_or_keep()
        lease.release_all()
        assert not lease.acquire_or_keep()
        assert not locks.acquire(LEASE)
        assert locks.acquire(TAKEOVER)
        locks.release_all()
        others.release_all()
        engine.dispose()


def _end_sessions(engine: Database) -> None:
    with engine.begin() as connection:
        connection.execute(
            text(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE application_name = 'webcitoyen follow' AND datname = current_database()"
            )
        )


# --- being woken -------------------------------------------------------------------------------


def test_a_commit_wakes_and_only_once(engine: Database, desk) -> None:
    ending = StopSignal()
    wake = open_commit_waiter(engine, ending)
    desk.published()
    wake.open()
    assert not wake.wait(0.2), "what was before is not news"
    desk.published()
    assert wake.wait(1)
    assert not wake.wait(0.2)
    wake.close()
    ending.close()


def test_a_commit_is_notified_once_it_is_visible(engine: Database, desk) -> None:
    """On PostgreSQL the desk's own lines wake nobody."""
    ending = StopSignal()
    wake = open_commit_waiter(engine, ending)
    wake.open()
    desk.draft()
    assert wake.wait(0.3) == (engine.dialect.name == "sqlite")
    wake.close()
    ending.close()


def test_stopping_wakes_the_follower_too(engine: Database) -> None:
    ending = StopSignal()
    heard: list[bool] = []

    def wait() -> None:
        wake = open_commit_waiter(engine, ending)
        wake.open()
        heard.append(wake.wait(2 * PATIENCE))
        wake.close()

    waiting = threading.Thread(target=wait)
    waiting.start()
    time.sleep(0.2)
    ending.request()
    waiting.join(PATIENCE)
    assert not waiting.is_alive()
    assert heard == [False]
    ending.close()


# --- the loop ----------------------------------------------------------------------------------


class Counted:
    """A duty that notes how often it was done."""

    def __init__(self) -> None:
        self.glances = self.closed = 0

    def run_if_due(self) -> None:
        self.glances += 1

    def close(self) -> None:
        self.closed += 1


class Followed:
    """A follower in a thread, and what it told."""

    def __init__(self, engine: Database, index: Memory, lease: Lease, duty: Counted) -> None:
        self.ending = StopSignal()
        self.told: list[str] = []
        self.index = index
        follower = Follower(engine, index, lease, self.ending, self._tell, duty)
        self.thread = threading.Thread(target=follower.run)

    def _tell(self, event: str, error: BaseException | None = None) -> None:
        self.told.append(event if error is None else f"{event} {type(error).__name__}")

    def end(self) -> None:
        self.ending.request()
        self.thread.join(PATIENCE)
        assert not self.thread.is_alive()
        self.ending.close()


@pytest.fixture
def follow(engine: Database, new_locks) -> Iterator[Callable[..., Followed]]:
    """``follow(index)``: a follower that has begun; it ends with the test."""
    running = []

    def begin(index: Memory, duty: Counted | None = None) -> Followed:
        running.append(Followed(engine, index, Lease(new_locks()), duty or Counted()))
        running[-1].thread.start()
        return running[-1]

    yield begin
    for one in running:
        if one.thread.is_alive():
            one.end()


def _is_at_the_head(engine: Database, index: Memory) -> bool:
    with Session(engine) as session:
        position = head(session)
    return index.at is not None and (index.at.seq, index.at.digest) == (
        position.seq,
        position.digest,
    )


def test_publications_and_withdrawals_are_indexed_on_notification(
    follow, engine, desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Whoever was not woken would read the ledger long after the test has given up.
    monkeypatch.setattr(worker, "CATCH_UP_SECONDS", 10 * PATIENCE)
    first = desk.published()
    index = Memory()
    followed = follow(index)
    until(lambda: _is_at_the_head(engine, index))
    assert set(index.held) == {first.number}
    second = desk.published()
    until(lambda: second.number in index.held, PATIENCE)
    desk.withdrawn()
    until(lambda: _is_at_the_head(engine, index))
    assert set(index.held) == {first.number, second.number}
    assert (followed.told, index.rebuilt) == (["elected"], 1)


def test_an_index_that_is_gone_or_damaged_is_made_anew(
    follow, engine, desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker, "INTEGRITY_SECONDS", 0.2)
    desk.published()
    index = Memory()
    follow(index)
    until(lambda: index.rebuilt == 1)
    index.at = None
    until(lambda: index.rebuilt == 2)
    index.sound = False
    until(lambda: index.rebuilt == 3)
    assert len(index.held) == 1


def test_the_one_that_is_elected_does_its_duty_whatever_the_index_does(
    follow, engine, desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker, "FIRST_PAUSE", 0.05)
    desk.published()
    failing, duty, other = Memory(), Counted(), Counted()
    failing.fault = OSError(errno.EROFS, "Read-only file system", "/somewhere")
    followed = follow(failing, duty)
    until(lambda: duty.glances > 2)
    failing.fault = None
    until(lambda: _is_at_the_head(engine, failing))
    competing = follow(Memory(), other)
    seen = duty.glances
    until(lambda: duty.glances > seen)
    assert other.glances == 0
    followed.end()
    until(lambda: other.glances > 0)
    competing.end()
    assert (duty.closed, other.closed) == (1, 1)


def test_a_failure_is_logged_once_and_recovers_by_itself(
    follow, engine, desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker, "FIRST_PAUSE", 0.05)
    desk.published()
    index = Memory()
    index.fault = OSError(errno.EROFS, "Read-only file system", "/somewhere")
    followed = follow(index)
    until(lambda: followed.told)
    time.sleep(0.5)
    assert followed.told == ["elected", "search_failing OSError"]
    index.fault = OSError(errno.ENOSPC, "No space left on device")
    until(lambda: len(followed.told) == 3)
    index.fault = None
    until(lambda: _is_at_the_head(engine, index))
    until(lambda: followed.told[-1] == "search_healed")
    assert followed.told[1:-1] == ["search_failing OSError"] * 2


def test_a_database_that_was_away_is_followed_again(
    server, tmp_path, registers, monkeypatch
) -> None:
    monkeypatch.setattr(worker, "FIRST_PAUSE", 0.05)
    with registers.new("postgresql", tmp_path) as settings:
        engine = create_engine(settings.database_url, **engine_options(settings.database_url))
        index = Memory()
        followed = Followed(engine, index, Lease(ServerLocks(engine)), Counted())
        followed.thread.start()
        until(lambda: index.rebuilt == 1)
        _end_sessions(engine)
        until(lambda: followed.told[-1] == "search_healed")
        followed.end()
        engine.dispose()


def test_a_second_follower_takes_over_when_the_first_ends(follow, engine, desk) -> None:
    first, second = Memory(), Memory()
    elected = follow(first)
    until(lambda: elected.told == ["elected"])
    candidate = follow(second)
    published = desk.published()
    until(lambda: published.number in first.held)
    assert (candidate.told, second.at) == ([], None)
    elected.end()
    until(lambda: published.number in second.held)


def test_a_follower_yields_its_lock_and_comes_back(follow, engine, desk, new_locks) -> None:
    index = Memory()
    follow(index)
    until(lambda: index.rebuilt == 1)
    asking = Lease(new_locks())
    assert asking.claim(5)
    published = desk.published()
    time.sleep(1.2)
    assert published.number not in index.held
    asking.release_all()
    until(lambda: published.number in index.held)


@pytest.mark.parametrize("why", ["end", "door"])
def test_a_long_job_is_interrupted_on_request(follow, desk, new_locks, why: str) -> None:
    desk.published()
    index = Memory()
    index.endless = True
    followed = follow(index)
    until(lambda: followed.told)
    try:
        if why == "end":
            followed.end()
        else:
            assert Lease(new_locks()).claim(PATIENCE)
        assert index.rebuilt == 0
    finally:
        index.endless = False
