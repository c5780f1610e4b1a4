"""The server of the embedded default: waitress on sockets that are already listening.

It ends in one of two ways. Told to stop, it takes no new request, finishes those under way, and
ends. Told to retire, because a successor listens on the same sockets, it also goes on answering the
connections it has, each one once more and for the last time.

Readers, the report form, what it sends and the desk wait apart, in lanes. A request is handed to a
thread once it has arrived whole, so that its lane is known by then. A request that waits in a lane
holds no thread, and none of another lane waits for it.
"""

from __future__ import annotations

import select
import socket
import threading
import time
from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit

from flask import Flask
from waitress.adjustments import Adjustments
from waitress.task import ThreadedTaskDispatcher

from register.accounts.web.current_member import is_member_path
from register.config import Settings
from register.server import process_start
from register.server.process_start import (
    CONNECTIONS,
    DESK_THREADS,
    FORM_THREADS,
    HEADER_LIMIT,
    IDLE,
    REPORT_THREADS,
    THREADS,
)
from register.server.waitress_strict import RECEIVING, Listener, Turns
from register.web import headers
from register.web.l10n import without_prefix
from register.web.request_validation import DESK_BODY_LIMIT, REPORT_BODY_LIMIT, is_of_reports

_READING = frozenset({"GET", "HEAD"})


class Lanes:
    """Threads for each kind of request, in the place of waitress's one set for all."""

    def __init__(self) -> None:
        self._reading = ThreadedTaskDispatcher()
        self._forms = ThreadedTaskDispatcher()
        self._reports = ThreadedTaskDispatcher()
        self._desk = ThreadedTaskDispatcher()

    def start(self) -> None:
        """Start the threads."""
        self._reading.set_thread_count(THREADS)
        self._forms.set_thread_count(FORM_THREADS)
        self._reports.set_thread_count(REPORT_THREADS)
        self._desk.set_thread_count(DESK_THREADS)

    def add_task(self, channel: Any) -> None:
        """Queue a connection's next request."""
        channel.arrived = time.monotonic()
        self._lane(channel.requests[0]).add_task(channel)

    def shutdown(self, timeout: float) -> None:
        """End the threads, each after the request that it answers."""
        for lane in (self._reading, self._forms, self._reports, self._desk):
            lane.shutdown(timeout=timeout)

    def _lane(self, request: Any) -> ThreadedTaskDispatcher:
        if request.error:
            # What was refused as it was parsed may have no path.
            return self._reading
        path, is_reading = without_prefix(request.path), request.command in _READING
        if is_of_reports(path):
            return self._forms if is_reading else self._reports
        return self._desk if is_member_path(path) and not is_reading else self._reading


# Seconds that an idle connection is kept when the process leaves: its next request may be on the
# way, and closing then would lose it. A successor has time; a service that stops has less.
PARTING = 10
LAST_MOMENT = 1
# Seconds that requests under way are given, at the end and beside a successor.
DRAINING = 10
RETIRING = RECEIVING + 30


class Server:
    """Listening sockets and the threads behind them."""

    def __init__(self, app: Flask, sockets: list[socket.socket]) -> None:
        """Take sockets over; whoever connects from now on is answered by :meth:`run`."""
        settings: Settings = app.extensions["register.settings"]
        self.port = process_start.port_of(sockets)
        self._turns = Turns()
        self._dispatcher = Lanes()
        self._stopping, self._retiring = threading.Event(), threading.Event()
        adjustments = _adjustments(settings, sockets)
        self._listeners = [self._listener(app, adjustments, opened) for opened in sockets]
        for listener in self._listeners:
            listener.own_headers = headers.standard_headers(settings)

    def _listener(self, app: Flask, adjustments: Any, opened: socket.socket) -> Listener:
        return Listener(
            app,
            self._turns,
            _sock=opened,
            bind_socket=False,
            dispatcher=self._dispatcher,
            adj=adjustments,
            sockinfo=(opened.family, opened.type, opened.proto, opened.getsockname()),
        )

    def run(self) -> None:
        """Serve until :meth:`stop` or :meth:`retire`, then finish what is under way."""
        self._dispatcher.start()
        try:
            while not (self._stopping.is_set() or self._retiring.is_set()):
                self._turns.turn(1)
            self._leave()
        finally:
            self._dispatcher.shutdown(timeout=1)
            self.close()

    def stop(self, *_signal: object) -> None:
        """Ask the server to end; from any thread or a signal handler."""
        self._stopping.set()
        self._wake()

    def retire(self) -> None:
        """Ask the server to leave its sockets to a successor; from any thread."""
        self._retiring.set()
        self._wake()

    def close(self) -> None:
        """Close every socket."""
        for listener in self._listeners:
            listener.trigger.close()
        self._turns.close()

    def _wake(self) -> None:
        for listener in self._listeners:
            with suppress(OSError):  # it has ended already
                listener.pull_trigger()

    def _leave(self) -> None:
        if self._stopping.is_set():
            self._take_in_the_queue()
        for listener in self._listeners:
            listener.stop_listening()
            listener.leave(time.time())
        if not self._stopping.is_set():
            self._finish(PARTING, RETIRING, self._stopping)
        if self._stopping.is_set():
            self._finish(LAST_MOMENT, DRAINING)

    def _take_in_the_queue(self) -> None:
        # Whoever is already in the system's queue has been told that we listen. A successor would
        # answer them; without one, they are ours.
        waiting = select.poll()
        for listener in self._listeners:
            waiting.register(listener.socket, select.POLLIN)
        for _connection in range(CONNECTIONS):
            if not waiting.poll(0):
                return
            self._turns.turn(0)

    def _finish(
        self, patience: float, seconds: float, unless: threading.Event | None = None
    ) -> None:
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline and not (unless and unless.is_set()):
            # First what has arrived is read, then those without anything under way are let go.
            self._turns.turn(0.05)
            now = time.time()
            still = [left for left in self._listeners if not left.let_go(patience, now)]
            if not still:
                return


def _adjustments(settings: Settings, sockets: list[socket.socket]) -> Any:
    return Adjustments(
        sockets=sockets,
        threads=THREADS,
        backlog=process_start.BACKLOG,
        connection_limit=CONNECTIONS,
        channel_timeout=IDLE,
        cleanup_interval=10,
        max_request_header_size=HEADER_LIMIT,
        # The parser refuses from this size on, the guards above theirs.
        max_request_body_size=DESK_BODY_LIMIT + 1,
        # What a citizen sends waits in memory, however long it is, never in a file on its way.
        inbuf_overflow=REPORT_BODY_LIMIT + 1,
        ident=None,
        server_name=settings.host,
        url_scheme=urlsplit(settings.base_url).scheme,
        # Kept only for the guards' ProxyFix; a lone server believes nobody.
        clear_untrusted_proxy_headers=not settings.trusted_proxies,
        log_socket_errors=False,
        expose_tracebacks=False,
    )
