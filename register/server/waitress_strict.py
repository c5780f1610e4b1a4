"""waitress made strict and quiet, and the loop behind it.

waitress answers some requests itself, before the application: those answers carry the register's
headers and words too. It also unpacks chunked bodies without a word to the application, so they
are refused where they are parsed.

waitress's own loop asks every connection, at every turn, what it is waiting for: three hundred
clients that dawdle then double what a reader waits. Here a connection is asked again only when
something may have changed: after an event of its own, and as long as a thread works for it.
"""

from __future__ import annotations

import selectors
import socket
import time
from contextlib import suppress
from typing import Any

from waitress import wasyncore
from waitress.channel import HTTPChannel
from waitress.parser import HTTPRequestParser, ParsingError, TransferEncodingNotImplemented
from waitress.server import TcpWSGIServer
from waitress.task import ErrorTask, WSGITask
from waitress.utilities import RequestEntityTooLarge

from register.concurrency_limit import ARRIVAL_TIME_KEY
from register.web.errors import refusal
from register.web.l10n import without_prefix
from register.web.request_validation import body_limit

RECEIVING = 120  # seconds that one request may take to arrive, however often it sends a byte
LINGERING = 10  # seconds that a refused request is still listened to


class Parser(HTTPRequestParser):  # type: ignore[misc] # waitress has no types
    """Refuses every body whose length is not said beforehand."""

    completed: bool
    headers_finished: bool

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
        if self._is_too_long():
            self.expect_continue = False

    def received(self, data: bytes) -> int:
        """Take bytes in; a body that its address does not let in is not waited for."""
        consumed = int(super().received(data))
        if self.headers_finished and not self.completed and self._is_too_long():
            self.error = RequestEntityTooLarge("refused")
            self.completed = True
        return consumed

    def _is_too_long(self) -> bool:
        return bool(self.content_length > body_limit(without_prefix(self.path)))


class Refusal(ErrorTask):  # type: ignore[misc]
    """The server's own error answer, in the register's words."""

    def execute(self) -> None:
        """Write the answer and close: what follows on the connection cannot be trusted."""
        self.status, described, body = refusal(int(self.request.error.code))
        self.response_headers.extend([*self.channel.server.own_headers, *described])
        self.set_close_on_finish()
        self.channel.lingers = True
        self.write(body)


class Answer(WSGITask):  # type: ignore[misc]
    """The application's answer; a process that is leaving says so with it."""

    ends_with_head = False

    def get_environment(self) -> dict[str, Any]:
        """The WSGI environment, which says since when the request has been waiting."""
        environ: dict[str, Any] = super().get_environment()
        environ[ARRIVAL_TIME_KEY] = self.channel.arrived
        return environ

    def build_response_header(self) -> bytes:
        """The head of the answer, with ``Connection: close`` when no other request is wanted."""
        if self.channel.server.leaving:
            self.set_close_on_finish()
        asked = self.request.headers.get("CONNECTION", "").lower() == "close"
        # waitress would close after every answer that says no length. "304 Not Modified" needs
        # none: it ends with its head (RFC 9112 §6.3), and its reader is about to ask again.
        self.ends_with_head = not (self.has_body or asked) and self.version == "1.1"
        try:
            return bytes(super().build_response_header())
        finally:
            self.ends_with_head = False

    def set_close_on_finish(self) -> None:
        """Close the connection after this answer."""
        if not self.ends_with_head:
            super().set_close_on_finish()


class Channel(HTTPChannel):  # type: ignore[misc]
    """A connection that knows since when its present request has been arriving.

    After a refusal it goes on reading for a while and throws away what comes: closing with bytes
    unread resets the connection, and the sender would see that instead of the page that says why.
    """

    parser_class = Parser
    task_class = Answer
    error_task_class = Refusal
    close_when_flushed = False
    arriving_since = 0.0
    arrived = 0.0
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
    leaving = False
    leaving_since = 0.0

    def maintenance(self, now: float) -> None:
        """Close silent connections, and those that feed one request byte by byte."""
        super().maintenance(now)
        for channel in self.active_channels.values():
            if channel.is_overdue(now):
                channel.will_close = True
        self._map.stir()

    def stop_listening(self) -> None:
        """Take no new connection; those there are go on.

        Only this process's copy is closed: another one may be listening on the same socket.
        """
        self.accepting = False
        self.del_channel()
        self.socket.close()

    def let_go(self, patience: float, now: float) -> bool:
        """Close the connections that have been idle for long enough; True when none are left.

        :param patience: seconds since the last byte, or since the process began to leave.
        """
        for channel in list(self.active_channels.values()):
            idle_since = max(channel.last_activity, self.leaving_since)
            if channel.is_overdue(now) or not (channel.is_busy or now - idle_since < patience):
                channel.handle_close()
        return not self.active_channels

    def leave(self, now: float) -> None:
        """From now on, answer each connection's next request and close it."""
        self.leaving, self.leaving_since = True, now


class Turns(dict[int, Any]):
    """waitress's map of what is open, by file descriptor, that knows what has changed in it."""

    def __init__(self) -> None:
        super().__init__()
        self._selector = selectors.DefaultSelector()
        self._restless: set[int] = set()

    def __setitem__(self, number: int, opened: Any) -> None:
        self._restless.add(number)
        super().__setitem__(number, opened)

    def __delitem__(self, number: int) -> None:
        # Before the descriptor is closed: the system may give its number to the next one.
        self._want(number, 0)
        self._restless.discard(number)
        super().__delitem__(number)

    def turn(self, timeout: float) -> None:
        """Wait for something to happen, and have it dealt with."""
        for number in list(self._restless):
            opened = self.get(number)
            if opened is None:
                continue  # closed by a thread just now
            # Asked in this order: a thread that gives the connection back in between is then seen
            # at the next turn, and not never.
            rests = _rests(opened)
            self._want(number, _wanted(opened))
            if rests:
                self._restless.discard(number)
        for key, happened in self._selector.select(timeout):
            opened = self.get(key.fd)
            if opened is None:
                continue  # closed by what happened before it in this turn
            self._restless.add(key.fd)
            if happened & selectors.EVENT_READ:
                wasyncore.read(opened)
            if happened & selectors.EVENT_WRITE and self.get(key.fd) is opened:
                wasyncore.write(opened)

    def close(self) -> None:
        """Close everything."""
        wasyncore.close_all(self)
        self._selector.close()

    def stir(self) -> None:
        """Have every connection asked again, after something was decided about all of them."""
        self._restless.update(self)

    def _want(self, number: int, events: int) -> None:
        with suppress(KeyError):
            if self._selector.get_key(number).events == events:
                return
            self._selector.unregister(number)
        if events:
            self._selector.register(number, events)


def _wanted(opened: Any) -> int:
    """What something open waits for."""
    reading = selectors.EVENT_READ if opened.readable() else 0
    # A socket that accepts has nothing to send, whatever it says.
    writing = selectors.EVENT_WRITE if opened.writable() and not opened.accepting else 0
    return reading | writing


def _rests(opened: Any) -> bool:
    """Whether nothing but an event of its own can change what it waits for."""
    if isinstance(opened, Listener):
        return False  # asked at each turn: that is when it looks after its connections
    if not isinstance(opened, Channel):
        return True
    # The lock is held by a thread that is about to give its connection back.
    if not opened.requests_lock.acquire(blocking=False):
        return False
    try:
        return not (opened.requests or opened.writable())
    finally:
        opened.requests_lock.release()
