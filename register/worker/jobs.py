"""Jobs of the worker: the search index, retention, evidence files, and the replay list."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import closing, suppress
from dataclasses import dataclass, field
from datetime import date, datetime

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from register.accounts import sessions
from register.db import now
from register.evidence import upkeep
from register.evidence.sealed_files import SealedFiles
from register.incoming import acts as incoming
from register.incoming.retention import has_erased
from register.journal import Ledger, head
from register.key_store import KeyStore
from register.operations import replay_list
from register.reports.acts import purging
from register.search.engine_interface import IndexNotReady, SearchEngine
from register.search.indexer import catch_up
from register.text.dates import paris_day
from register.worker.loop import EventLog, KeepGoing

# Seconds, unless a comment says otherwise.
INDEX_SECONDS = 5.0  # between two looks at the index without a new line
INTEGRITY_SECONDS = 60.0  # between two checks of the whole index
INTEGRITY_SHARE = 50  # these checks take at most one part in this many of the time
DAY_SECONDS = 30.0  # between two looks at the day
RETENTION_SECONDS = 3_600.0  # longest time between two runs of retention


@dataclass
class IndexJob:
    """Update of the search index, which is rebuilt when it is missing or damaged."""

    name = "search"

    database: Engine
    index: SearchEngine
    _check_at: float = field(default=0.0, init=False)

    def run(self, keep_going: KeepGoing) -> float:
        """Bring the index to the head of the public ledger."""
        is_damaged = False
        started = time.monotonic()
        # A missing index is not damaged.
        if started >= self._check_at and self.index.cursor() is not None:
            is_damaged = not self.index.intact(deep=True)
            ended = time.monotonic()
            self._check_at = ended + max(INTEGRITY_SECONDS, INTEGRITY_SHARE * (ended - started))
        # While another process writes it, as ``search rebuild`` does, it is looked at again later.
        with suppress(IndexNotReady):
            catch_up(self.database, self.index, keep_going, force_rebuild=is_damaged)
        return INDEX_SECONDS


@dataclass
class EvidenceJob:
    """Upkeep of evidence files: each civil day, and after a deletion.

    :param open_files: opens the files of the register.
    :param clock: returns the current time.
    """

    name = "evidence"

    database: Engine
    open_files: Callable[[], SealedFiles]
    clock: Callable[[], datetime] = now
    _day: date | None = field(default=None, init=False)

    def run(self, _keep_going: KeepGoing) -> float:
        """Do what is due; otherwise one query."""
        today = paris_day(self.clock())
        if today != self._day:
            upkeep.run_upkeep(self.database, self.open_files(), today)
            self._day = today
            return DAY_SECONDS
        with Session(self.database) as session:
            is_due = upkeep.has_unreferenced(session)
        if is_due:
            upkeep.delete_unreferenced(self.database, self.open_files())
        return DAY_SECONDS


@dataclass
class RetentionJob:
    """Retention, and the journal lines of failed sign-ins.

    At the start of each civil day in Paris, each hour, and after an erasure.

    :param open_store: opens the key store of reports.
    :param clock: returns the current time.
    """

    name = "retention"

    database: Engine
    open_store: Callable[[], KeyStore]
    undecided_after: int
    log_event: EventLog
    clock: Callable[[], datetime] = now
    _day: date | None = field(default=None, init=False)
    _due_at: float = field(default=0.0, init=False)
    _is_waiting: bool = field(default=False, init=False)

    def run(self, _keep_going: KeepGoing) -> float:
        """Run retention if it is due; otherwise at most one query."""
        at = self.clock()
        is_due = time.monotonic() >= self._due_at or paris_day(at) != self._day
        if not is_due:
            with Session(self.database) as session:
                is_due = purging.has_orphans(session) or has_erased(session)
        if is_due:
            sessions.write_failure_lines(self.database, at)
            with closing(self.open_store()) as store:
                outcome = purging.run_retention(self.database, store, at, self.undecided_after)
                is_waiting = outcome.waits_since is not None
                incoming.run_retention(self.database, store, at, only_erased=is_waiting)
            self._day, self._due_at = paris_day(at), time.monotonic() + RETENTION_SECONDS
            was_waiting, self._is_waiting = self._is_waiting, is_waiting
            if self._is_waiting and not was_waiting:
                self.log_event("retention_waits")
        return DAY_SECONDS


@dataclass
class ReplayListJob:
    """The list of what a restored register does again, read from the journal."""

    name = "replay_list"

    database: Engine
    open_store: Callable[[], KeyStore]
    _heads: dict[str, int] = field(default_factory=dict, init=False)

    def run(self, _keep_going: KeepGoing) -> float:
        """Add what the lines since the last run say; every line is read at the start."""
        with Session(self.database) as session:
            heads = {ledger.value: head(session, ledger).seq for ledger in Ledger}
            if heads != self._heads:
                with closing(self.open_store()) as store:
                    replay_list.update(session, store, self._heads)
        self._heads = heads
        return DAY_SECONDS
