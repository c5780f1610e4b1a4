"""A bulkhead: so many at once, so many waiting for so long, and no more than that.

Whoever waits holds a thread of the server. Without a bound, a burst of one kind of request would
take all of them from every other kind.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from register.errors import Unavailable

# Where a request's environment says when it had arrived whole, by the clock of time.monotonic();
# gunicorn does not say it.
ARRIVAL_TIME_KEY = "register.arrived"


class Bulkhead:
    """Lets a bounded number of threads of this process do something at once.

    :param at_once: how many may do it.
    :param waiting: how many may wait for their turn.
    :param patience: seconds that each may wait.
    :param outside: seconds that whoever finds no place may wait for one: where turns are short,
        a place is free at once.
    """

    def __init__(
        self, max_running: int, max_waiting: int, turn_timeout: float, *, entry_timeout: float = 0.0
    ) -> None:
        self.turn_timeout = turn_timeout
        self.entry_timeout = entry_timeout
        self._running = threading.BoundedSemaphore(max_running)
        self._admitted = threading.BoundedSemaphore(max_running + max_waiting)

    @contextmanager
    def turn(self, already_waited: float = 0.0) -> Iterator[None]:
        """Wait for a turn, and hold it.

        :param already_waited: seconds that were waited elsewhere already.
        :raises Unavailable: ``busy``.
        """
        if not self._admitted.acquire(timeout=self.entry_timeout):
            raise Unavailable("busy")
        try:
            if not self._running.acquire(timeout=max(0.0, self.turn_timeout - already_waited)):
                raise Unavailable("busy")
            try:
                yield
            finally:
                self._running.release()
        finally:
            self._admitted.release()
