"""What is made once for each moment of the register, and kept no longer than that.

A moment is named by all that the thing was made from: the head of the public ledger, the versions
of vocabulary and territory. As soon as a newer one is asked for, what was of the former goes: the
words and counts of a case that was withdrawn need not wait in memory for their room to be wanted.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from threading import Lock
from typing import Generic, TypeVar

Key = TypeVar("Key", bound=Hashable)
Cached = TypeVar("Cached")


class VersionedCache(Generic[Cached]):
    """One thing of a moment. Of the readers who come first, one makes it and the others wait."""

    def __init__(self) -> None:
        self._cached: tuple[Hashable, Cached] | None = None
        self._lock = Lock()

    def get_or_make(self, version: Hashable, make: Callable[[], Cached]) -> Cached:
        """The thing of a moment, made now if nobody has asked for it yet."""
        with self._lock:
            if self._cached is None or self._cached[0] != version:
                # The former goes first: nothing of it is needed for the next.
                self._cached = None
                self._cached = (version, make())
            return self._cached[1]

    def clear(self) -> None:
        """Keep nothing."""
        self._cached = None


class VersionedMapCache(Generic[Key, Cached]):
    """Some things of a moment, each with a key, at most so many: one more, and all go.

    Two readers who ask for the same at once both make it, and both get what is kept.
    """

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self._version: Hashable = None
        self._cached: dict[Key, Cached] = {}
        self._lock = Lock()

    def __len__(self) -> int:
        return len(self._cached)

    def get_or_make(self, version: Hashable, key: Key, make: Callable[[], Cached]) -> Cached:
        """The thing of a moment with a key, made now if nobody has asked for it yet."""
        with self._lock:
            if version == self._version and key in self._cached:
                return self._cached[key]
        # Made outside: one that takes long holds up nobody who asks for another.
        fresh = make()
        with self._lock:
            if version != self._version or len(self._cached) >= self.limit:
                self._cached = {}
                self._version = version
            return self._cached.setdefault(key, fresh)

    def clear(self) -> None:
        """Keep nothing."""
        with self._lock:
            self._cached = {}
