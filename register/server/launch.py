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
from contextlib import suppress
from typing import Any, NoReturn

from flask import Flask
from sqlalchemy.exc import OperationalError

from register.db import db
from register.errors import ConfigError, RegisterError
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
    # Until the parent process waits for them.
    signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
    fds = [listener.fileno() for listener in sockets]
    names = (WEB, WORKER) if worker else (WEB,)
    children = {name: _fork(name, app, fds, processes) for name in names}
    command = process_start.parent_command(spec, ready, children, processes, fds)
    os.execv(command[0], command)  # noqa: S606 # no shell is wanted


def _fork(name: str, app: Flask, fds: list[int], processes: int) -> int:
    """Serve an application, or run its worker, in a child process; its number."""

    def start() -> None:
        # A terminal's Ctrl-C is for the parent process, which ends the others in order.
        os.setsid()
        process_start.become_child(name)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)
        _run(name, app, fds, processes)

    process: Any = multiprocessing.get_context("fork").Process(target=start)
    process.start()
    return int(process.pid)


def start_child(name: str, mode: str, spec: str, processes: str, *fds: str) -> int:
    """Load an application and serve it or run its worker; the exit code when it may not be."""
    try:
        app = startup_checks.load(spec)
        if name == WEB:
            startup_checks.require_servable(app)
            _prepare_fork(app, mode == "renewal" or int(processes) > 1)
        else:
            # A database that is away is waited for.
            with app.app_context(), suppress(OperationalError):
                schema.require(db.engine)
        _run(name, app, list(map(int, fds)), int(processes))
    except (RegisterError, OperationalError) as error:
        # Not the driver's words, which name hosts and roles: this goes to the log.
        fault = error if isinstance(error, RegisterError) else ConfigError("config_database_down")
        process_start.write_line(error_sentence(fault), "error")
        return startup_checks.exit_code(fault)


def _run(name: str, app: Flask, fds: list[int], processes: int) -> NoReturn:
    """Serve an application, or run its worker, in a process that is prepared for it."""
    signal.alarm(0)
    if name == WEB:
        web_server.run(app, fds, processes)
    # The system accepts connections as long as a copy listens.
    for fd in fds:
        os.close(fd)
    run_worker(app)


def _prepare_fork(app: Flask, is_whole: bool) -> None:
    """Prepare a process for being forked.

    :param is_whole: prepare every page too: once for several processes, which share its memory, or
        while another web server answers.
    """
    (startup_checks.require_pages if is_whole else startup_checks.read_pages)(app)
    with app.app_context():
        # A connection must not be used by two processes.
        db.engine.dispose()
    # What is there stays: looking through it for what nobody needs would copy shared memory.
    gc.collect()
    gc.freeze()
