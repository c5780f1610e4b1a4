"""Jobs on sources: copies that members asked for, and a look at each public address.

Pages are fetched in a thread of their own, so that a slow host holds up no other job; the database
is read and written in the loop. Both jobs may be interrupted and repeated.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Generic, TypeVar
from urllib.parse import urlsplit

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from register.cases import source_queue
from register.cases.acts import source_copies
from register.cases.case_evidence import case_key
from register.cases.source_queue import DueAddress, DueCopy
from register.cases.source_watch import CopyRequest, LinkState
from register.db import now
from register.errors import NotFound, Refused
from register.evidence.captures import WARC
from register.evidence.sealed_files import SealedFiles, new_file
from register.journal import writing
from register.key_store import KeyStore
from register.sources.page_fetch import Exchange, PageFetcher
from register.sources.public_addresses import FetchError, FetchFailure
from register.sources.web_archive import write_warc
from register.text.dates import paris_day
from register.worker.loop import KeepGoing

# Seconds.
BUSY_SECONDS = 1.0  # until the next look at a fetch that runs
IDLE_SECONDS = 10.0  # between two looks at the queue
COPY_PAUSE = 10.0  # between two copies from one host
CHECK_PAUSE = 60.0  # between two looks at addresses
HOST_PAUSE = 3_600.0  # between two looks at addresses of one host
# Silence counts only while another host has answered within this time: otherwise the line of the
# register itself may be cut.
ANSWER_AGE = 3_600.0
_HOSTS_LIMIT = 10_000
# A copy is a little larger than its page: headers, and gzip of what does not shrink.
_WARC_OVERHEAD = 1 << 20

_GONE = frozenset({404, 410})
# Failures that tell nothing of whether readers get the page.
_UNCLEAR = frozenset(
    {
        FetchFailure.ADDRESS,
        FetchFailure.CERTIFICATE,
        FetchFailure.NOT_PUBLIC,
        FetchFailure.TOO_LARGE,
    }
)
Fetched = TypeVar("Fetched")
Due = TypeVar("Due", DueCopy, DueAddress)


def link_state(status: int) -> LinkState:
    """What a status says of an address."""
    if 200 <= status < 300:
        return LinkState.ANSWERS
    if status in _GONE:
        return LinkState.GONE
    return LinkState.SILENT if status >= 500 else LinkState.CLOSED


@dataclass
class _Running(Generic[Due, Fetched]):
    due: Due
    future: Future[Fetched]


class _HostTimes:
    """When each host was last asked, forgotten when there are too many."""

    def __init__(self, pause: float) -> None:
        self._pause = pause
        self._times: dict[str, float] = {}

    def may_ask(self, address: str) -> bool:
        asked_at = self._times.get(_host(address))
        return asked_at is None or time.monotonic() >= asked_at + self._pause

    def note(self, address: str) -> None:
        if len(self._times) >= _HOSTS_LIMIT:
            self._times.clear()
        self._times[_host(address)] = time.monotonic()


def _host(address: str) -> str:
    try:
        return (urlsplit(address).hostname or "").lower()
    except ValueError:
        return ""


class SourceCopyJob:
    """Copies of the pages of sources, one after the other.

    :param software: name and version for the web archives.
    """

    name = "source_copies"

    def __init__(
        self,
        database: Engine,
        open_store: Callable[[], KeyStore],
        open_files: Callable[[], SealedFiles],
        fetcher: PageFetcher,
        software: str,
        clock: Callable[[], datetime] = now,
    ) -> None:
        self._database, self._open_store, self._open_files = database, open_store, open_files
        self._fetcher, self._software, self._clock = fetcher, software, clock
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="copies")
        self._hosts = _HostTimes(COPY_PAUSE)
        self._running: _Running[DueCopy, list[Exchange]] | None = None

    def run(self, _keep_going: KeepGoing) -> float:
        """Store the page that was fetched, and have the next one fetched."""
        running = self._running
        if running is not None:
            if not running.future.done():
                return BUSY_SECONDS
            self._running = None
            self._finish(running.due, running.future)
        with Session(self._database) as session:
            waiting = source_queue.due_copies(session, self._clock())
        due = next((copy for copy in waiting if self._hosts.may_ask(copy.address)), None)
        if due is not None and source_queue.take_copy(self._database, due, self._clock()):
            self._hosts.note(due.address)
            self._running = _Running(due, self._thread.submit(self._fetcher.fetch, due.address))
        return BUSY_SECONDS if waiting else IDLE_SECONDS

    def _finish(self, due: DueCopy, future: Future[list[Exchange]]) -> None:
        try:
            exchanges = future.result()
        except FetchError as error:
            source_queue.note_failure(self._database, due, error, self._clock())
            return
        warc = write_warc(exchanges, self._software)
        files, day = self._open_files(), paris_day(self._clock())
        name = f"{_host(due.address)}-{day.isoformat()}.warc.gz"
        file = replace(new_file(name), mime=WARC)
        file = files.write(file, [warc], self._fetcher.limits.size + _WARC_OVERHEAD)
        try:
            with closing(self._open_store()) as store, writing(self._database, self._clock()) as tx:
                request = tx.session.get(CopyRequest, (due.incident_id, due.source))
                if request is None:
                    raise NotFound("no_such_source")  # another worker was faster
                source_copies.add_source_copy(
                    tx,
                    due.incident_id,
                    due.source,
                    file,
                    case_key(store, due.incident_id),
                    by=source_copies.active_member(tx, due.asked_by),
                    origin=source_copies.FETCHED,
                )
        except (NotFound, Refused):
            # The case, or its source, went meanwhile.
            files.delete(file.file_id)
            source_queue.cancel_copy(self._database, due)


class LinkJob:
    """A look at the address of each source of a public case, every thirty days, one a minute."""

    name = "links"

    def __init__(
        self, database: Engine, fetcher: PageFetcher, clock: Callable[[], datetime] = now
    ) -> None:
        self._database, self._fetcher, self._clock = database, fetcher, clock
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="links")
        self._hosts = _HostTimes(HOST_PAUSE)
        self._running: _Running[DueAddress, int] | None = None
        self._cursor = 0
        self._answered_at: float | None = None
        self._next_at = 0.0

    def run(self, _keep_going: KeepGoing) -> float:
        """Note what a look found, and begin the next one if it is time."""
        running = self._running
        if running is not None:
            if not running.future.done():
                return BUSY_SECONDS
            self._running = None
            self._note(running.due, running.future)
        if time.monotonic() < self._next_at:
            return IDLE_SECONDS
        due, self._cursor = source_queue.next_address(
            self._database, self._cursor, paris_day(self._clock()), self._hosts.may_ask
        )
        if due is not None:
            self._next_at = time.monotonic() + CHECK_PAUSE
            self._hosts.note(due.address)
            self._running = _Running(due, self._thread.submit(self._fetcher.check, due.address))
            return BUSY_SECONDS
        if self._cursor == 0:
            # All cases were gone through: again in an hour.
            self._next_at = time.monotonic() + HOST_PAUSE
        return IDLE_SECONDS

    def _note(self, due: DueAddress, future: Future[int]) -> None:
        status = 0
        try:
            status = future.result()
            state = link_state(status)
            self._answered_at = time.monotonic()
        except FetchError as error:
            state = LinkState.CLOSED if error.failure in _UNCLEAR else LinkState.SILENT
            if state is LinkState.SILENT and not self._is_online():
                return
        source_queue.note_check(self._database, due, state, status, paris_day(self._clock()))

    def _is_online(self) -> bool:
        answered_at = self._answered_at
        return answered_at is not None and time.monotonic() < answered_at + ANSWER_AGE
