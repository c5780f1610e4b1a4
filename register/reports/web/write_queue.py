"""The write lock for those who report: they take turns, each within a few seconds.

Turns are taken in this process, before the database is asked for its lock: a thread that waits
here holds no connection and goes on the moment that the one before it has finished.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from flask import request

from register.bulkhead import ARRIVAL_TIME_KEY, Bulkhead
from register.journal import WriteTransaction, writing

# Of the twelve threads of a gunicorn process. The embedded server has fewer of them for reports:
# there, nobody is refused because many wait.
WAITING = 7
# Seconds, those in the server's queue included: nobody looks at a blank page for longer.
PATIENCE = 5.0
# Of many at one instant each has its turn: one takes some hundredths of a second. While somebody
# else holds the database, the threads beyond those that wait are soon free for who reads.
OUTSIDE = 0.5

_turns = Bulkhead(max_running=1, max_waiting=WAITING, turn_timeout=PATIENCE, entry_timeout=OUTSIDE)


@contextmanager
def queued_transaction() -> Iterator[WriteTransaction]:
    """Take the pen.

    :raises Unavailable: ``busy``, where it is not to be had in time.
    """
    now = time.monotonic()
    with (
        _turns.turn(already_waited=now - request.environ.get(ARRIVAL_TIME_KEY, now)),
        writing() as tx,
    ):
        yield tx
