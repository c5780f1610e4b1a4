"""One page of the public web, fetched within limits of time, size and redirects.

Each host is resolved once and the connection made to that very address, with the host's name in
the TLS handshake and in ``Host``: a name that resolves differently a moment later (DNS rebinding)
changes nothing. Nothing is read from the environment (no proxy), no cookie is sent back, and no
content is decompressed: what was sent is what is kept.
"""

from __future__ import annotations

import http.client
import logging
import os
import re
import socket
import ssl
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from urllib.parse import urljoin

from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import HTTPError, NewConnectionError, SSLError
from urllib3.exceptions import TimeoutError as Urllib3Timeout
from urllib3.response import HTTPResponse

from register.sources.public_addresses import (
    PUBLIC_WEB,
    AddressRules,
    FetchError,
    FetchFailure,
    WebAddress,
    parse_web_address,
    resolve_public,
)

# urllib3 warns of malformed headers with the address, which may be that of a draft's source.
logging.getLogger("urllib3").setLevel(logging.CRITICAL)

_CHUNK = 65_536
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
# Statuses by which a server may refuse HEAD for a page that it has.
_HEAD_REFUSED = frozenset({400, 401, 403, 404, 405, 406, 410, 429, 500, 501, 502, 503})
_FOLDED = re.compile(r"\r?\n[ \t]+")


@dataclass(frozen=True)
class FetchLimits:
    """Limits of one page, redirects included; ``pause`` is the longest wait for one read."""

    size: int = 20 * 1024 * 1024
    headers: int = 64 * 1024
    seconds: float = 60.0
    pause: float = 15.0
    redirects: int = 5


@dataclass(frozen=True)
class Exchange:
    """A request and its response; ``body`` is as the server sent it, without chunk marks."""

    url: str
    address: str
    at: datetime
    method: str
    target: str
    request_headers: Sequence[tuple[str, str]]
    status: int
    reason: str
    version: str
    headers: Sequence[tuple[str, str]]
    body: bytes = b""

    def header(self, name: str) -> str:
        """The first value of a response header; empty when there is none."""
        lower = name.lower()
        return next((value for key, value in self.headers if key.lower() == lower), "")


@dataclass
class PageFetcher:
    """Fetches pages; ``user_agent`` says to their hosts who does."""

    user_agent: str
    limits: FetchLimits = field(default_factory=FetchLimits)
    rules: AddressRules = PUBLIC_WEB

    def fetch(self, url: str) -> list[Exchange]:
        """A page with the redirects that led to it, in order.

        :raises FetchError: also for an answer that is an error (``status``).
        """
        exchanges = self._follow(url, "GET", self.limits.size)
        if not 200 <= exchanges[-1].status < 300:
            raise FetchError(FetchFailure.STATUS, exchanges[-1].status)
        return exchanges

    def check(self, url: str) -> int:
        """The status of a page, read without its content.

        :raises FetchError: when there is no answer.
        """
        status = self._follow(url, "HEAD", 0)[-1].status
        return self._follow(url, "GET", 0)[-1].status if status in _HEAD_REFUSED else status

    def _follow(self, url: str, method: str, size: int) -> list[Exchange]:
        deadline = time.monotonic() + self.limits.seconds
        exchanges: list[Exchange] = []
        while True:
            address = parse_web_address(url, self.rules)
            exchange = self._exchange(address, method, size, deadline)
            exchanges.append(exchange)
            size -= len(exchange.body) if size else 0
            location = exchange.header("Location")
            if exchange.status not in _REDIRECTS or not location:
                return exchanges
            if len(exchanges) > self.limits.redirects:
                raise FetchError(FetchFailure.REDIRECTS)
            try:
                url = urljoin(address.url, _utf8(location.strip()))
            except ValueError as error:  # its words would have the address in a log
                raise FetchError(FetchFailure.ADDRESS) from error

    def _exchange(self, address: WebAddress, method: str, size: int, deadline: float) -> Exchange:
        started = datetime.now(UTC)
        headers = {
            "Host": address.authority,
            "User-Agent": self.user_agent,
            "Accept": "text/html,application/xhtml+xml,application/pdf;q=0.9,*/*;q=0.8",
            "Accept-Language": "fr,en;q=0.5",
            "Accept-Encoding": "identity",
            "Connection": "close",
        }
        literals = resolve_public(address, self.rules)
        try:
            connection, literal = self._connect(address, literals, deadline)
            with (
                closing(connection),
                _cut_off(connection.sock, deadline - time.monotonic()),
                closing(_response(connection, method, address.target, headers)) as response,
            ):
                response_headers = self._checked_headers(response)
                body = _read(response, size, deadline) if size else b""
        except NewConnectionError as error:  # a kind of timeout for urllib3
            raise _failure(FetchFailure.NO_CONNECTION, deadline) from error
        except (Urllib3Timeout, TimeoutError) as error:
            raise FetchError(FetchFailure.TOO_SLOW) from error
        except OSError as error:
            raise _failure(FetchFailure.NO_CONNECTION, deadline) from error
        except (HTTPError, http.client.HTTPException, ValueError) as error:
            raise _failure(FetchFailure.MALFORMED, deadline) from error
        return Exchange(
            url=address.url,
            address=literal,
            at=started,
            method=method,
            target=address.target,
            request_headers=tuple(headers.items()),
            status=response.status,
            reason=response.reason or "",
            version=f"HTTP/{response.version // 10}.{response.version % 10}",
            headers=response_headers,
            body=body,
        )

    def _connect(
        self, address: WebAddress, literals: Sequence[str], deadline: float
    ) -> tuple[HTTPConnection, str]:
        """A connection to the first address of the host that answers, of three at most."""
        last_error: Exception = FetchError(FetchFailure.UNRESOLVED)
        for literal in literals[:3]:
            connection = self._connection(address, literal, deadline)
            try:
                connection.connect()
            except (SSLError, ssl.SSLError) as error:
                connection.close()
                raise _failure(FetchFailure.CERTIFICATE, deadline) from error
            except (HTTPError, OSError) as error:
                connection.close()
                last_error = error
            else:
                return connection, literal
        raise last_error

    def _connection(self, address: WebAddress, literal: str, deadline: float) -> HTTPConnection:
        timeout = min(self.limits.pause, deadline - time.monotonic())
        if timeout <= 0:
            raise FetchError(FetchFailure.TOO_SLOW)
        if address.scheme == "http":
            return HTTPConnection(literal, address.port, timeout=timeout)
        return HTTPSConnection(
            literal,
            address.port,
            timeout=timeout,
            cert_reqs="CERT_REQUIRED",
            ca_certs=self.rules.authorities,
            server_hostname=address.host,
        )

    def _checked_headers(self, response: HTTPResponse) -> tuple[tuple[str, str], ...]:
        headers = tuple(
            (name, _FOLDED.sub(" ", value)) for name, value in response.headers.iteritems()
        )
        if sum(len(name) + len(value) + 4 for name, value in headers) > self.limits.headers:
            raise FetchError(FetchFailure.TOO_LARGE)
        return headers


def _response(
    connection: HTTPConnection, method: str, target: str, headers: Mapping[str, str]
) -> HTTPResponse:
    connection.request(method, target, headers=headers, preload_content=False, decode_content=False)
    return connection.getresponse()


def _read(response: HTTPResponse, size: int, deadline: float) -> bytes:
    """The body of a response, without decompressing it.

    :raises FetchError: ``too_large``, ``too_slow``.
    """
    announced = response.headers.get("Content-Length", "")
    if announced.isdecimal() and int(announced[:20]) > size:
        raise FetchError(FetchFailure.TOO_LARGE)
    body = bytearray()
    # One read of the connection at a time: the time is checked after each.
    while chunk := response.read1(_CHUNK, decode_content=False):
        body += chunk
        if len(body) > size:
            raise FetchError(FetchFailure.TOO_LARGE)
        if time.monotonic() > deadline:
            raise FetchError(FetchFailure.TOO_SLOW)
    if time.monotonic() > deadline:
        raise FetchError(FetchFailure.TOO_SLOW)  # ended by the cut-off, not by the server
    return bytes(body)


@contextmanager
def _cut_off(sock: socket.socket, seconds: float) -> Iterator[None]:
    """Shut a connection down after some seconds, whatever is being read.

    A server that sends one byte of a header from time to time keeps every single read within its
    timeout. A second descriptor of the connection is used, because a TLS socket may not be closed
    by another thread while it is read.
    """
    twin = socket.socket(fileno=os.dup(sock.fileno()))

    def shut_down() -> None:
        with suppress(OSError):
            twin.shutdown(socket.SHUT_RDWR)

    timer = threading.Timer(max(0.0, seconds), shut_down)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        timer.join()
        twin.close()


def _failure(failure: FetchFailure, deadline: float) -> FetchError:
    is_late = time.monotonic() > deadline
    return FetchError(FetchFailure.TOO_SLOW if is_late else failure)


def _utf8(header: str) -> str:
    """A header that was sent in UTF-8, which HTTP libraries read as Latin-1."""
    with suppress(UnicodeError):
        return header.encode("latin-1").decode("utf-8")
    return header
