"""Limit on the threads that one kind of request may occupy (a bulkhead).

A waiting request occupies a thread of the server. Without a limit, a burst of one kind would take
the threads from every other kind.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from register.errors import Unavailable


class Bulkhead:
    """A limit on the threads of this process that run something at once.

    :param max_running: threads that may run it.
    :param max_waiting: further threads that may wait for their turn.
    :param turn_timeout: seconds that each may wait for its turn.
    :param entry_timeout: seconds to wait when the queue itself is full, for short turns.
    """

    def __init__(
        self, max_running: int, max_waiting: int, turn_timeout: float, *, entry_timeout: float = 0.0
    ) -> None:
        self.turn_timeout = turn_timeout
        self.entry_timeout = entry_timeout
        self._running = threading.BoundedSemaphore(max_running)
        self._admitted = threading.BoundedSemaphore(max_running + max_waiting)

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Wait for a turn, and hold it.

        :raises Unavailable: ``busy``.
        """
        if not self._admitted.acquire(timeout=self.entry_timeout):
            raise Unavailable("busy")
        try:
            if not self._running.acquire(timeout=self.turn_timeout):
                raise Unavailable("busy")
            try:
                yield
            finally:
                self._running.release()
        finally:
            self._admitted.release()

    @contextmanager
    def turn_if_free(self) -> Iterator[bool]:
        """Hold a turn if it comes in time; whether it did."""
        with ExitStack() as turns:
            has_turn = True
            try:
                turns.enter_context(self.turn())
            except Unavailable:
                has_turn = False
            yield has_turn
