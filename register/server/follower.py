"""The process that follows: started by the supervisor with a line to it, or by hand.

It is ready as soon as it competes for the lease, whether there is an index or not. It may be ended
at any moment, as what it writes may: told to, it leaves what it is doing, and is gone in a second.
"""

from __future__ import annotations

import os
import signal
import socket
import sys
import threading
import time
from contextlib import suppress
from functools import partial

from flask import Flask
from sqlalchemy import Engine
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from register.config import Settings
from register.db import db
from register.errors import RegisterError
from register.key_store import KeyStore
from register.operations import schema, setup
from register.search.leader_election import index_lease
from register.server import process_start, startup_checks
from register.web.logs import error_fields, log
from register.worker import Follower, RetentionJob, StopSignal

GRACE = 0.8  # seconds that a work under way is given to notice the end
YIELDING = 5  # in favour of the readers: niceness(7) beside the workers


def main(arguments: list[str]) -> int:
    """Follow for an application until told otherwise; its name and the line are given."""
    process_start.protect()
    spec, line = arguments
    (supervisor,) = process_start.inherited([int(line)])
    try:
        app = startup_checks.made(spec)
        _require_schema(app)
    except RegisterError as error:
        supervisor.sendall(f"refused {startup_checks.worded(error)}\n".encode())
        return 1
    with suppress(OSError):  # a favour, no more
        os.nice(YIELDING)
    ending = StopSignal()
    obeying = threading.Thread(target=_obey, args=(supervisor, ending), daemon=True)
    obeying.start()
    try:
        follow(app, ending)
    finally:
        with suppress(OSError):  # the supervisor may have gone first
            supervisor.shutdown(socket.SHUT_RDWR)
        obeying.join(1)
        supervisor.close()
        ending.close()
    return 0


def follow(app: Flask, ending: StopSignal) -> None:
    """Follow until the end is asked for, by TERM or INT or otherwise."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_asked: _end(ending))
    # A terminal that closes, or an operator who meant the supervisor.
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    settings: Settings = app.extensions["register.settings"]
    log().info("following", search=settings.search)
    with app.app_context():
        index, engine = app.extensions["register.search"], db.engine
        store = partial(_store, settings, engine)
        duty = RetentionJob(engine, store, settings.undecided_after, _tell)
        try:
            Follower(engine, index, index_lease(settings, engine), ending, _tell, duty).run()
        finally:
            index.close()
            engine.dispose()
    log().info("stopped")


def _store(settings: Settings, engine: Engine) -> KeyStore:
    with Session(engine) as session:
        return setup.key_store(settings, session)


def _require_schema(app: Flask) -> None:
    """Refuse tables of another version; a database that is away is waited for."""
    with app.app_context(), suppress(OperationalError):
        schema.require(db.engine)


def _obey(supervisor: socket.socket, ending: StopSignal) -> None:
    """Say that we are there; end when told to retire or to stop, or when the supervisor is gone."""
    with suppress(OSError), supervisor.makefile("rb") as said:
        supervisor.sendall(b"ready\n")
        said.readline()
    _end(ending)


def _end(ending: StopSignal) -> None:
    ending.request()
    threading.Thread(target=_leave, daemon=True).start()


def _leave() -> None:
    time.sleep(GRACE)
    os._exit(0)


def _tell(event: str, error: BaseException | None = None) -> None:
    if error is None:
        log().info(event)
        return
    number = getattr(error, "errno", None)
    more = {"errno": os.strerror(number)} if isinstance(number, int) else {}
    log().error(event, **error_fields(error), **more)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
