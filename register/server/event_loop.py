"""The loop behind waitress, made to cost what is moving rather than what is there.

waitress's own asks every connection, at every turn, what it is waiting for: three hundred clients
that dawdle then double what a reader waits. Here a connection is asked again only when something
may have changed: after an event of its own, and as long as a thread works for it.
"""

from __future__ import annotations

import selectors
from contextlib import suppress
from typing import Any

from waitress import wasyncore

from register.server.waitress_strict import Channel, Listener


class Turns(dict[int, Any]):
    """waitress's map of what is open, by file descriptor, that knows what has changed in it."""

    def __init__(self) -> None:
        super().__init__()
        self._selector = selectors.DefaultSelector()
        self._restless: set[int] = set()

    def __setitem__(self, number: int, opened: Any) -> None:
        self._restless.add(number)
        super().__setitem__(number, opened)

    def __delitem__(self, number: int) -> None:
        # Before the descriptor is closed: the system may give its number to the next one.
        self._want(number, 0)
        self._restless.discard(number)
        super().__delitem__(number)

    def turn(self, timeout: float) -> None:
        """Wait for something to happen, and have it dealt with."""
        for number in list(self._restless):
            opened = self.get(number)
            if opened is None:
                continue  # closed by a thread just now
            # Asked in this order: a thread that gives the connection back in between is then seen
            # at the next turn, and not never.
            rests = _rests(opened)
            self._want(number, _wanted(opened))
            if rests:
                self._restless.discard(number)
        for key, happened in self._selector.select(timeout):
            opened = self.get(key.fd)
            if opened is None:
                continue  # closed by what happened before it in this turn
            self._restless.add(key.fd)
            if happened & selectors.EVENT_READ:
                wasyncore.read(opened)
            if happened & selectors.EVENT_WRITE and self.get(key.fd) is opened:
                wasyncore.write(opened)

    def close(self) -> None:
        """Close everything."""
        wasyncore.close_all(self)
        self._selector.close()

    def stir(self) -> None:
        """Have every connection asked again, after something was decided about all of them."""
        self._restless.update(self)

    def _want(self, number: int, events: int) -> None:
        with suppress(KeyError):
            if self._selector.get_key(number).events == events:
                return
            self._selector.unregister(number)
        if events:
            self._selector.register(number, events)


def _wanted(opened: Any) -> int:
    """What something open waits for."""
    reading = selectors.EVENT_READ if opened.readable() else 0
    # A socket that accepts has nothing to send, whatever it says.
    writing = selectors.EVENT_WRITE if opened.writable() and not opened.accepting else 0
    return reading | writing


def _rests(opened: Any) -> bool:
    """Whether nothing but an event of its own can change what it waits for."""
    if isinstance(opened, Listener):
        return False  # asked at each turn: that is when it looks after its connections
    if not isinstance(opened, Channel):
        return True
    # The lock is held by a thread that is about to give its connection back.
    if not opened.requests_lock.acquire(blocking=False):
        return False
    try:
        return not (opened.requests or opened.writable())
    finally:
        opened.requests_lock.release()
