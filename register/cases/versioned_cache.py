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
Made = TypeVar("Made")


class Once(Generic[Made]):
    """One thing of a moment. Of the readers who come first, one makes it and the others wait."""

    def __init__(self) -> None:
        self._kept: tuple[Hashable, Made] | None = None
        self._making = Lock()

    def of(self, moment: Hashable, make: Callable[[], Made]) -> Made:
        """The thing of a moment, made now if nobody has asked for it yet."""
        with self._making:
            if self._kept is None or self._kept[0] != moment:
                # The former goes first: nothing of it is needed for the next.
                self._kept = None
                self._kept = (moment, make())
            return self._kept[1]

    def forget(self) -> None:
        """Keep nothing."""
        self._kept = None


class Few(Generic[Key, Made]):
    """Some things of a moment, each with a key, at most so many: one more, and all go.

    Two readers who ask for the same at once both make it, and both get what is kept.
    """

    def __init__(self, most: int) -> None:
        self.most = most
        self._moment: Hashable = None
        self._kept: dict[Key, Made] = {}
        self._keeping = Lock()

    def __len__(self) -> int:
        return len(self._kept)

    def of(self, moment: Hashable, key: Key, make: Callable[[], Made]) -> Made:
        """The thing of a moment with a key, made now if nobody has asked for it yet."""
        with self._keeping:
            if moment == self._moment and key in self._kept:
                return self._kept[key]
        # Made outside: one that takes long holds up nobody who asks for another.
        made = make()
        with self._keeping:
            if moment != self._moment or len(self._kept) >= self.most:
                self._kept = {}
                self._moment = moment
            return self._kept.setdefault(key, made)

    def forget(self) -> None:
        """Keep nothing."""
        with self._keeping:
            self._kept = {}
