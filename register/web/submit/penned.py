"""The pen for those who report: a few wait for it, whoever comes on top is told to come again.

Whoever waits holds a thread of the server. Were all of them to wait while somebody else holds the
database, nobody could read a page.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from threading import BoundedSemaphore

from register.journal import Pen, writing

# Of the twelve threads of a process; see ``register.web.serving.limits``.
WAITING = 8

_places = BoundedSemaphore(WAITING)


@contextmanager
def penned() -> Iterator[Pen]:
    """Take the pen.

    :raises TimeoutError: so many wait for it that the register is as good as away.
    """
    if not _places.acquire(blocking=False):
        raise TimeoutError("too many wait for the pen")
    try:
        with writing() as pen:
            yield pen
    finally:
        _places.release()
