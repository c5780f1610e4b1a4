"""Who may write the index: one, elected by a lock that ends with its holder.

There are two locks. Whoever holds the *lease* writes. Whoever wants it before its turn, as ``search
rebuild`` does, holds the *door*: the follower then lets go of the lease, and no other one takes it.
"""

from __future__ import annotations

import time
from typing import Protocol

LEASE, DOOR = "lock", "door"
EACH = 0.05  # seconds between two tries of one that waits


class Locks(Protocol):
    """Two locks by name, free as soon as the process that held them is no more.

    An OSError or a database's error says that they cannot be reached.
    """

    def take(self, name: str, *, shared: bool = False) -> bool:
        """Take a lock if it is free; shared, only a holder that does not share keeps it away."""

    def drop(self, name: str) -> None:
        """Let go of a lock that is held."""

    def keep(self, name: str) -> bool:
        """Whether a lock that was taken is still held."""

    def close(self) -> None:
        """Let go of all."""


class Lease:
    """The lease, for one who competes for it, asks for it, or only looks."""

    def __init__(self, locks: Locks) -> None:
        self._locks = locks
        self._held = False

    def elected(self) -> bool:
        """Take the lease or keep it; False while another one has it, or asks for it."""
        if self._held and not self._locks.keep(LEASE):
            self._let_go()
        if self._is_asked_for():
            self._let_go()
        elif not self._held:
            self._held = self._locks.take(LEASE)
        return self._held

    def _is_asked_for(self) -> bool:
        """Whether somebody stands at the door."""
        if not self._locks.take(DOOR, shared=True):
            return True
        self._locks.drop(DOOR)
        return False

    def claim(self, patience: float) -> bool:
        """Have the follower let go of the lease, and take it; False when it does not in time."""
        deadline = time.monotonic() + patience
        for name in (DOOR, LEASE):
            while not self._locks.take(name):
                if time.monotonic() > deadline:
                    self.leave()
                    return False
                time.sleep(EACH)
        self._held = True
        return True

    def is_held(self) -> bool:
        """Whether anybody follows at this moment."""
        if self._held:
            return True
        if not self._locks.take(LEASE, shared=True):
            return True
        self._locks.drop(LEASE)
        return False

    def _let_go(self) -> None:
        if self._held:
            self._held = False
            self._locks.drop(LEASE)

    def leave(self) -> None:
        """Let go of everything."""
        self._held = False
        self._locks.close()
