"""The server of the embedded default: waitress, made strict and quiet.

waitress answers some requests itself, before the application: those answers carry the register's
headers and words too. It also unpacks chunked bodies without a word to the application, so they
are refused where they are parsed. On TERM or INT it takes no new request, finishes those under
way, and only then ends.
"""

from __future__ import annotations

import resource
import signal
import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit

from flask import Flask
from sqlalchemy.orm import Session
from waitress import wasyncore
from waitress.adjustments import Adjustments
from waitress.channel import HTTPChannel
from waitress.parser import (
    HTTPRequestParser,
    ParsingError,
    TransferEncodingNotImplemented,
)
from waitress.server import TcpWSGIServer
from waitress.task import ErrorTask, ThreadedTaskDispatcher

from register.config import Settings, missing_for_public
from register.db import db
from register.errors import ConfigError
from register.operations import opening, schema
from register.web import headers
from register.web.errors import plain, status_line
from register.web.guards import BODY_LIMIT
from register.web.logs import log

THREADS = 8
HEADER_LIMIT = 16 * 1024
CONNECTIONS = 1000  # waitress's own 100 let a hundred half-sent requests shut everybody out
IDLE = 30  # seconds that a silent connection is kept
RECEIVING = 120  # seconds that one request may take to arrive, however often it sends a byte
QUEUED = 50
LINGERING = 10  # seconds that a refused request is still listened to
DRAINING = 10  # seconds that requests under way are given at the end


class Parser(HTTPRequestParser):  # type: ignore[misc] # waitress has no types
    """Refuses every body whose length is not said beforehand."""

    def parse_header(self, header_plus: bytes) -> None:
        """Parse a request's head.

        :raises ParsingError: it is malformed, or has a ``Transfer-Encoding``.
        """
        try:
            super().parse_header(header_plus)
            if self.chunked:
                raise ParsingError("Transfer-Encoding")
        except (ParsingError, TransferEncodingNotImplemented, ValueError) as error:
            # ValueError: "http://[/", or a length of more digits than Python will count.
            # Nothing more is wanted: "100 Continue" would ask for the body all the same.
            self.expect_continue = False
            raise ParsingError("refused") from error
        if self.content_length >= self.adj.max_request_body_size:
            self.expect_continue = False


class Refusal(ErrorTask):  # type: ignore[misc]
    """The server's own error answer, in the register's words."""

    def execute(self) -> None:
        """Write the answer and close: what follows on the connection cannot be trusted."""
        code = int(self.request.error.code)
        code = 400 if code == 501 else code
        body = plain(code)
        self.status = status_line(code)
        self.response_headers.extend(self.channel.server.own_headers)
        self.response_headers.append(("Content-Type", "text/html; charset=utf-8"))
        self.set_close_on_finish()
        self.channel.lingers = True
        self.content_length = len(body)
        self.write(body)


class Channel(HTTPChannel):  # type: ignore[misc]
    """A connection that knows since when its present request has been arriving.

    After a refusal it goes on reading for a while and throws away what comes: closing with bytes
    unread resets the connection, and the sender would see that instead of the page that says why.
    """

    parser_class = Parser
    error_task_class = Refusal
    close_when_flushed = False
    arriving_since = 0.0
    lingers = False
    lingering_since = 0.0

    def received(self, data: bytes) -> bool:
        """Take bytes in."""
        if self.lingering_since:
            return False
        if self.request is None:
            self.arriving_since = time.time()
        return bool(super().received(data))

    def readable(self) -> bool:
        """Whether bytes are wanted."""
        return bool(self.lingering_since and not self.will_close) or bool(super().readable())

    def handle_write(self) -> None:
        """Send what there is; after a refusal, end our side only."""
        if not (self.lingers and self.close_when_flushed):
            super().handle_write()
            return
        self._flush_exception(self._flush_some)
        if self.connected and not self.total_outbufs_len:
            self.close_when_flushed = False
            self.lingering_since = time.time()
            with suppress(OSError):
                self.socket.shutdown(socket.SHUT_WR)

    def is_overdue(self, now: float) -> bool:
        """Whether a request has been arriving, or a refusal been read on, for too long."""
        arriving = self.request is not None and self.arriving_since < now - RECEIVING
        return arriving or 0 < self.lingering_since < now - LINGERING

    @property
    def is_busy(self) -> bool:
        """Whether a request is arriving or under way, or an answer is not sent yet."""
        return bool(self.request or self.requests or self.total_outbufs_len)


class Listener(TcpWSGIServer):  # type: ignore[misc]
    """One listening socket."""

    channel_class = Channel
    own_headers: list[tuple[str, str]]

    def maintenance(self, now: float) -> None:
        """Close silent connections, and those that feed one request byte by byte."""
        super().maintenance(now)
        for channel in self.active_channels.values():
            if channel.is_overdue(now):
                channel.will_close = True

    def stop_listening(self) -> None:
        """Take no new connection; those there are go on."""
        self.accepting = False
        self.del_channel()
        self.socket.close()

    def let_go(self) -> bool:
        """Close the connections that have nothing under way; True when there are none left."""
        for channel in list(self.active_channels.values()):
            if not channel.is_busy:
                channel.handle_close()
        return not self.active_channels


class Server:
    """The listening sockets of one address, and the threads behind them."""

    def __init__(self, app: Flask, host: str, port: int) -> None:
        """Listen, so that whoever connects from now on is answered.

        :raises ConfigError: ``config_listen``: no such address here, or it is taken.
        """
        settings: Settings = app.extensions["register.settings"]
        self._map: dict[int, Any] = {}
        self._dispatcher = ThreadedTaskDispatcher()
        self._stopping = threading.Event()
        self._listeners: list[Any] = []
        try:
            adjustments = _adjustments(settings, host, port)
            for address in adjustments.listen:
                self._listeners.append(self._listen(app, adjustments, address))
        except (OSError, ValueError) as error:
            self.close()
            raise ConfigError("config_listen", host=host, port=port) from error
        for listener in self._listeners:
            listener.own_headers = headers.always(settings)
        self.port = int(self._listeners[0].effective_port)

    def _listen(self, app: Flask, adjustments: Any, address: Any) -> Listener:
        return Listener(
            app, self._map, dispatcher=self._dispatcher, adj=adjustments, sockinfo=address
        )

    def run(self) -> None:
        """Serve until :meth:`stop`, then finish what is under way."""
        self._dispatcher.set_thread_count(THREADS)
        try:
            while not self._stopping.is_set():
                self._turn(1)
            self._drain()
        finally:
            self._dispatcher.shutdown(timeout=1)
            self.close()

    def stop(self, *_signal: object) -> None:
        """Ask the server to end; from any thread or a signal handler."""
        self._stopping.set()
        for listener in self._listeners:
            with suppress(OSError):  # it has ended already
                listener.pull_trigger()

    def close(self) -> None:
        """Close every socket."""
        for listener in self._listeners:
            listener.trigger.close()
        wasyncore.close_all(self._map)

    def _turn(self, timeout: float) -> None:
        # poll and not select, which knows no file descriptor past 1,023.
        wasyncore.loop(timeout=timeout, use_poll=True, map=self._map, count=1)

    def _drain(self) -> None:
        # Whoever is already in the system's queue has been told that we listen.
        for _connection in range(QUEUED):
            self._turn(0)
        for listener in self._listeners:
            listener.stop_listening()
        deadline = time.monotonic() + DRAINING
        while time.monotonic() < deadline:
            # First what has arrived is read, then those without anything under way are let go.
            self._turn(0.05)
            still = [listener for listener in self._listeners if not listener.let_go()]
            if not still:
                return


def require_startable(app: Flask) -> None:
    """Let a register pass that may be served.

    :raises RegisterError: another schema, no seal key, or no legal notice at a public address.
    """
    settings: Settings = app.extensions["register.settings"]
    missing = missing_for_public(settings)
    if missing:
        raise ConfigError("config_legal", names=missing)
    with app.app_context():
        schema.require(db.engine)
        with Session(db.engine) as session:
            opening.require_seal(settings, session)


def serve(app: Flask, host: str, port: int, listening: Callable[[int], None] | None = None) -> None:
    """Serve until TERM or INT.

    :param listening: called with the port once connections are taken; port 0 picks a free one.
    :raises RegisterError: the register may not be served, or not at this address.
    """
    require_startable(app)
    _room_for_connections()
    server = Server(app, host, port)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, server.stop)
    log().info("serving", threads=THREADS)
    if listening:
        listening(server.port)
    server.run()
    log().info("stopped")


def _adjustments(settings: Settings, host: str, port: int) -> Any:
    return Adjustments(
        host=host,
        port=port,
        threads=THREADS,
        connection_limit=CONNECTIONS,
        channel_timeout=IDLE,
        cleanup_interval=10,
        max_request_header_size=HEADER_LIMIT,
        # The parser refuses from this size on, the guards above theirs.
        max_request_body_size=BODY_LIMIT + 1,
        ident=None,
        server_name=settings.host,
        url_scheme=urlsplit(settings.base_url).scheme,
        # Kept only for the guards' ProxyFix; a lone server believes nobody.
        clear_untrusted_proxy_headers=not settings.trusted_proxies,
        log_socket_errors=False,
        expose_tracebacks=False,
    )


def _room_for_connections() -> None:
    """Allow as many open files as connections need, as far as the system lets a process."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = CONNECTIONS + 200
    if soft != resource.RLIM_INFINITY and soft < wanted:
        limit = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        with suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (limit, hard))
