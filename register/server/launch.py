"""Start of the web server and the worker: together by ``serve``, each alone by the parent process.

The application is loaded once for the first start: ``serve`` forks both from its own process, whose
memory they share, and is then replaced by the parent process, which keeps its number.
"""

from __future__ import annotations

import gc
import os
import signal
import socket
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import NoReturn

from flask import Flask
from sqlalchemy.exc import OperationalError

from register.db import db
from register.errors import ConfigError, RegisterError
from register.operations import schema
from register.server import process_start, startup_checks, web_server
from register.server.follower import run_worker
from register.server.process_start import SIGNALS, WEB, WORKER
from register.web.error_messages import error_sentence
from register.web.logs import error_fields, log


def serve(
    app: Flask,
    spec: str,
    sockets: list[socket.socket],
    ready_line: str,
    *,
    processes: int,
    with_worker: bool,
) -> NoReturn:
    """Serve an application that passed its checks; does not return.

    :param spec: what makes the application, as :func:`startup_checks.load` reads it.
    :param ready_line: printed once requests are answered.
    :param processes: that answer.
    """
    startup_checks.read_pages(app)
    _share_memory(app)
    sys.stdout.flush()
    # Until the parent process handles them.
    signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
    fds = [listener.fileno() for listener in sockets]
    children = {WEB: _fork(WEB, lambda: web_server.run(app, fds, processes))}
    if with_worker:
        children[WORKER] = _fork(WORKER, lambda: run_worker(app), sockets)
    for listener in sockets:
        listener.set_inheritable(True)
    command = process_start.parent_command(spec, ready_line, children, processes, fds)
    os.execv(command[0], command)  # noqa: S606 # no shell is wanted


def _fork(name: str, run: Callable[[], None], sockets: Sequence[socket.socket] = ()) -> int:
    """Run a function in a child process, without these sockets; its number."""
    if pid := os.fork():
        return pid
    code: object = 1
    try:
        # A terminal's Ctrl-C is for the parent process, which ends the others in order.
        os.setsid()
        process_start.become_child(name)
        process_start.close(sockets)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)
        run()
        code = 0
    except SystemExit as exit_request:
        code = exit_request.code
    except Exception as error:
        log().error("failure", **error_fields(error))
    finally:
        # Not the end of the command, whose process this was.
        os._exit(code if isinstance(code, int) else 0)


def start_web(spec: str, fds: list[int], processes: int, *, is_renewal: bool) -> int:
    """Load an application and serve it; the exit code when it may not be served."""
    process_start.become_child(WEB)
    try:
        app = startup_checks.load(spec)
        startup_checks.require_servable(app)
        (startup_checks.require_pages if is_renewal else startup_checks.read_pages)(app)
    except (RegisterError, OperationalError) as error:
        return _refuse(error)
    _share_memory(app)
    web_server.run(app, fds, processes)
    return 0


def start_worker(spec: str) -> int:
    """Load an application and run its worker."""
    process_start.become_child(WORKER)
    try:
        app = startup_checks.load(spec)
        # A database that is away is waited for.
        with app.app_context(), suppress(OperationalError):
            schema.require(db.engine)
    except RegisterError as error:
        return _refuse(error)
    run_worker(app)
    return 0


def _share_memory(app: Flask) -> None:
    """Prepare a process for being forked."""
    with app.app_context():
        db.session.remove()
        # A connection must not be used by two processes.
        db.engine.dispose()
    # What is there stays: looking through it for what nobody needs would copy shared memory.
    gc.collect()
    gc.freeze()


def _refuse(error: RegisterError | OperationalError) -> int:
    if isinstance(error, OperationalError):
        # Not the driver's words, which name hosts and roles: this goes to the log.
        error = ConfigError("config_database_down")
    process_start.say(error_sentence(error), process_start.ERROR)
    return 1
