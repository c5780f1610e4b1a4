"""What every process of the service does at its start: memory protection, log lines, sockets.

Nothing of the application is imported.
"""

from __future__ import annotations

import ctypes
import json
import os
import resource
import signal
import socket
import sys
from contextlib import suppress
from datetime import UTC, datetime

from register.errors import ConfigError
from register.log_priority import priority_prefix

PARENT, WEB, WORKER = "parent", "web", "worker"
# Exit code of a start that a person has to make possible: the units do not try it again (78), and
# say that it failed.
CANNOT_START = os.EX_CONFIG
# Signals that the parent process waits for; blocked before it starts.
SIGNALS = {signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGCHLD, signal.SIGUSR1}
STARTING = 120  # seconds that a child may take until it serves

_PR_SET_PDEATHSIG, _PR_SET_DUMPABLE, _PR_SET_NAME = 1, 4, 15  # prctl(2)
# mallopt(3). Each thread would otherwise hold on to memory of its own, a third more in all; and
# both thresholds would grow with the largest page, so that less goes back to the system.
_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD, _M_ARENA_MAX = -1, -3, -8
_MALLOC_OPTIONS = {_M_TRIM_THRESHOLD: 1024 * 1024, _M_MMAP_THRESHOLD: 1024 * 1024, _M_ARENA_MAX: 2}


def server_command(role: str, *arguments: str) -> list[str]:
    """The command of one process of the service, in an interpreter like this one."""
    # -P: a folder named "register" where the operator happens to stand is not ours.
    return [sys.executable, "-P", "-m", "register.server", role, *arguments]


def parent_command(
    spec: str, ready_line: str, children: dict[str, int], processes: int, fds: list[int]
) -> list[str]:
    """The command of the parent process.

    :param spec: what makes the application, as ``startup_checks.load`` reads it.
    :param ready_line: printed once requests are answered.
    :param children: numbers of the processes that run already, by the names of all to keep; 0 for
        those to start.
    :param processes: that answer.
    :param fds: of the listening sockets, which the parent inherits.
    """
    words = map(str, [spec, processes, *fds])
    return server_command(PARENT, ready_line, json.dumps(children), *words)


# --- memory ---------------------------------------------------------------------------------


def protect() -> None:
    """Ask for no core file, and for no other program that reads the memory of this process.

    Words of reports and keys would otherwise be on the disk after a crash. Each process asks at
    its start: the limit is inherited over ``exec``, the flag over ``fork`` alone.
    """
    with suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    # A limit of 0 does not keep a crash from a handler that core_pattern pipes to (core(5)).
    _prctl(_PR_SET_DUMPABLE, 0)


def become_child(name: str) -> None:
    """Prepare a child of the parent process, which ends when the parent does (Linux only).

    It is ended too if it does not serve within :data:`STARTING` seconds.

    :param name: what ``ps`` and ``top`` show.
    """
    protect()
    _prctl(_PR_SET_NAME, f"citoyen-{name}".encode())
    _prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
    signal.alarm(STARTING)
    if sys.platform == "linux" and hasattr(ctypes.CDLL(None), "mallopt"):
        for option, limit in _MALLOC_OPTIONS.items():
            ctypes.CDLL(None).mallopt(option, limit)


def _prctl(option: int, value: int | bytes) -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(option, value, 0, 0, 0)


# --- log lines of the parent, in the form of the application's --------------------------------


def log_event(event: str, level: str = "info", **fields: object) -> None:
    """Write one JSON line to standard error; like all our lines, without data about readers."""
    at = datetime.now(UTC).isoformat().replace("+00:00", "Z")
    fields = {"event": event, **fields, "level": level, "timestamp": at}
    write_line(json.dumps(fields, ensure_ascii=False), level)


def write_line(text: str, level: str = "") -> None:
    """Write a line, unless the disk is full or the stream is closed.

    Nothing is buffered: it would fail again, and spoil the exit code, when the process ends.

    :param level: of a line of the log, which goes to standard error; others go to standard output.
    """
    prefix, descriptor = (priority_prefix(level), 2) if level else ("", 1)
    with suppress(OSError):
        os.write(descriptor, f"{prefix}{text}\n".encode())


def notify(state: str) -> None:
    """Report a state to systemd, where it has started this process (sd_notify(3))."""
    address = os.environ.get("NOTIFY_SOCKET", "")
    if address:
        with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
            manager.sendto(state.encode(), address.replace("@", "\0", 1))


# --- sockets --------------------------------------------------------------------------------
# The parent's copy makes a renewal invisible: who connects in between waits in its queue.

BACKLOG = 1024  # connections that the system accepts while no process does


def listen(host: str, port: int) -> list[socket.socket]:
    """Bind and listen on every address of a host; port 0 picks one free port for all of them.

    Children inherit the sockets.

    :raises ConfigError: ``config_listen``: no such address on this machine, or it is taken.
    """
    sockets: list[socket.socket] = []
    try:
        passive = 0, socket.SOCK_STREAM, 0, socket.AI_PASSIVE
        for family, *_, address in socket.getaddrinfo(host or None, port, *passive):
            # Each address of its own: "::" takes no IPv4 port.
            own = address[0], port or port_of(sockets)
            sockets.append(socket.create_server(own, family=family, backlog=BACKLOG))
            sockets[-1].set_inheritable(True)
    except (OSError, ValueError) as error:
        for listener in sockets:
            listener.close()
        raise ConfigError("config_listen", host=host, port=port) from error
    return sockets


def port_of(sockets: list[socket.socket]) -> int:
    """The port of the first socket; 0 without one."""
    return int(sockets[0].getsockname()[1]) if sockets else 0
