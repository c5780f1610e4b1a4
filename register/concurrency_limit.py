"""Limit on the threads that one kind of request may occupy (a bulkhead).

A waiting request occupies a thread of the server. Without a limit, a burst of one kind would take
the threads from every other kind.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from register.errors import Unavailable


class Bulkhead:
    """A limit on the threads of this process that run something at once, first come, first served.

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
        self._admitted = threading.BoundedSemaphore(max_running + max_waiting)
        self._lock = threading.Lock()
        self._free = max_running
        # A semaphore would let a newcomer overtake those who wait. Each holds a lock of its own,
        # which whoever ends a turn releases.
        self._waiting: deque[threading.Lock] = deque()

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Wait for a turn, and hold it.

        :raises Unavailable: ``busy``.
        """
        if not self._admitted.acquire(timeout=self.entry_timeout):
            raise Unavailable("busy")
        try:
            self._await_turn()
            try:
                yield
            finally:
                self._pass_on()
        finally:
            self._admitted.release()

    def _await_turn(self) -> None:
        with self._lock:
            if self._free:
                self._free -= 1
                return
            turn = threading.Lock()
            turn.acquire()
            self._waiting.append(turn)
        if turn.acquire(timeout=self.turn_timeout):
            return
        with self._lock:
            # It may have come after the time was over.
            if turn.locked():
                self._waiting.remove(turn)
                raise Unavailable("busy")

    def _pass_on(self) -> None:
        with self._lock:
            if self._waiting:
                self._waiting.popleft().release()
            else:
                self._free += 1

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
