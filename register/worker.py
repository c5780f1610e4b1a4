"""Worker loop: leader election, index update, retention, wait for the next commit.

No error of the index or the database ends the loop: it logs the error once, releases the lease so
that another machine may try, and retries after a pause.
"""

from __future__ import annotations

import select
import socket
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, Engine
from sqlalchemy.orm import Session

from register.accounts import sessions
from register.db import now
from register.journal.transaction import NOTIFY_CHANNEL
from register.key_store import KeyStore
from register.reports.acts import purging
from register.search.engine_interface import SearchEngine
from register.search.indexer import catch_up
from register.search.leader_election import Lease, close_connection, open_dedicated_connection
from register.text.dates import paris_day

# Seconds, unless a comment says otherwise.
POLL_SECONDS = 0.1  # between two polls of SQLite
ELECTION_SECONDS = 0.5  # between two attempts to be elected
WAIT_SECONDS = 1.0  # longest wait between two checks of the index and the lease
LEASE_CHECK_SECONDS = 0.25  # between two checks of the lease during a long update
CATCH_UP_SECONDS = 5.0  # between two reads of the ledger without a notification
INTEGRITY_SECONDS = 60.0  # between two checks of the whole index
INTEGRITY_SHARE = 50  # the checks take at most one part in this many of the time
FIRST_PAUSE, LONGEST_PAUSE = 0.5, 15.0  # between two attempts after an error
RETENTION_SECONDS = 3_600.0  # longest time between two runs of retention
RETRY_SECONDS = 60.0  # before the next run of retention after an error

# Logs an event for the operator, with the type and place of an error but never its message.
EventLog = Callable[..., None]


class StopSignal:
    """Request to stop, which also interrupts :meth:`wait`."""

    def __init__(self) -> None:
        self._write_end, self._read_end = socket.socketpair()
        self._write_end.setblocking(False)
        self.is_requested = False

    def request(self, *_signal: object) -> None:
        """Request the stop, from any thread or a signal handler."""
        self.is_requested = True
        with suppress(OSError):
            self._write_end.send(b"x")

    def wait(self, seconds: float, other_descriptor: int | None = None) -> None:
        """Wait until the time is over, the stop is requested or another descriptor is readable."""
        descriptors: list[Any] = [self._read_end]
        if other_descriptor is not None:
            descriptors.append(other_descriptor)
        select.select(descriptors, [], [], seconds)

    def close(self) -> None:
        """Close both ends."""
        self._write_end.close()
        self._read_end.close()


class SqlitePolling:
    """Poll of ``PRAGMA data_version``, a counter of other connections' commits in shared memory."""

    def __init__(self, engine: Engine, stop_signal: StopSignal) -> None:
        self._engine, self._stop_signal = engine, stop_signal
        self._raw_connection: Any = None
        self._seen_version = 0

    def open(self) -> None:
        """Connect without a transaction, in which the counter would not move."""
        self.close()
        self._raw_connection = self._engine.raw_connection()
        self._seen_version = self._version()

    def wait(self, seconds: float) -> bool:
        """Poll the counter until it moves."""
        deadline = time.monotonic() + seconds
        while not self._stop_signal.is_requested and time.monotonic() < deadline:
            version = self._version()
            if version != self._seen_version:
                self._seen_version = version
                return True
            self._stop_signal.wait(POLL_SECONDS)
        return False

    def close(self) -> None:
        """Return the connection to the pool."""
        raw_connection, self._raw_connection = self._raw_connection, None
        if raw_connection is not None:
            raw_connection.close()

    def _version(self) -> int:
        return int(self._raw_connection.cursor().execute("PRAGMA data_version").fetchone()[0])


class PostgresListener:
    """LISTEN on PostgreSQL for the notification of each write transaction."""

    def __init__(self, engine: Engine, stop_signal: StopSignal) -> None:
        self._engine, self._stop_signal = engine, stop_signal
        self._connection: Connection | None = None
        self._driver_connection: Any = None

    def open(self) -> None:
        """Connect and LISTEN."""
        self.close()
        self._connection = open_dedicated_connection(self._engine)
        self._connection.exec_driver_sql(f"LISTEN {NOTIFY_CHANNEL}")
        self._driver_connection = self._connection.connection.driver_connection

    def wait(self, seconds: float) -> bool:
        """Wait for a notification."""
        self._stop_signal.wait(seconds, self._driver_connection.fileno())
        # All pending notifications are taken at once: one update covers them.
        return bool(list(self._driver_connection.notifies(timeout=0)))

    def close(self) -> None:
        """Close the connection."""
        close_connection(self._connection)
        self._connection = self._driver_connection = None


def open_commit_waiter(engine: Engine, stop_signal: StopSignal) -> SqlitePolling | PostgresListener:
    """Waiter for commits of other connections; it raises errors of the database and its driver."""
    if engine.dialect.name == "sqlite":
        return SqlitePolling(engine, stop_signal)
    return PostgresListener(engine, stop_signal)


class RetentionJob:
    """Retention, and the journal lines of failed sign-ins.

    At the start of each civil day in Paris, each hour, and after an erasure. An error is logged
    once, and the run is tried again.

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
            is_due = time.monotonic() >= self._due_at or paris_day(self._clock()) != self._day
            if not is_due:
                with Session(self._database) as session:
                    is_due = purging.has_orphans(session)
            if is_due:
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

    def _run_retention(self) -> None:
        at = self._clock()
        sessions.write_failure_lines(self._database, at)
        if self._store is None:
            self._store = self._open_store()
        outcome = purging.run_retention(self._database, self._store, at, self._undecided_after)
        self._day, self._due_at = paris_day(at), time.monotonic() + RETENTION_SECONDS
        is_waiting = outcome.waits_since is not None
        if is_waiting and not self._is_waiting:
            self._log_event("retention_waits")
        if self._fault:
            self._log_event("retention_healed")
        self._is_waiting, self._fault = is_waiting, ""


class Interrupted(Exception):
    """An update was abandoned because of a stop request or a lost lease."""


class Follower:
    """Follower of the public ledger, elected or competing to be.

    :param stop_signal: once requested, :meth:`run` returns at the next opportunity.
    :param job: run by the elected follower alone.
    """

    def __init__(
        self,
        database: Engine,
        index: SearchEngine,
        lease: Lease,
        stop_signal: StopSignal,
        log_event: EventLog,
        job: RetentionJob,
    ) -> None:
        self._database, self._index, self._lease = database, index, lease
        self._commits = open_commit_waiter(database, stop_signal)
        self._stop_signal, self._log_event, self._job = stop_signal, log_event, job
        self._elected = False
        self._catch_up_at = self._integrity_at = self._lease_check_at = 0.0  # when each is due
        self._pause = 0.0
        self._fault = ""

    def run(self) -> None:
        """Follow until the stop is requested."""
        try:
            while not self._stop_signal.is_requested:
                self._run_once()
        finally:
            self._release()
            self._job.close()

    def _run_once(self) -> None:
        try:
            was_elected, self._elected = self._elected, self._lease.acquire_or_keep()
            if not self._elected:
                self._stop_signal.wait(ELECTION_SECONDS)
                return
            if not was_elected:
                # Before the first read of the ledger, so that commits during it are noticed.
                self._commits.open()
                self._catch_up_at = self._integrity_at = 0.0
                if not self._fault:
                    self._log_event("elected")
            self._job.run_if_due()
            self._catch_up_if_due()
            self._pause = 0.0
            if self._fault:
                self._fault = ""
                self._log_event("search_healed")
            if self._commits.wait(WAIT_SECONDS):
                self._catch_up_at = 0.0
        except Interrupted:
            self._release()
        except Exception as error:
            # Any error, such as a damaged file or a lost server: ending the process repairs none.
            fault = f"{type(error).__name__} {getattr(error, 'errno', '')}"
            if fault != self._fault:
                self._fault = fault
                self._log_event("search_failing", error)
            self._release()
            self._pause = min(LONGEST_PAUSE, max(FIRST_PAUSE, 2 * self._pause))
            self._stop_signal.wait(self._pause)

    def _catch_up_if_due(self) -> None:
        started = time.monotonic()
        must_rebuild = False
        # A missing index is not damaged.
        if started >= self._integrity_at and self._index.cursor() is not None:
            must_rebuild = not self._index.intact(deep=True)
            ended = time.monotonic()
            self._integrity_at = ended + max(INTEGRITY_SECONDS, INTEGRITY_SHARE * (ended - started))
        if must_rebuild or started >= self._catch_up_at or not self._index.intact(deep=False):
            catch_up(
                self._database, self._index, self._check_interruption, force_rebuild=must_rebuild
            )
            self._catch_up_at = time.monotonic() + CATCH_UP_SECONDS

    def _check_interruption(self, _done: int, _total: int) -> None:
        """Abandon a long update after a stop request or the loss of the lease.

        :raises Interrupted: the next elected follower starts the update again.
        """
        checked_at = time.monotonic()
        if checked_at < self._lease_check_at:
            return
        self._lease_check_at = checked_at + LEASE_CHECK_SECONDS
        if self._stop_signal.is_requested or not self._lease.acquire_or_keep():
            raise Interrupted

    def _release(self) -> None:
        self._elected = False
        self._commits.close()
        self._lease.release_all()
