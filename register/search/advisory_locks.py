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
from register.search.dedicated_connection import close_connection, open_dedicated_connection
from register.search.leader_election import LEASE, TAKEOVER, Lease


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
