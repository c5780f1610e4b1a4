"""Jobs on sources: copies that members asked for, and a look at each public address.

Both jobs may be interrupted and repeated.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime
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
from register.sources.page_fetch import PageFetcher
from register.sources.public_addresses import FetchError, FetchFailure
from register.sources.web_archive import write_warc
from register.text.dates import paris_day
from register.worker.loop import KeepGoing

# Seconds.
IDLE_SECONDS = 10.0  # between two looks at the queue
COPY_PAUSE = 10.0  # between two copies from one host
CHECK_PAUSE = 60.0  # between two looks at addresses
HOST_PAUSE = 3_600.0  # between two looks at addresses of one host
# Silence counts only while another host has answered within this time: otherwise the line of the
# register itself may be cut.
ANSWER_AGE = 3_600.0
_NEVER = float("-inf")
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


def link_state(status: int) -> LinkState:
    """What a status says of an address."""
    if 200 <= status < 300:
        return LinkState.ANSWERS
    if status in _GONE:
        return LinkState.GONE
    return LinkState.SILENT if status >= 500 else LinkState.CLOSED


class _HostTimes:
    """When each host was last asked, forgotten when there are too many."""

    def __init__(self, pause: float) -> None:
        self._pause = pause
        self._times: dict[str, float] = {}

    def may_ask(self, address: str) -> bool:
        return time.monotonic() >= self._times.get(_host(address), _NEVER) + self._pause

    def note(self, address: str) -> None:
        if len(self._times) >= _HOSTS_LIMIT:
            self._times.clear()
        self._times[_host(address)] = time.monotonic()


def _host(address: str) -> str:
    try:
        return (urlsplit(address).hostname or "").lower()
    except ValueError:
        return ""


@dataclass
class SourceCopyJob:
    """Copies of the pages of sources, one after the other.

    :param software: name and version for the web archives.
    """

    name = "source_copies"

    database: Engine
    open_store: Callable[[], KeyStore]
    open_files: Callable[[], SealedFiles]
    fetcher: PageFetcher
    software: str
    clock: Callable[[], datetime] = now
    _hosts: _HostTimes = field(default_factory=lambda: _HostTimes(COPY_PAUSE), init=False)

    def run(self, _keep_going: KeepGoing) -> float:
        """Fetch and store the page of the first source that is due, if its host may be asked."""
        with Session(self.database) as session:
            waiting = source_queue.due_copies(session, self.clock())
        due = next((copy for copy in waiting if self._hosts.may_ask(copy.address)), None)
        if due is not None and source_queue.take_copy(self.database, due, self.clock()):
            self._hosts.note(due.address)
            self._copy(due)
        return 0.0 if waiting else IDLE_SECONDS

    def _copy(self, due: DueCopy) -> None:
        try:
            exchanges = self.fetcher.fetch(due.address)
        except FetchError as error:
            source_queue.note_failure(self.database, due, error, self.clock())
            return
        warc = write_warc(exchanges, self.software)
        files, day = self.open_files(), paris_day(self.clock())
        name = f"{_host(due.address)}-{day.isoformat()}.warc.gz"
        limit = self.fetcher.limits.size + _WARC_OVERHEAD
        file = files.write(new_file(name, WARC), [warc], limit)
        try:
            with closing(self.open_store()) as store, writing(self.database, self.clock()) as tx:
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
            source_queue.cancel_copy(self.database, due)


@dataclass
class LinkJob:
    """A look at the address of each source of a public case, every thirty days, one a minute."""

    name = "links"

    database: Engine
    fetcher: PageFetcher
    clock: Callable[[], datetime] = now
    _hosts: _HostTimes = field(default_factory=lambda: _HostTimes(HOST_PAUSE), init=False)
    _cursor: int = field(default=0, init=False)
    _answered_at: float = field(default=_NEVER, init=False)
    _next_at: float = field(default=0.0, init=False)

    def run(self, _keep_going: KeepGoing) -> float:
        """Look at the next address and note what was found, if it is time."""
        if time.monotonic() < self._next_at:
            return IDLE_SECONDS
        due, self._cursor = source_queue.next_address(
            self.database, self._cursor, paris_day(self.clock()), self._hosts.may_ask
        )
        if due is not None:
            self._next_at = time.monotonic() + CHECK_PAUSE
            self._hosts.note(due.address)
            self._check(due)
            return 0.0
        if self._cursor == 0:
            # All cases were gone through: again in an hour.
            self._next_at = time.monotonic() + HOST_PAUSE
        return IDLE_SECONDS

    def _check(self, due: DueAddress) -> None:
        status = 0
        try:
            status = self.fetcher.check(due.address)
            state = link_state(status)
            self._answered_at = time.monotonic()
        except FetchError as error:
            state = LinkState.CLOSED if error.failure in _UNCLEAR else LinkState.SILENT
            is_online = time.monotonic() < self._answered_at + ANSWER_AGE
            if state is LinkState.SILENT and not is_online:
                return
        source_queue.note_check(self.database, due, state, status, paris_day(self.clock()))
