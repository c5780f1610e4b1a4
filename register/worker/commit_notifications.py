"""What tells a follower that something was committed, before it would look by itself."""

from __future__ import annotations

import select
import socket
import time
from contextlib import suppress
from typing import Any, Protocol

from sqlalchemy import Connection, Engine

from register.journal.transaction import NOTIFY_CHANNEL
from register.search.dedicated_connection import close_connection, open_dedicated_connection

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
