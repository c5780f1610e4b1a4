"""The worker's lock: one worker on a machine, or on all machines that share a PostgreSQL.

A lock ends with its process. On PostgreSQL it also ends with a process that stands still. A worker
that continues after that has lost its session, and the server has rolled back what it was writing.
"""

from __future__ import annotations

import fcntl
import os
import threading
import time
import zlib
from contextlib import suppress
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, text

from register.config import POSTGRESQL, Settings
from register.postgresql import CLIENT_OPTIONS

# Seconds of silence after which PostgreSQL ends the session of a process that was stopped, or of
# a machine that was lost.
SILENCE_SECONDS = 20
PING_SECONDS = 2.0
# Seconds after which a loop that has not come round stands still, though its process runs.
STANDSTILL_SECONDS = 600.0
BEAT_SECONDS = 10.0  # between two marks of a loop that comes round
# The first key of the advisory lock is the register's, because other programs may lock in the same
# database.
_KEYS = f"{zlib.crc32(b'register.worker') & 0x7FFFFFFF}, 1"


def worker_lock(settings: Settings, engine: Engine) -> WorkerLock:
    """The lock of a register: an index in a folder has a worker on each machine."""
    if settings.search == POSTGRESQL:
        return ServerLock(engine)
    return FolderLock(settings.instance)


class FolderLock:
    """flock(2) on the data folder itself, whose time of change says when the loop came round.

    A process that was stopped keeps it. On one machine nobody else could take over, and while it
    might continue, nobody else may write its files.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._descriptor: int | None = None

    def hold(self) -> bool:
        """Take the lock or keep it; one on a folder that was replaced is lost."""
        status = self._folder.stat()
        if self._descriptor is None or not os.path.samestat(os.fstat(self._descriptor), status):
            self.release()
            self._descriptor = self._locked(fcntl.LOCK_EX)
        if self._descriptor is not None and abs(time.time() - status.st_mtime) > BEAT_SECONDS:
            with suppress(OSError):  # a full disk
                os.utime(self._descriptor)
        return self._descriptor is not None

    def is_held(self) -> bool:
        """Whether any process has the lock."""
        descriptor = self._locked(fcntl.LOCK_SH)
        if descriptor is not None:
            os.close(descriptor)
        return descriptor is None

    def stands_still(self) -> bool:
        """Whether the process that has the lock does nothing any more."""
        seen_at = self._folder.stat().st_mtime
        return self.is_held() and time.time() > seen_at + STANDSTILL_SECONDS

    def release(self) -> None:
        """Release the lock, if it is held."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def _locked(self, operation: int) -> int | None:
        descriptor = os.open(self._folder, os.O_RDONLY | os.O_CLOEXEC)
        try:
            fcntl.flock(descriptor, operation | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            return None
        return descriptor


class ServerLock:
    """Advisory lock of a PostgreSQL session of its own.

    Methods raise errors of the driver; the lock is then to be released.

    The server ends a session that is silent for :data:`SILENCE_SECONDS`. A thread of the process
    pings it, because a job may take minutes; a loop that stands still is not pinged for.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._session: Any = None  # the driver's own connection, which threads may share
        self._renewed_at = 0.0

    def hold(self) -> bool:
        """Take the lock or keep it."""
        self._renewed_at = time.monotonic()
        self._session = self._session or self._connect()
        # Repeated, it stays the session's; the end of the session releases it whole.
        lock = self._session.execute(f"SELECT pg_try_advisory_lock({_KEYS})")
        return bool(lock.fetchone()[0])

    def is_held(self) -> bool:
        """Whether any process has the lock."""
        with self._engine.connect() as connection:
            stmt = text(f"SELECT NOT pg_try_advisory_xact_lock_shared({_KEYS})")
            return bool(connection.scalar(stmt))

    def stands_still(self) -> bool:
        """Never: a worker that does has lost the lock."""
        return False

    def release(self) -> None:
        """Close the session."""
        session, self._session = self._session, None
        if session is not None:
            session.close()

    def _connect(self) -> Any:
        driver: Any = self._engine.dialect.dbapi
        options = dict(self._engine.dialect.create_connect_args(self._engine.url)[1])
        options |= CLIENT_OPTIONS | {"application_name": "webcitoyen follow"}
        session = driver.connect(**options, autocommit=True)
        session.execute(f"SET idle_session_timeout = '{SILENCE_SECONDS}s'")
        threading.Thread(target=self._ping, args=(session,), daemon=True).start()
        return session

    def _ping(self, session: Any) -> None:
        with suppress(Exception):  # the session was closed, or lost
            while time.monotonic() - self._renewed_at < STANDSTILL_SECONDS:
                session.execute("SELECT")
                time.sleep(PING_SECONDS)


WorkerLock = FolderLock | ServerLock
