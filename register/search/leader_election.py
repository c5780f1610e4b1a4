"""Who may write the index: one, elected by a lock that ends with its holder.

There are two locks. Whoever holds the *lease* writes. Whoever wants it before its turn, as ``search
rebuild`` does, holds the *door*: the follower then lets go of the lease, and no other one takes it.
"""

from __future__ import annotations

import time
from typing import Protocol

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
