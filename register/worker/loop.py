"""The follower's life: elected, it brings the index up to the ledger, and waits for the next line.

Nothing that goes wrong with the index or the database ends it. It says so once, lets go of the
lease so that another machine may try, and tries again by itself.
"""

from __future__ import annotations

import select
import socket
import time
from contextlib import suppress
from typing import Any, Protocol

from sqlalchemy import Connection, Engine
from sqlalchemy import Engine as Database

from register.config import Settings
from register.journal.transaction import NOTIFY_CHANNEL
from register.search.engine import SearchEngine
from register.search.indexer import catch_up
from register.search.leader_election import (
    Lease,
    close_connection,
    index_lease,
    open_dedicated_connection,
)

POLL_SECONDS = (
    0.1  # seconds between two looks at SQLite's counter: half of it is what a reader waits
)


class StopSignal:
    """The word that a follower shall end, which also ends its waiting."""

    def __init__(self) -> None:
        self._write_end, self._read_end = socket.socketpair()
        self._write_end.setblocking(False)
        self.is_requested = False

    def request(self, *_signal: object) -> None:
        """Ask for the end; from any thread or a signal handler."""
        self.is_requested = True
        with suppress(OSError):
            self._write_end.send(b"x")

    def wait(self, seconds: float, other_descriptor: int | None = None) -> None:
        """Wait, but no longer than until the end is asked for, or another descriptor has news."""
        descriptors: list[Any] = (
            [self._read_end] if other_descriptor is None else [self._read_end, other_descriptor]
        )
        select.select(descriptors, [], [], seconds)

    def close(self) -> None:
        """Close both ends."""
        self._write_end.close()
        self._read_end.close()


class CommitWaiter(Protocol):
    """Waits for commits of others. Its errors are the database's and its driver's."""

    def open(self) -> None:
        """From now on no commit is missed."""

    def wait(self, seconds: float) -> bool:
        """Wait for a commit since the last answer, or for the end; True when there was one."""

    def close(self) -> None:
        """Let go of the connection."""


class SqlitePolling:
    """SQLite has a counter that other connections' commits move; it is in shared memory."""

    def __init__(self, engine: Engine, stop_signal: StopSignal) -> None:
        self._engine, self._stop_signal = engine, stop_signal
        self._raw_connection: Any = None
        self._seen_version = 0

    def open(self) -> None:
        """Take a connection, without a transaction: in one, the counter would stand still."""
        self.close()
        self._raw_connection = self._engine.raw_connection()
        self._seen_version = self._version()

    def wait(self, seconds: float) -> bool:
        """Wait for a commit."""
        deadline = time.monotonic() + seconds
        while not self._stop_signal.is_requested and time.monotonic() < deadline:
            version = self._version()
            if version != self._seen_version:
                self._seen_version = version
                return True
            self._stop_signal.wait(POLL_SECONDS)
        return False

    def close(self) -> None:
        """Give the connection back."""
        raw_connection, self._raw_connection = self._raw_connection, None
        if raw_connection is not None:
            raw_connection.close()

    def _version(self) -> int:
        return int(self._raw_connection.cursor().execute("PRAGMA data_version").fetchone()[0])


class PostgresListener:
    """PostgreSQL tells whoever listens of each commit of the pen."""

    def __init__(self, engine: Engine, stop_signal: StopSignal) -> None:
        self._engine, self._stop_signal = engine, stop_signal
        self._connection: Connection | None = None
        self._driver_connection: Any = None

    def open(self) -> None:
        """Listen."""
        self.close()
        self._connection = open_dedicated_connection(self._engine)
        self._connection.exec_driver_sql(f"LISTEN {NOTIFY_CHANNEL}")
        self._driver_connection = self._connection.connection.driver_connection

    def wait(self, seconds: float) -> bool:
        """Wait for a commit of the pen."""
        self._stop_signal.wait(seconds, self._driver_connection.fileno())
        # Once more than needed does no harm: several lines are one reason to look.
        return bool(list(self._driver_connection.notifies(timeout=0)))

    def close(self) -> None:
        """End the connection."""
        close_connection(self._connection)
        self._connection = self._driver_connection = None


def open_commit_waiter(engine: Engine, stop_signal: StopSignal) -> CommitWaiter:
    """What wakes the followers of a database."""
    waiter_class = SqlitePolling if engine.dialect.name == "sqlite" else PostgresListener
    return waiter_class(engine, stop_signal)


ELECTION_SECONDS = 0.5  # seconds between two tries of one that is not elected
WAIT_SECONDS = 1.0  # seconds at most between two glances at the index and the door
LEASE_CHECK_SECONDS = 0.25  # the same for the door, during a long work
CATCH_UP_SECONDS = 5.0  # seconds after which the ledger is read, whether something was heard or not
INTEGRITY_SECONDS = 60.0  # seconds between two readings of the whole index
INTEGRITY_SHARE = 50  # a reading takes no more than one part in so many of the time
FIRST_PAUSE, LONGEST_PAUSE = 0.5, 15.0  # seconds between two tries of what failed


class EventLog(Protocol):
    """Takes what an operator should read in the log."""

    def __call__(self, event: str, error: BaseException | None = None) -> None:
        """Note an event; an error is told by its kind and place, never by its words."""


class PeriodicJob(Protocol):
    """What the elected follower does beside the index; its faults are its own to tell."""

    def run_if_due(self) -> None:
        """Do what is due, if anything is."""

    def close(self) -> None:
        """Let go of what it holds."""


class Interrupted(Exception):
    """What was begun is left, since the end was asked for or the lease has to be given away."""


class Follower:
    """One that follows, or competes to.

    :param ending: when it is asked for, :meth:`run` ends at the next opportunity.
    :param duty: what else is done by the one that is elected.
    """

    def __init__(
        self,
        database: Database,
        index: SearchEngine,
        lease: Lease,
        commits: CommitWaiter,
        stop_signal: StopSignal,
        log_event: EventLog,
        job: PeriodicJob | None = None,
    ) -> None:
        self._database, self._index = database, index
        self._job = job
        self._lease, self._commits, self._stop_signal = lease, commits, stop_signal
        self._log_event = log_event
        self._elected = False
        self._catch_up_at = self._integrity_at = self._lease_check_at = 0.0  # when each is due
        self._pause = 0.0
        self._fault = ""

    def run(self) -> None:
        """Follow until the end is asked for."""
        try:
            while not self._stop_signal.is_requested:
                self._run_once()
        finally:
            self._release()
            if self._job is not None:
                self._job.close()

    def _run_once(self) -> None:
        try:
            if not self._is_elected():
                self._stop_signal.wait(ELECTION_SECONDS)
                return
            if self._job is not None:
                self._job.run_if_due()
            self._catch_up_if_due()
            self._record_recovery()
            if self._commits.wait(WAIT_SECONDS):
                self._catch_up_at = 0.0
        except Interrupted:
            self._release()
        except Exception as error:
            # Whatever it is, a damaged file or a server that went away, dying of it mends nothing.
            self._record_failure(error)

    def _is_elected(self) -> bool:
        was_elected, self._elected = self._elected, self._lease.acquire_or_keep()
        if self._elected and not was_elected:
            # Before the first look: what is committed during it is heard.
            self._commits.open()
            self._catch_up_at = self._integrity_at = 0.0
            if not self._fault:
                self._log_event("elected")
        return self._elected

    def _catch_up_if_due(self) -> None:
        now = time.monotonic()
        must_rebuild = now >= self._integrity_at and self._is_damaged()
        if must_rebuild or now >= self._catch_up_at or not self._index.intact(deep=False):
            catch_up(
                self._database, self._index, self._check_interruption, force_rebuild=must_rebuild
            )
            self._catch_up_at = time.monotonic() + CATCH_UP_SECONDS

    def _is_damaged(self) -> bool:
        """Read the whole index; one that is not there is no damage."""
        if self._index.cursor() is None:
            return False
        begun = time.monotonic()
        damaged = not self._index.intact(deep=True)
        ended = time.monotonic()
        self._integrity_at = ended + max(INTEGRITY_SECONDS, INTEGRITY_SHARE * (ended - begun))
        return damaged

    def _check_interruption(self, _done: int, _total: int) -> None:
        """Leave a long work where it is, if there is a reason: the next one begins it anew."""
        now = time.monotonic()
        if now < self._lease_check_at:
            return
        self._lease_check_at = now + LEASE_CHECK_SECONDS
        if self._stop_signal.is_requested or not self._lease.acquire_or_keep():
            raise Interrupted

    def _record_failure(self, error: Exception) -> None:
        fault = f"{type(error).__name__} {getattr(error, 'errno', '')}"
        if fault != self._fault:
            self._fault = fault
            self._log_event("search_failing", error)
        self._release()
        self._pause = min(LONGEST_PAUSE, max(FIRST_PAUSE, 2 * self._pause))
        self._stop_signal.wait(self._pause)

    def _record_recovery(self) -> None:
        self._pause = 0.0
        if self._fault:
            self._fault = ""
            self._log_event("search_healed")

    def _release(self) -> None:
        self._elected = False
        self._commits.close()
        self._lease.release_all()


def create_follower(
    settings: Settings,
    database: Database,
    index: SearchEngine,
    stop_signal: StopSignal,
    log_event: EventLog,
    job: PeriodicJob | None = None,
) -> Follower:
    """A follower of a register."""
    lease = index_lease(settings, database)
    return Follower(
        database,
        index,
        lease,
        open_commit_waiter(database, stop_signal),
        stop_signal,
        log_event,
        job,
    )
