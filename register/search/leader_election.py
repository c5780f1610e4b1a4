"""Leader election of the index writer, by locks that end with their process.

The holder of the *lease* writes the index. A command such as ``search rebuild`` takes the
*takeover* lock first: the follower then releases the lease and no other follower takes it.
"""

from __future__ import annotations

import fcntl
import os
import time
import zlib
from contextlib import suppress
from pathlib import Path
from typing import Protocol

from sqlalchemy import Connection, Engine, NullPool, create_engine

from register.config import POSTGRESQL, Settings

LEASE, TAKEOVER = "lock", "door"
RETRY_SECONDS = 0.05  # between two attempts to take a lock


class Locks(Protocol):
    """Named locks that are free as soon as their process ends.

    :raises OSError: or an error of the database, if they cannot be reached.
    """

    def acquire(self, name: str, *, shared: bool = False) -> bool:
        """Take a lock if it is free; a shared lock conflicts with an exclusive one only."""

    def release(self, name: str) -> None:
        """Release a lock that this object holds."""

    def is_still_held(self, name: str) -> bool:
        """Whether a lock that this object took is still held."""

    def release_all(self) -> None:
        """Release all locks."""


class Lease:
    """Lease on the index."""

    def __init__(self, locks: Locks) -> None:
        self._locks = locks
        self._has_lease = False

    def acquire_or_keep(self) -> bool:
        """Take or keep the lease; False while another process has or requests it."""
        if self._has_lease and not self._locks.is_still_held(LEASE):
            self._release()
        if self._is_taken(TAKEOVER):
            self._release()
        elif not self._has_lease:
            self._has_lease = self._locks.acquire(LEASE)
        return self._has_lease

    def claim(self, patience: float) -> bool:
        """Make the follower release the lease and take it; False if this takes too long.

        :param patience: seconds.
        """
        deadline = time.monotonic() + patience
        for name in (TAKEOVER, LEASE):
            while not self._locks.acquire(name):
                if time.monotonic() > deadline:
                    self.release_all()
                    return False
                time.sleep(RETRY_SECONDS)
        self._has_lease = True
        return True

    def is_held(self) -> bool:
        """Whether any process holds the lease."""
        return self._has_lease or self._is_taken(LEASE)

    def _is_taken(self, name: str) -> bool:
        """Whether another process holds a lock."""
        if not self._locks.acquire(name, shared=True):
            return True
        self._locks.release(name)
        return False

    def _release(self) -> None:
        if self._has_lease:
            self._has_lease = False
            self._locks.release(LEASE)

    def release_all(self) -> None:
        """Release the lease and the takeover lock."""
        self._has_lease = False
        self._locks.release_all()


# Keep-alives of both ends detect a lost machine some 15 s after its last packet. They have no
# effect on a Unix socket.
CLIENT_OPTIONS = {
    "connect_timeout": 5,
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 3,
    "tcp_user_timeout": 15_000,
    "application_name": "webcitoyen follow",
}
SERVER_OPTIONS = {
    "tcp_keepalives_idle": 5,
    "tcp_keepalives_interval": 2,
    "tcp_keepalives_count": 3,
    "tcp_user_timeout": 15_000,
}


def open_dedicated_connection(engine: Engine) -> Connection:
    """Connection outside the pool of an engine, in autocommit mode.

    :raises SQLAlchemyError: the server does not answer.
    """
    dedicated_engine = create_engine(
        engine.url, poolclass=NullPool, isolation_level="AUTOCOMMIT", connect_args=CLIENT_OPTIONS
    )
    connection = dedicated_engine.connect()
    for name, value in SERVER_OPTIONS.items():
        connection.exec_driver_sql(f"SET {name} = {value}")
    return connection


def close_connection(connection: Connection | None) -> None:
    """Close a dedicated connection, if any; errors of a lost server are ignored."""
    if connection is not None:
        with suppress(Exception):
            connection.close()


class FileLocks:
    """flock(2) on ``index.lock`` and ``index.door`` in the data folder, for one machine."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._descriptors: dict[str, int] = {}

    def acquire(self, name: str, *, shared: bool = False) -> bool:
        """Take a lock if it is free.

        :raises OSError: the folder cannot be read, or written where the file is not there yet.
        """
        try:
            # A shared lock only checks: it creates no file, which other users could not open.
            open_flags = os.O_RDONLY if shared else os.O_RDWR | os.O_CREAT
            descriptor = os.open(self._path(name), open_flags | os.O_CLOEXEC, 0o600)
            if not shared and os.geteuid() == 0:
                # The follower, which runs as the folder's owner, has to open root's file.
                owner = self._folder.stat()
                os.fchown(descriptor, owner.st_uid, owner.st_gid)
        except FileNotFoundError:
            if shared:
                return True
            raise
        try:
            fcntl.flock(descriptor, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            return False
        self._descriptors[name] = descriptor
        if not self.is_still_held(name):
            # The file was deleted meanwhile: the next process would lock another file.
            self.release(name)
            return False
        return True

    def release(self, name: str) -> None:
        """Release a lock; no-op for a shared lock on a missing file."""
        if name in self._descriptors:
            os.close(self._descriptors.pop(name))

    def is_still_held(self, name: str) -> bool:
        """Whether the locked file is still the one at the path."""
        with suppress(OSError):
            return os.path.samestat(os.fstat(self._descriptors[name]), self._path(name).stat())
        return False

    def release_all(self) -> None:
        """Release all locks."""
        for name in list(self._descriptors):
            self.release(name)

    def _path(self, name: str) -> Path:
        return self._folder / f"index.{name}"


class ServerLocks:
    """Advisory locks of a PostgreSQL session, for all machines that use the database."""

    # First key of the advisory locks, because other programs may lock in the same database.
    NAMESPACE = zlib.crc32(b"register.search") & 0x7FFFFFFF
    KEYS = {LEASE: 1, TAKEOVER: 2}

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._connection: Connection | None = None
        self._shared: dict[str, bool] = {}

    def acquire(self, name: str, *, shared: bool = False) -> bool:
        """Take a lock if it is free.

        :raises SQLAlchemyError: the server does not answer.
        """
        acquired = self._call_lock_function(
            "pg_try_advisory_lock_shared" if shared else "pg_try_advisory_lock", name
        )
        if acquired:
            self._shared[name] = shared
        return acquired

    def release(self, name: str) -> None:
        """Release a lock."""
        shared = self._shared.pop(name)
        self._call_lock_function(
            "pg_advisory_unlock_shared" if shared else "pg_advisory_unlock", name
        )

    def is_still_held(self, name: str) -> bool:
        """Whether this object holds the lock; the server ends the locks of a lost session.

        :raises SQLAlchemyError: the session is lost.
        """
        if self._connection is not None:
            self._connection.exec_driver_sql("SELECT 1")
        return name in self._shared

    def release_all(self) -> None:
        """Close the session, which releases its locks."""
        close_connection(self._connection)
        self._connection = None
        self._shared.clear()

    def _call_lock_function(self, function: str, name: str) -> bool:
        if self._connection is None:
            self._connection = open_dedicated_connection(self._engine)
        stmt = f"SELECT {function}({self.NAMESPACE}, {self.KEYS[name]})"
        return bool(self._connection.exec_driver_sql(stmt).scalar())


def index_lease(settings: Settings, engine: Engine) -> Lease:
    """Lease on the index of a register."""
    shared = settings.search == POSTGRESQL
    return Lease(ServerLocks(engine) if shared else FileLocks(settings.instance))
