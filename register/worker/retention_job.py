"""Periodic job for retention and for the journal lines of failed sign-ins.

It runs at the start of each civil day, each hour, and after an erasure.
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
from register.reports.acts import purging
from register.text.dates import paris_day
from register.worker.loop import EventLog

CHECK_SECONDS = 3_600.0  # longest time between two runs
RETRY_SECONDS = 60.0  # before the next run after an error


class RetentionJob:
    """Retention runs of one follower; an error is logged once and retried.

    :param open_store: opens the key store of reports; called again until it succeeds.
    :param clock: returns the current time.
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
        """Run retention if it is due; otherwise at most one query."""
        if time.monotonic() < self._due_at and self._fault:
            return
        try:
            if self._is_due():
                self._run_retention()
        except Exception as error:
            # Any error: the follower has to go on with the index, and the next run may succeed.
            fault = type(error).__name__
            if fault != self._fault:
                self._fault = fault
                self._log_event("retention_failing", error)
            self._due_at = time.monotonic() + RETRY_SECONDS
            self.close()

    def close(self) -> None:
        """Close the key store."""
        if self._store is not None:
            self._store.close()
            self._store = None

    def _is_due(self) -> bool:
        if time.monotonic() >= self._due_at or paris_day(self._clock()) != self._day:
            return True
        with Session(self._database) as session:
            return purging.has_orphans(session)

    def _run_retention(self) -> None:
        at = self._clock()
        session_acts.write_failure_lines(self._database, at)
        if self._store is None:
            self._store = self._open_store()
        outcome = purging.run_retention(self._database, self._store, at, self._undecided_after)
        self._day, self._due_at = paris_day(at), time.monotonic() + CHECK_SECONDS
        is_waiting = outcome.waits_since is not None
        if is_waiting and not self._is_waiting:
            self._log_event("retention_waits")
        if self._fault:
            self._log_event("retention_healed")
        self._is_waiting, self._fault = is_waiting, ""
