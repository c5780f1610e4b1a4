"""What the follower does as days begin, each hour, and after an erasure.

Retention, and the journal lines of the failed sign-ins of a day that is over.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import date, datetime

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from register.accounts import activity
from register.db import now
from register.report_keys import KeyStore
from register.reports import retention
from register.text.dates import paris_day
from register.worker.loop import Tell

EACH = 3_600.0  # seconds at most between two looks
AGAIN = 60.0  # seconds after which what failed is tried again


class Retention:
    """The looks of one follower; whatever goes wrong with them is told once, and ends nothing.

    :param open_store: opens the store of reports' keys; asked anew until it succeeds.
    :param clock: tells the moment.
    """

    def __init__(
        self,
        database: Engine,
        open_store: Callable[[], KeyStore],
        undecided_after: int,
        tell: Tell,
        clock: Callable[[], datetime] = now,
    ) -> None:
        self._database, self._open_store = database, open_store
        self._undecided_after = undecided_after
        self._tell, self._clock = tell, clock
        self._store: KeyStore | None = None
        self._day: date | None = None
        self._due_at = 0.0
        self._fault = ""
        self._waits = False

    def glance(self) -> None:
        """Look if it is time to; one query otherwise."""
        if time.monotonic() < self._due_at and self._fault:
            return
        try:
            if self._is_due():
                self._look()
        except Exception as error:
            # Whatever it is: the index is followed all the same, and the next look may succeed.
            self._failed(error)

    def close(self) -> None:
        """Let go of the store."""
        if self._store is not None:
            self._store.close()
            self._store = None

    def _is_due(self) -> bool:
        if time.monotonic() >= self._due_at or paris_day(self._clock()) != self._day:
            return True
        with Session(self._database) as session:
            return retention.forgettable(session)

    def _look(self) -> None:
        at = self._clock()
        activity.write_failures(self._database, at)
        if self._store is None:
            self._store = self._open_store()
        found = retention.look(self._database, self._store, at, self._undecided_after)
        self._day, self._due_at = paris_day(at), time.monotonic() + EACH
        waits = found.waits_since is not None
        if waits and not self._waits:
            self._tell("retention_waits")
        if self._fault:
            self._tell("retention_healed")
        self._waits, self._fault = waits, ""

    def _failed(self, error: Exception) -> None:
        fault = type(error).__name__
        if fault != self._fault:
            self._fault = fault
            self._tell("retention_failing", error)
        self._due_at = time.monotonic() + AGAIN
        self.close()
