"""The process that follows: started by the supervisor with a line to it, or by hand.

It is ready as soon as it competes for the lease, whether there is an index or not. It may be ended
at any moment, as what it writes may: told to, it leaves what it is doing, and is gone in a second.
"""

from __future__ import annotations

import os
import signal
import threading
import time
from contextlib import suppress
from functools import partial

from flask import Flask
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from register.config import Settings
from register.db import db
from register.key_store import KeyStore
from register.operations import setup
from register.search.leader_election import index_lease
from register.web.logs import error_fields, log
from register.worker import Follower, RetentionJob, StopSignal

GRACE = 0.8  # seconds that a work under way is given to notice the end
YIELDING = 5  # in favour of the readers: niceness(7) beside the workers


def follow(app: Flask, ending: StopSignal) -> None:
    """Follow until the end is asked for, by TERM or INT or otherwise."""
    with suppress(OSError):  # a favour, no more
        os.nice(YIELDING)
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
