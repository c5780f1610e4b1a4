"""The web server: gunicorn with threads, by its public settings, on sockets of the parent process.

Its threads read requests themselves: behind a proxy that hands over whole requests, slow clients
cost nothing here.
"""

from __future__ import annotations

import os
import signal
import sys
from functools import partial
from typing import Any, NoReturn

from flask import Flask
from gunicorn.app.base import BaseApplication

from register.server import startup_checks
from register.web import request_counts
from register.web.logs import log

# More than those that wait for a turn, who hold one each: 42 for the report form, 64 to send it, 28
# to send it with files, 26 for parts of files, 10 to sign in, 44 to read files, 160 for searches. A
# thread that waits costs some kilobytes.
THREADS = 404
# Open at a time, of each process; most systems let a process open 1,024 files.
CONNECTIONS = 800
IDLE_SECONDS = 30  # that a silent connection is kept; 2 once the process ends
DRAINING_SECONDS = 30  # that requests under way are given at the end
ENDING_SECONDS = 5  # that a process alone has then, before requests are given up
# More than the application takes, which refuses what is too long in its own words.
FIELD_LIMIT = 128 * 1024
# A thread that asks the database lets go of the interpreter, and one that only computes keeps it
# for Python's five milliseconds: a page that takes a fifth of one would wait for it twice.
SWITCH_SECONDS = 0.0001


def run(app: Flask, fds: list[int], workers: int) -> NoReturn:
    """Serve an application on listening sockets until TERM; does not return.

    The parent process gets USR1 once requests are answered.
    """
    parent_process = os.getppid()
    # The parent notifies systemd itself.
    os.environ.pop("NOTIFY_SOCKET", None)
    sys.setswitchinterval(SWITCH_SECONDS)
    request_counts.start(app, workers)

    def start_process(_worker: object) -> None:
        startup_checks.start_refresher(app)
        log().info("serving", threads=THREADS)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGTERM])

    def answer(_arbiter: object, worker: Any) -> None:
        """Answer in this process, without one forked from it.

        Both would hold each page of memory that either has written to since.
        """
        worker.ppid = parent_process
        # The system ends it when it hangs, as gunicorn would.
        worker.notify = lambda: signal.alarm(worker.cfg.timeout)
        worker.init_process()
        signal.alarm(ENDING_SECONDS)
        sys.exit()

    options = {
        "bind": [f"fd://{fd}" for fd in fds],
        "workers": workers,
        "worker_class": "gthread",
        "threads": THREADS,
        "worker_connections": CONNECTIONS,
        "keepalive": IDLE_SECONDS,
        "graceful_timeout": DRAINING_SECONDS,
        "limit_request_line": 0,
        "limit_request_field_size": FIELD_LIMIT,
        "limit_request_fields": 64,
        # Only errors, by the register's handler, which writes no message: they contain addresses of
        # clients ("Invalid request from ip=…") and paths.
        "errorlog": None,
        "loglevel": "error",
        # Who may speak for the reader is decided by REGISTER_TRUSTED_PROXIES: no header of a proxy
        # means anything to gunicorn.
        "forwarded_allow_ips": "",
        # A socket by which any process of the same user could stop this one.
        "control_socket_disable": True,
        "when_ready": lambda _arbiter: os.kill(parent_process, signal.SIGUSR1),
        "post_worker_init": start_process,
    }
    # Until the process that answers is ended by it: gunicorn's own handler, which that one
    # inherits, would keep it for a loop that does not run there.
    if workers == 1:
        options["pre_fork"] = answer
        signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM])
    else:
        os.register_at_fork(
            before=partial(signal.pthread_sigmask, signal.SIG_BLOCK, [signal.SIGTERM]),
            after_in_parent=partial(signal.pthread_sigmask, signal.SIG_UNBLOCK, [signal.SIGTERM]),
        )

    class WebServer(BaseApplication):  # type: ignore[misc] # gunicorn has no types
        """The application as gunicorn runs it, with our settings and none of the environment's."""

        def load_config(self) -> None:
            """Set the options."""
            for name, value in options.items():
                self.cfg.set(name, value)

        def load(self) -> Flask:
            """The application, loaded before the processes fork, which share its memory."""
            return app

    sys.exit(WebServer().run())
