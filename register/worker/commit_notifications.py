"""What tells a follower that something was committed, before it would look by itself."""

from __future__ import annotations

import select
import socket
import time
from contextlib import suppress
from typing import Any, Protocol

from sqlalchemy import Connection, Engine

from register.journal.transaction import CHANNEL
from register.search.dedicated_connection import connection_apart, end

EACH = 0.1  # seconds between two looks at SQLite's counter: half of it is what a reader waits


class Ending:
    """The word that a follower shall end, which also ends its waiting."""

    def __init__(self) -> None:
        self._ours, self._theirs = socket.socketpair()
        self._ours.setblocking(False)
        self.asked = False

    def ask(self, *_signal: object) -> None:
        """Ask for the end; from any thread or a signal handler."""
        self.asked = True
        with suppress(OSError):
            self._ours.send(b"x")

    def wait(self, seconds: float, other: int | None = None) -> None:
        """Wait, but no longer than until the end is asked for, or another descriptor has news."""
        heard: list[Any] = [self._theirs] if other is None else [self._theirs, other]
        select.select(heard, [], [], seconds)

    def close(self) -> None:
        """Close both ends."""
        self._ours.close()
        self._theirs.close()


class Wake(Protocol):
    """Waits for commits of others. Its errors are the database's and its driver's."""

    def open(self) -> None:
        """From now on no commit is missed."""

    def wait(self, seconds: float) -> bool:
        """Wait for a commit since the last answer, or for the end; True when there was one."""

    def close(self) -> None:
        """Let go of the connection."""


class Polling:
    """SQLite has a counter that other connections' commits move; it is in shared memory."""

    def __init__(self, engine: Engine, ending: Ending) -> None:
        self._engine, self._ending = engine, ending
        self._raw: Any = None
        self._seen = 0

    def open(self) -> None:
        """Take a connection, without a transaction: in one, the counter would stand still."""
        self.close()
        self._raw = self._engine.raw_connection()
        self._seen = self._version()

    def wait(self, seconds: float) -> bool:
        """Wait for a commit."""
        deadline = time.monotonic() + seconds
        while not self._ending.asked and time.monotonic() < deadline:
            version = self._version()
            if version != self._seen:
                self._seen = version
                return True
            self._ending.wait(EACH)
        return False

    def close(self) -> None:
        """Give the connection back."""
        raw, self._raw = self._raw, None
        if raw is not None:
            raw.close()

    def _version(self) -> int:
        return int(self._raw.cursor().execute("PRAGMA data_version").fetchone()[0])


class Listening:
    """PostgreSQL tells whoever listens of each commit of the pen."""

    def __init__(self, engine: Engine, ending: Ending) -> None:
        self._engine, self._ending = engine, ending
        self._connection: Connection | None = None
        self._raw: Any = None

    def open(self) -> None:
        """Listen."""
        self.close()
        self._connection = connection_apart(self._engine)
        self._connection.exec_driver_sql(f"LISTEN {CHANNEL}")
        self._raw = self._connection.connection.driver_connection

    def wait(self, seconds: float) -> bool:
        """Wait for a commit of the pen."""
        self._ending.wait(seconds, self._raw.fileno())
        # Once more than needed does no harm: several lines are one reason to look.
        return bool(list(self._raw.notifies(timeout=0)))

    def close(self) -> None:
        """End the connection."""
        end(self._connection)
        self._connection = self._raw = None


def wake_of(engine: Engine, ending: Ending) -> Wake:
    """What wakes the followers of a database."""
    kind = Polling if engine.dialect.name == "sqlite" else Listening
    return kind(engine, ending)
