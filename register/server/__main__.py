"""``python -m register.server``: the parent process of the service, and the children it starts."""

from __future__ import annotations

import gc
import socket
import sys

from register.server import process_start
from register.server.process_start import PARENT, WEB


def main(role: str, *arguments: str) -> int:
    """Run one process of the service; its exit code."""
    if role == PARENT:
        return _run_parent(*arguments)
    # As in register/__main__.py.
    gc.disable()
    from register.server import launch

    gc.enable()
    mode, spec, processes, *fds = arguments
    if role == WEB:
        numbers = [int(fd) for fd in fds]
        return launch.start_web(spec, numbers, int(processes), is_renewal=mode == "renewal")
    return launch.start_worker(spec)


def _run_parent(ready_line: str, children: str, *arguments: str) -> int:
    """Run the parent process.

    :param children: ``name:number`` of each to keep; 0 for those that do not run yet.
    :param arguments: spec of the application, number of processes that answer, sockets.
    """
    # The application is not imported; see register.server.parent.
    from register.server.parent import Parent

    process_start.protect()
    sockets = [socket.socket(fileno=int(fd)) for fd in arguments[2:]]
    processes = dict(child.split(":") for child in children.split())
    numbers = {name: int(process) for name, process in processes.items()}
    return Parent(arguments, sockets, numbers).run(ready_line)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
