"""The loop of the worker that has the lock: prompt, healed by itself, interrupted on request."""

from __future__ import annotations

import errno
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence

import pytest
from raw_http import until
from search_documents import forms_of
from sqlalchemy import Engine as Database
from sqlalchemy import text
from sqlalchemy.orm import Session

from register.journal import head
from register.search.engine_interface import (
    Cursor,
    Document,
    IndexMatches,
    IndexNotReady,
    SearchQuery,
)
from register.search.reference_matcher import strength
from register.worker import jobs, loop
from register.worker.jobs import IndexJob
from register.worker.lock import WorkerLock
from register.worker.loop import KeepGoing, Worker

PATIENCE = 30  # seconds, of a machine that does other things too


class DictionaryEngine:
    """A search engine in a dictionary, which matches case by case."""

    name = "memory"

    def __init__(self) -> None:
        self.position: Cursor | None = None
        self.documents: dict[int, Document] = {}
        self.fault: Exception | None = None
        self.sound = True
        self.is_slow = False
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

    def rebuild(self, cursor: Cursor, documents: Iterable[Document]) -> None:
        self._may_write()
        rebuilt = {}
        for document in documents:
            while self.is_slow:
                time.sleep(0.02)
            rebuilt[document.number] = document
        self.documents, self.position, self.sound = rebuilt, cursor, True
        self.rebuild_count += 1

    def intact(self, *, deep: bool) -> bool:
        return self.position is not None and (self.sound or not deep)

    def close(self) -> None:
        pass

    def _may_write(self) -> None:
        if self.fault:
            raise self.fault


class CountedJob:
    """A job that counts its runs."""

    name = "counted"

    def __init__(self) -> None:
        self.run_count = 0

    def run(self, _keep_going: KeepGoing) -> float:
        self.run_count += 1
        return 0.0


class WorkerThread:
    """A worker in a thread, and the events that it logged."""

    def __init__(
        self, engine: Database, index: DictionaryEngine, lock: WorkerLock, job: CountedJob
    ) -> None:
        self.stop = threading.Event()
        self.events: list[str] = []
        self.lock = lock
        self.worker = Worker(engine, lock, (job, IndexJob(engine, index)), self.log)
        self.thread = threading.Thread(target=self.run)

    def run(self) -> None:
        while not self.stop.wait(0.05):
            self.worker.poll()
        self.lock.release()

    def log(self, event: str, error: BaseException | None = None) -> None:
        self.events.append(event if error is None else f"{event} {type(error).__name__}")

    def end(self) -> None:
        self.stop.set()
        self.thread.join(PATIENCE)
        assert not self.thread.is_alive()


@pytest.fixture
def start(
    engine: Database, new_lock, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[..., WorkerThread]]:
    """``start(index)``: a worker that runs until the end of the test."""
    monkeypatch.setattr(loop, "RETRY_SECONDS", 0.05)
    workers = []

    def start(index: DictionaryEngine, job: CountedJob | None = None) -> WorkerThread:
        workers.append(WorkerThread(engine, index, new_lock(), job or CountedJob()))
        workers[-1].thread.start()
        return workers[-1]

    yield start
    for worker in workers:
        if worker.thread.is_alive():
            worker.end()


def _is_at_the_head(engine: Database, index: DictionaryEngine) -> bool:
    with Session(engine) as session:
        position = head(session)
    return index.position is not None and (index.position.seq, index.position.digest) == (
        position.seq,
        position.digest,
    )


def test_publications_and_withdrawals_are_indexed_at_the_next_poll(
    start, engine, desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A worker that did not poll the heads would read the ledger long after the test's patience.
    monkeypatch.setattr(jobs, "INDEX_SECONDS", 10 * PATIENCE)
    first = desk.published()
    index = DictionaryEngine()
    worker = start(index)
    until(lambda: _is_at_the_head(engine, index))
    assert set(index.documents) == {first.number}
    second = desk.published()
    until(lambda: second.number in index.documents, PATIENCE)
    desk.withdrawn()
    until(lambda: _is_at_the_head(engine, index))
    assert set(index.documents) == {first.number, second.number}
    assert (worker.events, index.rebuild_count) == (["elected"], 1)


def test_a_missing_or_damaged_index_is_rebuilt(
    start, engine, desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs, "INTEGRITY_SECONDS", 0.2)
    monkeypatch.setattr(jobs, "INDEX_SECONDS", 0.1)
    desk.published()
    index = DictionaryEngine()
    start(index)
    until(lambda: index.rebuild_count == 1)
    index.position = None
    until(lambda: index.rebuild_count == 2)
    index.sound = False
    until(lambda: index.rebuild_count == 3)
    assert len(index.documents) == 1


def test_each_job_runs_whatever_the_others_do_and_the_next_worker_when_the_first_ends(
    start, engine, desk
) -> None:
    desk.published()
    failing, job, other_job = DictionaryEngine(), CountedJob(), CountedJob()
    failing.fault = OSError(errno.EROFS, "Read-only file system", "/somewhere")
    worker = start(failing, job)
    until(lambda: job.run_count > 2)
    failing.fault = None
    until(lambda: _is_at_the_head(engine, failing))
    other_index = DictionaryEngine()
    candidate = start(other_index, other_job)
    published = desk.published()
    until(lambda: published.number in failing.documents)
    assert (candidate.events, other_index.position, other_job.run_count) == ([], None, 0)
    worker.end()
    until(lambda: published.number in other_index.documents)
    assert other_job.run_count > 0


def test_a_failure_is_logged_once_and_recovers_by_itself(start, engine, desk) -> None:
    desk.published()
    index = DictionaryEngine()
    index.fault = OSError(errno.EROFS, "Read-only file system", "/somewhere")
    worker = start(index)
    until(lambda: worker.events)
    time.sleep(0.3)
    assert worker.events == ["elected", "search_failing OSError"]
    index.fault = OSError(errno.ENOSPC, "No space left on device")
    until(lambda: len(worker.events) == 3)
    index.fault = None
    until(lambda: _is_at_the_head(engine, index))
    until(lambda: worker.events[-1] == "search_healed")
    assert worker.events[1:-1] == ["search_failing OSError"] * 2


def test_a_worker_gives_its_place_to_another_while_its_job_fails(start, engine, desk) -> None:
    desk.published()
    failing, sound = DictionaryEngine(), DictionaryEngine()
    failing.fault = OSError(errno.EROFS, "Read-only file system", "/somewhere")
    worker = start(failing)
    until(lambda: "search_failing OSError" in worker.events)
    start(sound)
    until(lambda: _is_at_the_head(engine, sound), PATIENCE)


@pytest.mark.parametrize("settings", ["postgresql"], indirect=True)
def test_the_worker_reconnects_to_a_database_that_was_away(start, engine) -> None:
    index = DictionaryEngine()
    worker = start(index)
    until(lambda: index.rebuild_count == 1)
    with engine.connect() as connection:
        connection.execute(
            text(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        )
    until(lambda: worker.events[-1] == "worker_healed")
    assert worker.events[1].startswith("worker_failing")


def test_an_index_that_another_process_writes_is_no_error(start, engine, desk) -> None:
    published = desk.published()
    index = DictionaryEngine()
    index.fault = IndexNotReady("busy")
    worker = start(index)
    until(lambda: worker.events)
    time.sleep(0.2)
    index.fault = None
    desk.published()
    until(lambda: published.number in index.documents)
    assert worker.events == ["elected"]


def test_a_long_job_is_interrupted_when_the_lock_is_lost(start, desk, monkeypatch) -> None:
    desk.published()
    index = DictionaryEngine()
    index.is_slow = True
    worker = start(index)
    until(lambda: worker.events)
    monkeypatch.setattr(worker.lock, "hold", lambda: False)
    time.sleep(2 * loop.KEEP_SECONDS)
    index.is_slow = False
    time.sleep(0.1)
    assert (index.rebuild_count, worker.events) == (0, ["elected"])
