"""The listening sockets of one address: bound once, then handed from process to process.

A socket that outlives the process behind it is what makes a restart invisible: whoever connects
in between waits in its queue and is answered by the successor.
"""

from __future__ import annotations

import socket
from collections.abc import Iterable
from contextlib import suppress
from typing import Any

from register.errors import ConfigError

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
