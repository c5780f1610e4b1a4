"""Start of the server's processes: command, limits, memory protection, log lines, sockets.

The command has loaded the whole application, to word errors and to refuse what may not be served.
Its process is replaced by a fresh interpreter that has not: it is ten times smaller, and after an
upgrade holds none of the former code. The process number stays, which is what a service manager
sends its signals to.
"""

from __future__ import annotations

import ctypes
import importlib.util
import json
import os
import resource
import signal
import socket
import subprocess
import sys
from collections.abc import Iterable
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any, NoReturn

from register.errors import ConfigError

SUPERVISOR = "register.server.supervisor"

# --- limits of both servers -----------------------------------------------------------------

# Four more than those who report may hold while somebody else holds the database: pages are read
# meanwhile.
THREADS = 12
# Beside those, in waitress: see its ``Lanes``. Few, since each that computes keeps the interpreter
# from those who read. The form is made anew for whoever asks for it; one report at a time is
# written; two more of the desk's than strangers who wait to be signed in.
FORM_THREADS = 2
REPORT_THREADS = 4
DESK_THREADS = 8
# waitress's own 100 let a hundred half-sent requests shut everybody out. With several processes,
# of each one.
CONNECTIONS = 1000
IDLE = 30  # seconds that a silent connection is kept
HEADER_LIMIT = 16 * 1024  # bytes of a request's head
SWITCHING = 0.0001  # seconds that a thread may go on while another waits

# --- command --------------------------------------------------------------------------------


def exec_supervisor(
    app: str, sockets: list[socket.socket], told: str, workers: int = 0
) -> NoReturn:
    """Go on as the server of an application; does not return.

    :param app: what makes the application, as ``register.server.startup_checks.made`` reads it.
    :param told: what to print once requests are answered.
    :param workers: that many gunicorn processes; 0 for the embedded default.
    """
    command = python_command(SUPERVISOR, app, told, str(workers))
    for opened in sockets:
        opened.set_inheritable(True)
    command += [str(opened.fileno()) for opened in sockets]
    sys.stdout.flush()
    sys.stderr.flush()
    # What is ignored stays so over the change: a HUP that comes before the supervisor listens to
    # it would otherwise end it.
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    os.execv(command[0], command)  # noqa: S606 # no shell is wanted


def python_command(module: str, *arguments: str) -> list[str]:
    """The command that runs one of our modules in an interpreter like this one."""
    flags = subprocess._args_from_interpreter_flags()  # type: ignore[attr-defined]
    # -P: a folder named "register" where the operator happens to stand is not ours.
    flags += [] if "-P" in flags else ["-P"]
    return [sys.executable, *flags, "-m", module, *arguments]


def require_gunicorn() -> None:
    """Let several processes be asked for only where there is what runs them.

    :raises ConfigError: ``config_workers``.
    """
    if importlib.util.find_spec("gunicorn") is None:
        raise ConfigError("config_workers")


# --- memory ---------------------------------------------------------------------------------

_PR_SET_DUMPABLE = 4  # prctl(2)


def protect() -> None:
    """Ask for no core file, and for no other program that reads the memory of this process.

    Words of reports and keys would otherwise lie on the disk after a crash. Each process asks at
    its start: the limit is inherited over ``exec``, the flag over ``fork`` alone.
    """
    with suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform == "linux":
        # A limit of 0 does not keep a crash from a handler that core_pattern pipes to (core(5)).
        ctypes.CDLL(None).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)


# --- log lines of the processes that do not carry the application, in the form of its own -----

OUTPUT, ERROR = 1, 2


def line(event: str, level: str = "info", **more: object) -> None:
    """Write one JSON line to standard error; like all our lines, it knows nothing of readers."""
    told = {"event": event, **more, "level": level}
    told["timestamp"] = datetime.now(UTC).isoformat().replace("+00:00", "Z")
    say(json.dumps(told, ensure_ascii=False), ERROR)


def say(text: str, where: int = OUTPUT) -> None:
    """Write a line to standard output or error; where nobody takes it any more, it is lost.

    A disk that is full or a reader of the log that has gone must not end what serves. Nothing is
    kept in a buffer: it would fail again, and spoil the exit code, when the process ends.
    """
    with suppress(OSError):
        os.write(where, f"{text}\n".encode())


# --- sockets --------------------------------------------------------------------------------
# A socket that outlives the process behind it is what makes a restart invisible: whoever connects
# in between waits in its queue and is answered by the successor.

BACKLOG = 1024  # connections that the system takes in while nobody is there to accept them


def listen(host: str, port: int) -> list[socket.socket]:
    """Bind and listen on every address of a host; port 0 picks one free port for all of them.

    :raises ConfigError: ``config_listen``: no such address here, or it is taken.
    """
    opened: list[socket.socket] = []
    try:
        for family, address in _addresses(host, port):
            opened.append(_bound(family, (address[0], port_of(opened, port), *address[2:])))
        for listener in opened:
            listener.listen(BACKLOG)
    except (OSError, ValueError) as error:
        close(opened)
        raise ConfigError("config_listen", host=host, port=port) from error
    return opened


def inherited(numbers: Iterable[int]) -> list[socket.socket]:
    """The sockets behind file descriptors that this process was started with."""
    sockets = [socket.socket(fileno=number) for number in numbers]
    for opened in sockets:
        # Ours alone: what this process starts gets them by name or not at all.
        opened.set_inheritable(False)
    return sockets


def port_of(sockets: list[socket.socket], default: int = 0) -> int:
    """The port of the first socket."""
    return int(sockets[0].getsockname()[1]) if sockets else default


def close(sockets: Iterable[socket.socket]) -> None:
    """Close this process's copies; those of other processes go on listening."""
    for opened in sockets:
        with suppress(OSError):
            opened.close()


def _addresses(host: str, port: int) -> list[tuple[socket.AddressFamily, Any]]:
    found = socket.getaddrinfo(host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    return list(dict.fromkeys((family, address) for family, _, _, _, address in found))


def _bound(family: socket.AddressFamily, address: Any) -> socket.socket:
    made = socket.socket(family, socket.SOCK_STREAM)
    try:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            # "::" would otherwise take the IPv4 port too, and its own socket would find it taken.
            made.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        made.bind(address)
    except OSError:
        made.close()
        raise
    return made
