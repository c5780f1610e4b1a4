"""The process that answers: started by the supervisor, on its sockets, with a line to it.

The line is a socket pair. The worker says on it that it is ready, or in one sentence why it will
not serve. The supervisor says when to retire or to stop, and its end closes with it, so that no
worker outlives its supervisor, however that one ends.
"""

from __future__ import annotations

import gc
import signal
import socket
import sys
import threading
from contextlib import suppress

from flask import Flask
from sqlalchemy.exc import OperationalError

from register.db import db
from register.errors import RegisterError
from register.server import process_start, startup_checks
from register.server.process_start import CONNECTIONS, SWITCHING, THREADS
from register.server.waitress_server import Server
from register.web.logs import log


def main(arguments: list[str]) -> int:
    """Serve an application until told otherwise; its name, the line and the sockets are given."""
    process_start.protect()
    spec, line, *numbers = arguments
    supervisor, *sockets = process_start.inherited(map(int, [line, *numbers]))
    try:
        app = startup_checks.made(spec)
        startup_checks.require_startable(app)
    except (RegisterError, OperationalError) as error:
        supervisor.sendall(f"refused {startup_checks.worded(error)}\n".encode())
        return 1
    try:
        _serve(app, sockets, supervisor)
    finally:
        supervisor.close()
        with app.app_context():
            db.engine.dispose()
    return 0


def _serve(app: Flask, sockets: list[socket.socket], supervisor: socket.socket) -> None:
    startup_checks.room_for(CONNECTIONS)
    startup_checks.let_go(app)
    # Asking the database lets go of the interpreter, and a thread that only computes keeps it for
    # Python's five milliseconds: a page that takes a fifth of one would wait for it twice.
    sys.setswitchinterval(SWITCHING)
    # What is there now stays: looking through it for what nobody needs would only cost readers.
    gc.collect()
    gc.freeze()
    server = Server(app, sockets)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, server.stop)
    # A terminal that closes, or an operator who meant the supervisor.
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    log().info("serving", threads=THREADS)
    obeying = threading.Thread(target=_obey, args=(supervisor, server), daemon=True)
    obeying.start()
    server.run()
    with suppress(OSError):  # the supervisor may have gone first
        supervisor.shutdown(socket.SHUT_RDWR)
    obeying.join(1)
    log().info("stopped")


def _obey(supervisor: socket.socket, server: Server) -> None:
    """Do what the supervisor says; when it is gone, stop."""
    with suppress(OSError), supervisor.makefile("rb") as said:
        supervisor.sendall(b"ready\n")
        for word in said:
            if word != b"retire\n":
                break
            server.retire()
    server.stop()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
