"""What the follower does as days begin, each hour, and after an erasure.

Retention, and the journal lines of the failed sign-ins of a day that is over.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import date, datetime

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from register.accounts import session_acts
from register.db import now
from register.report_keys import KeyStore
from register.reports.acts import retention
from register.text.dates import paris_day
from register.worker.loop import EventLog

CHECK_SECONDS = 3_600.0  # seconds at most between two looks
RETRY_SECONDS = 60.0  # seconds after which what failed is tried again


class RetentionJob:
    """The looks of one follower; whatever goes wrong with them is told once, and ends nothing.

    :param open_store: opens the store of reports' keys; asked anew until it succeeds.
    :param clock: tells the moment.
    """

    def __init__(
        self,
        database: Engine,
        open_store: Callable[[], KeyStore],
        undecided_after: int,
        log_event: EventLog,
        clock: Callable[[], datetime] = now,
    ) -> None:
        self._database, self._open_store = database, open_store
        self._undecided_after = undecided_after
        self._log_event, self._clock = log_event, clock
        self._store: KeyStore | None = None
        self._day: date | None = None
        self._due_at = 0.0
        self._fault = ""
        self._is_waiting = False

    def run_if_due(self) -> None:
        """Look if it is time to; one query otherwise."""
        if time.monotonic() < self._due_at and self._fault:
            return
        try:
            if self._is_due():
                self._run_retention()
        except Exception as error:
            # Whatever it is: the index is followed all the same, and the next look may succeed.
            self._record_failure(error)

    def close(self) -> None:
        """Let go of the store."""
        if self._store is not None:
            self._store.close()
            self._store = None

    def _is_due(self) -> bool:
        if time.monotonic() >= self._due_at or paris_day(self._clock()) != self._day:
            return True
        with Session(self._database) as session:
            return retention.has_orphans(session)

    def _run_retention(self) -> None:
        at = self._clock()
        session_acts.write_failure_lines(self._database, at)
        if self._store is None:
            self._store = self._open_store()
        outcome = retention.run_retention(self._database, self._store, at, self._undecided_after)
        self._day, self._due_at = paris_day(at), time.monotonic() + CHECK_SECONDS
        is_waiting = outcome.waits_since is not None
        if is_waiting and not self._is_waiting:
            self._log_event("retention_waits")
        if self._fault:
            self._log_event("retention_healed")
        self._is_waiting, self._fault = is_waiting, ""

    def _record_failure(self, error: Exception) -> None:
        fault = type(error).__name__
        if fault != self._fault:
            self._fault = fault
            self._log_event("retention_failing", error)
        self._due_at = time.monotonic() + RETRY_SECONDS
        self.close()
