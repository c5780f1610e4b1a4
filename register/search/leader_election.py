"""Who may write the index: one, elected by a lock that ends with its holder.

There are two locks. Whoever holds the *lease* writes. Whoever wants it before its turn, as ``search
rebuild`` does, holds the *door*: the follower then lets go of the lease, and no other one takes it.
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
RETRY_SECONDS = 0.05  # seconds between two tries of one that waits


class Locks(Protocol):
    """Two locks by name, free as soon as the process that held them is no more.

    An OSError or a database's error says that they cannot be reached.
    """

    def acquire(self, name: str, *, shared: bool = False) -> bool:
        """Take a lock if it is free; shared, only a holder that does not share keeps it away."""

    def release(self, name: str) -> None:
        """Let go of a lock that is held."""

    def is_still_held(self, name: str) -> bool:
        """Whether a lock that was taken is still held."""

    def release_all(self) -> None:
        """Let go of all."""


class Lease:
    """The lease, for one who competes for it, asks for it, or only looks."""

    def __init__(self, locks: Locks) -> None:
        self._locks = locks
        self._has_lease = False

    def acquire_or_keep(self) -> bool:
        """Take the lease or keep it; False while another one has it, or asks for it."""
        if self._has_lease and not self._locks.is_still_held(LEASE):
            self._release()
        if self._is_takeover_requested():
            self._release()
        elif not self._has_lease:
            self._has_lease = self._locks.acquire(LEASE)
        return self._has_lease

    def _is_takeover_requested(self) -> bool:
        """Whether somebody stands at the door."""
        if not self._locks.acquire(TAKEOVER, shared=True):
            return True
        self._locks.release(TAKEOVER)
        return False

    def claim(self, patience: float) -> bool:
        """Have the follower let go of the lease, and take it; False when it does not in time."""
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
        """Whether anybody follows at this moment."""
        if self._has_lease:
            return True
        if not self._locks.acquire(LEASE, shared=True):
            return True
        self._locks.release(LEASE)
        return False

    def _release(self) -> None:
        if self._has_lease:
            self._has_lease = False
            self._locks.release(LEASE)

    def release_all(self) -> None:
        """Let go of everything."""
        self._has_lease = False
        self._locks.release_all()


# A machine that vanished says nothing: both ends ask after 5 s of silence, and give the other up
# some ten seconds later. On a Unix socket there is nothing to ask.
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
    """A connection of one's own to the server of an engine, each statement its own transaction.

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
    """End such a connection, if there is one, and if the server has not ended it first."""
    if connection is not None:
        with suppress(Exception):
            connection.close()


class FileLocks:
    """``index.lock`` and ``index.door`` in the data folder (flock(2)), for one machine."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._descriptors: dict[str, int] = {}

    def acquire(self, name: str, *, shared: bool = False) -> bool:
        """Take a lock if it is free.

        :raises OSError: the folder cannot be read, or written where the file is not there yet.
        """
        try:
            # Who shares only looks: it makes no file that another user could not open.
            open_flags = os.O_RDONLY if shared else os.O_RDWR | os.O_CREAT
            descriptor = os.open(self._path(name), open_flags | os.O_CLOEXEC, 0o600)
            if not shared:
                self._give_to_folder_owner(descriptor)
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
        # Deleted by hand just now: the next one would lock another file.
        return self.is_still_held(name) or self._release_lost(name)

    def release(self, name: str) -> None:
        """Let go of a lock; of a file that was not there, nothing is held."""
        if name in self._descriptors:
            os.close(self._descriptors.pop(name))

    def is_still_held(self, name: str) -> bool:
        """Whether the file that is locked is still the one that others would lock."""
        with suppress(OSError):
            return os.path.samestat(os.fstat(self._descriptors[name]), self._path(name).stat())
        return False

    def release_all(self) -> None:
        """Let go of all."""
        for name in list(self._descriptors):
            self.release(name)

    def _give_to_folder_owner(self, descriptor: int) -> None:
        """Give a file that root made to the folder's owner, whose follower has to open it."""
        if os.geteuid() == 0:
            owner = self._folder.stat()
            os.fchown(descriptor, owner.st_uid, owner.st_gid)

    def _release_lost(self, name: str) -> bool:
        self.release(name)
        return False

    def _path(self, name: str) -> Path:
        return self._folder / f"index.{name}"


class ServerLocks:
    """Advisory locks of a PostgreSQL session, for all machines that use the database."""

    # The first half names what the locks are for: the same database may hold locks of others.
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
        """Let go of a lock."""
        shared = self._shared.pop(name)
        self._call_lock_function(
            "pg_advisory_unlock_shared" if shared else "pg_advisory_unlock", name
        )

    def is_still_held(self, name: str) -> bool:
        """Whether the session that took it still lives: with it, the server ends its locks.

        :raises SQLAlchemyError: it does not.
        """
        if self._connection is not None:
            self._connection.exec_driver_sql("SELECT 1")
        return name in self._shared

    def release_all(self) -> None:
        """End the session."""
        close_connection(self._connection)
        self._connection = None
        self._shared.clear()

    def _call_lock_function(self, function: str, name: str) -> bool:
        if self._connection is None:
            self._connection = open_dedicated_connection(self._engine)
        stmt = f"SELECT {function}({self.NAMESPACE}, {self.KEYS[name]})"
        return bool(self._connection.exec_driver_sql(stmt).scalar())


def index_lease(settings: Settings, engine: Engine) -> Lease:
    """The lease on the index that a register searches in."""
    shared = settings.search == POSTGRESQL
    return Lease(ServerLocks(engine) if shared else FileLocks(settings.instance))
