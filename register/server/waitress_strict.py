"""waitress made strict and quiet.

waitress answers some requests itself, before the application: those answers carry the register's
headers and words too. It also unpacks chunked bodies without a word to the application, so they
are refused where they are parsed.
"""

from __future__ import annotations

import socket
import time
from contextlib import suppress
from typing import Any

from waitress.channel import HTTPChannel
from waitress.parser import HTTPRequestParser, ParsingError, TransferEncodingNotImplemented
from waitress.server import TcpWSGIServer
from waitress.task import ErrorTask, WSGITask
from waitress.utilities import RequestEntityTooLarge

from register.bulkhead import ARRIVAL_TIME_KEY
from register.web.errors import refusal
from register.web.languages import without_prefix
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
