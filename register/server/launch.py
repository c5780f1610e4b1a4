"""Start of the web server and the worker: together by ``serve``, each alone by the parent process.

The application is loaded once for the first start: ``serve`` forks both from its own process, whose
memory they share, and is then replaced by the parent process, which keeps its number.
"""

from __future__ import annotations

import gc
import multiprocessing
import os
import signal
import socket
import sys
from collections.abc import Callable
from contextlib import suppress
from typing import Any, NoReturn

from flask import Flask
from sqlalchemy.exc import OperationalError

from register.db import db
from register.errors import ConfigError, RegisterError
from register.log_priority import priority_prefix
from register.operations import schema
from register.server import process_start, startup_checks, web_server
from register.server.follower import run_worker
from register.server.process_start import SIGNALS, WEB, WORKER
from register.web.error_messages import error_sentence


def serve(
    app: Flask, spec: str, sockets: list[socket.socket], processes: int, ready: str, worker: bool
) -> NoReturn:
    """Serve an application that passed its checks; does not return.

    :param spec: what makes the application, as :func:`startup_checks.load` reads it.
    :param processes: that answer.
    :param ready: line to print once requests are answered.
    :param worker: whether to run the worker too.
    """
    _prepare_fork(app, processes > 1)
    sys.stdout.flush()
    # Until the parent process waits for them.
    signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
    fds = [listener.fileno() for listener in sockets]

    def follow() -> None:
        process_start.close(sockets)
        run_worker(app)

    children = {WEB: _fork(WEB, lambda: web_server.run(app, fds, processes))}
    if worker:
        children[WORKER] = _fork(WORKER, follow)
    for listener in sockets:
        listener.set_inheritable(True)
    command = process_start.parent_command(spec, ready, children, processes, fds)
    os.execv(command[0], command)  # noqa: S606 # no shell is wanted


def _fork(name: str, run: Callable[[], None]) -> int:
    """Run a function in a child process; its number."""

    def start() -> None:
        # A terminal's Ctrl-C is for the parent process, which ends the others in order.
        os.setsid()
        process_start.become_child(name)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)
        run()

    process: Any = multiprocessing.get_context("fork").Process(target=start)
    process.start()
    return int(process.pid)


def start_child(name: str, mode: str, spec: str, processes: str, *fds: str) -> int:
    """Load an application and serve it or run its worker; the exit code when it may not be."""
    try:
        app = startup_checks.load(spec)
        if name == WORKER:
            # A database that is away is waited for.
            with app.app_context(), suppress(OperationalError):
                schema.require(db.engine)
        else:
            startup_checks.require_servable(app)
            _prepare_fork(app, mode == "renewal" or int(processes) > 1)
    except RegisterError as error:
        return _refuse(error)
    except OperationalError:
        # Not the driver's words, which name hosts and roles: this goes to the log.
        return _refuse(ConfigError("config_database_down"))
    if name == WORKER:
        run_worker(app)
    else:
        web_server.run(app, list(map(int, fds)), int(processes))
    return 0


def _prepare_fork(app: Flask, is_whole: bool) -> None:
    """Prepare a process for being forked.

    :param is_whole: prepare every page too: once for several processes, which share its memory, or
        while another web server answers.
    """
    (startup_checks.require_pages if is_whole else startup_checks.read_pages)(app)
    with app.app_context():
        db.session.remove()
        # A connection must not be used by two processes.
        db.engine.dispose()
    # What is there stays: looking through it for what nobody needs would copy shared memory.
    gc.collect()
    gc.freeze()


def _refuse(error: RegisterError) -> int:
    process_start.write_line(priority_prefix("error") + error_sentence(error), process_start.ERROR)
    return startup_checks.exit_code(error)
