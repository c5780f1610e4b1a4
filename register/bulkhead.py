"""A bulkhead: so many at once, so many waiting for so long, and no more than that.

Whoever waits holds a thread of the server. Without a bound, a burst of one kind of request would
take all of them from every other kind.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from register.errors import Unavailable


class Bulkhead:
    """Lets a bounded number of threads of this process do something at once.

    :param at_once: how many may do it.
    :param waiting: how many may wait for their turn.
    :param patience: seconds that each may wait.
    :param outside: seconds that whoever finds no place may wait for one: where turns are short,
        a place is free at once.
    """

    def __init__(
        self, at_once: int, waiting: int, patience: float, *, outside: float = 0.0
    ) -> None:
        self.patience = patience
        self.outside = outside
        self._turns = threading.BoundedSemaphore(at_once)
        self._places = threading.BoundedSemaphore(at_once + waiting)

    @contextmanager
    def turn(self, waited: float = 0.0) -> Iterator[None]:
        """Wait for a turn, and hold it.

        :param waited: seconds that were waited elsewhere already.
        :raises Unavailable: ``busy``.
        """
        if not self._places.acquire(timeout=self.outside):
            raise Unavailable("busy")
        try:
            if not self._turns.acquire(timeout=max(0.0, self.patience - waited)):
                raise Unavailable("busy")
            try:
                yield
            finally:
                self._turns.release()
        finally:
            self._places.release()
