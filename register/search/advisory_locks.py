"""The locks behind the lease: files for an index in a folder, the server's for one in its database.

Both are the system's own and not rows or files with a time in them: a process that was killed
holds nothing any more, and no clock is compared with another one.
"""

from __future__ import annotations

import fcntl
import os
import zlib
from contextlib import suppress
from pathlib import Path

from sqlalchemy import Connection, Engine

from register.config import POSTGRESQL, Settings
from register.search.dedicated_connection import connection_apart, end
from register.search.leader_election import DOOR, LEASE, Lease


class FileLocks:
    """``index.lock`` and ``index.door`` in the data folder (flock(2)), for one machine."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._held: dict[str, int] = {}

    def take(self, name: str, *, shared: bool = False) -> bool:
        """Take a lock if it is free.

        :raises OSError: the folder cannot be read, or written where the file is not there yet.
        """
        try:
            # Who shares only looks: it makes no file that another user could not open.
            flags = os.O_RDONLY if shared else os.O_RDWR | os.O_CREAT
            number = os.open(self._path(name), flags | os.O_CLOEXEC, 0o600)
            if not shared:
                self._give(number)
        except FileNotFoundError:
            if shared:
                return True
            raise
        try:
            fcntl.flock(number, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(number)
            return False
        self._held[name] = number
        # Deleted by hand just now: the next one would lock another file.
        return self.keep(name) or self._lost(name)

    def drop(self, name: str) -> None:
        """Let go of a lock; of a file that was not there, nothing is held."""
        if name in self._held:
            os.close(self._held.pop(name))

    def keep(self, name: str) -> bool:
        """Whether the file that is locked is still the one that others would lock."""
        with suppress(OSError):
            return os.path.samestat(os.fstat(self._held[name]), self._path(name).stat())
        return False

    def close(self) -> None:
        """Let go of all."""
        for name in list(self._held):
            self.drop(name)

    def _give(self, number: int) -> None:
        """Give a file that root made to the folder's owner, whose follower has to open it."""
        if os.geteuid() == 0:
            owner = self._folder.stat()
            os.fchown(number, owner.st_uid, owner.st_gid)

    def _lost(self, name: str) -> bool:
        self.drop(name)
        return False

    def _path(self, name: str) -> Path:
        return self._folder / f"index.{name}"


class ServerLocks:
    """Advisory locks of a PostgreSQL session, for all machines that use the database."""

    # The first half names what the locks are for: the same database may hold locks of others.
    FAMILY = zlib.crc32(b"register.search") & 0x7FFFFFFF
    NUMBERS = {LEASE: 1, DOOR: 2}

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._connection: Connection | None = None
        self._shared: dict[str, bool] = {}

    def take(self, name: str, *, shared: bool = False) -> bool:
        """Take a lock if it is free.

        :raises SQLAlchemyError: the server does not answer.
        """
        taken = self._ask("pg_try_advisory_lock_shared" if shared else "pg_try_advisory_lock", name)
        if taken:
            self._shared[name] = shared
        return taken

    def drop(self, name: str) -> None:
        """Let go of a lock."""
        shared = self._shared.pop(name)
        self._ask("pg_advisory_unlock_shared" if shared else "pg_advisory_unlock", name)

    def keep(self, name: str) -> bool:
        """Whether the session that took it still lives: with it, the server ends its locks.

        :raises SQLAlchemyError: it does not.
        """
        if self._connection is not None:
            self._connection.exec_driver_sql("SELECT 1")
        return name in self._shared

    def close(self) -> None:
        """End the session."""
        end(self._connection)
        self._connection = None
        self._shared.clear()

    def _ask(self, function: str, name: str) -> bool:
        if self._connection is None:
            self._connection = connection_apart(self._engine)
        told = f"SELECT {function}({self.FAMILY}, {self.NUMBERS[name]})"
        return bool(self._connection.exec_driver_sql(told).scalar())


def lease_of(settings: Settings, engine: Engine) -> Lease:
    """The lease on the index that a register searches in."""
    shared = settings.search == POSTGRESQL
    return Lease(ServerLocks(engine) if shared else FileLocks(settings.instance))
