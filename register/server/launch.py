"""From the command to the server: bind the address, then become the process that keeps it.

The command has loaded the whole application, to word errors and to refuse what may not be served.
Its process is replaced by a fresh interpreter that has not: it is ten times smaller, and after an
upgrade holds none of the former code. The process number stays, which is what a service manager
sends its signals to.
"""

from __future__ import annotations

import importlib.util
import os
import signal
import socket
import subprocess
import sys
from typing import NoReturn

from register.errors import ConfigError

SUPERVISOR = "register.server.supervisor"


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
