"""A proxy in front of a PostgreSQL server that can stop forwarding, as a server that hangs."""

from __future__ import annotations

import contextlib
import selectors
import shutil
import socket
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

SOCKET_NAME = ".s.PGSQL.5432"


class ServerProxy:
    """Forwards a Unix socket in ``folder`` to that of a server; accepts even while frozen."""

    def __init__(self, folder: Path, target: Path) -> None:
        self.folder = folder
        self.accepted = 0
        self._target = str(target / SOCKET_NAME)
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(folder / SOCKET_NAME))
        self._listener.listen(200)
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._listener, selectors.EVENT_READ)
        self._is_stopped = False
        self._moves = threading.Event()
        self._moves.set()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def freeze(self) -> None:
        """Forward nothing more, in either direction."""
        self._moves.clear()

    def thaw(self) -> None:
        """Go on, with what was held back."""
        self._moves.set()

    def stop(self) -> None:
        """Close every socket."""
        self._is_stopped = True
        self._moves.set()
        self._thread.join()
        for key in list(self._selector.get_map().values()):
            key.fileobj.close()  # type: ignore[union-attr]

    def _run(self) -> None:
        while not self._is_stopped:
            self._moves.wait()
            for key, _events in self._selector.select(0.02):
                if not self._moves.is_set():
                    break
                if key.data is None:
                    self._accept()
                else:
                    self._forward(key.fileobj, key.data)

    def _accept(self) -> None:
        client, server = self._listener.accept()[0], socket.socket(socket.AF_UNIX)
        self.accepted += 1
        server.connect(self._target)
        self._selector.register(client, selectors.EVENT_READ, server)
        self._selector.register(server, selectors.EVENT_READ, client)

    def _forward(self, source, target) -> None:
        content = b""
        with contextlib.suppress(OSError):
            content = source.recv(1 << 20)
            target.sendall(content)
        if not content:
            for end in (source, target):
                with contextlib.suppress(KeyError, ValueError):
                    self._selector.unregister(end)
                end.close()


@contextlib.contextmanager
def server_proxy(target: Path) -> Iterator[ServerProxy]:
    """A proxy in a new folder, removed with it."""
    folder = Path(tempfile.mkdtemp(prefix="register-proxy-"))
    proxy = ServerProxy(folder, target)
    try:
        yield proxy
    finally:
        proxy.stop()
        shutil.rmtree(folder)
