"""A slow line on loopback that can be cut: a TCP proxy with a rate."""

from __future__ import annotations

import socket
import threading
import time
from contextlib import suppress

from raw_http import EndableThread

_PIECE = 64 * 1024


class SlowLine(EndableThread):
    """Passes connections on to a port, at most ``rate`` bytes a second towards it.

    ``cut()`` ends all of them, and new ones as they come, until ``restore()``.
    """

    def __init__(self, target: int, rate: int) -> None:
        super().__init__()
        self.target, self.rate = target, rate
        self.passed = 0
        self._is_cut = threading.Event()
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()
        self._due = time.monotonic()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.settimeout(0.2)
        self.port = int(self._listener.getsockname()[1])

    def run(self) -> None:
        while not self.ending.is_set():
            with suppress(TimeoutError, OSError):
                client, _address = self._listener.accept()
                if self._is_cut.is_set():
                    client.close()
                    continue
                server = socket.create_connection(("127.0.0.1", self.target))
                with self._lock:
                    self._open |= {client, server}
                for source, sink, slow in ((client, server, True), (server, client, False)):
                    threading.Thread(
                        target=self._pass, args=(source, sink, slow), daemon=True
                    ).start()
        self._listener.close()
        self._end_all()

    def cut(self) -> None:
        self._is_cut.set()
        self._end_all()

    def restore(self) -> None:
        self._is_cut.clear()

    def _pass(self, source: socket.socket, sink: socket.socket, slow: bool) -> None:
        with suppress(OSError):
            while piece := source.recv(_PIECE):
                if slow:
                    self._wait(len(piece))
                sink.sendall(piece)
        for side in (source, sink):
            with suppress(OSError):
                side.shutdown(socket.SHUT_RDWR)
            side.close()

    def _wait(self, size: int) -> None:
        """All connections share the line."""
        with self._lock:
            self.passed += size
            self._due = max(self._due, time.monotonic()) + size / self.rate
            wait = self._due - time.monotonic()
        if wait > 0:
            time.sleep(wait)

    def _end_all(self) -> None:
        with self._lock:
            ended, self._open = self._open, set()
        for side in ended:
            with suppress(OSError):
                side.shutdown(socket.SHUT_RDWR)
