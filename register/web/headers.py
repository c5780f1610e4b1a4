"""Security and cache headers of every response, ``Onion-Location``, and gzip of bodies.

The headers are set around the whole application rather than by Flask, so that a refusal before
Flask or a failure within it has them too.
"""

from __future__ import annotations

import gzip
from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import Any
from urllib.parse import quote, urlsplit

from flask import Flask, Response
from werkzeug.datastructures import Accept
from werkzeug.http import parse_accept_header

from register.accounts.web.current_member import is_member_path
from register.config import Settings
from register.web.l10n import without_prefix

SECURITY_HEADERS: Mapping[str, str] = MappingProxyType(
    {
        # No inline style or script, no data: URL, no other origin: code injected into an editor's
        # text does not run, and no third party learns who reads what.
        "Content-Security-Policy": (
            "default-src 'none'; style-src 'self'; img-src 'self'; media-src 'self'; "
            "script-src 'self'; connect-src 'self'; font-src 'self'; form-action 'self'; "
            "base-uri 'none'; frame-ancestors 'none'; manifest-src 'self'"
        ),
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
        # The site of a source must not learn which case its reader came from.
        "Referrer-Policy": "same-origin",
        "Permissions-Policy": (
            "accelerometer=(), autoplay=(), browsing-topics=(), camera=(), display-capture=(), "
            "geolocation=(), gyroscope=(), magnetometer=(), microphone=(), midi=(), payment=(), "
            "usb=()"
        ),
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
    }
)

# Those of requests that only read (RFC 9110 §9.2.1).
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})

# Two years. Not includeSubDomains: an association may have other sites below its name.
HSTS = "max-age=63072000"

# Caches must revalidate each time: a withdrawn case must not be read from a cache.
PAGE_CACHE_CONTROL = "no-cache"

MIN_SIZE = 1024  # bytes; a smaller body fits in one packet either way
# A higher level takes more time and saves hardly any bytes of a page.
COMPRESSION_LEVEL = 4

# Characters of a path that need no percent-encoding (RFC 3986 §3.3).
_PATH_SIGNS = "/:@!$&'()*+,;=~"

StartResponse = Callable[..., Any]
WSGI = Callable[[dict[str, Any], StartResponse], Iterable[bytes]]


def clear_browser_cache(response: Response) -> Response:
    """Have the browser drop all that it cached of this site (W3C Clear Site Data; HTTPS only)."""
    response.headers["Clear-Site-Data"] = '"cache"'
    return response


def standard_headers(settings: Settings) -> list[tuple[str, str]]:
    """The headers of every response of this register."""
    headers = list(SECURITY_HEADERS.items())
    if settings.is_https:
        headers.append(("Strict-Transport-Security", HSTS))
    return [*headers, ("Cache-Control", PAGE_CACHE_CONTROL)]


class HeadersMiddleware:
    """Middleware that adds the standard headers that a response does not set itself.

    Public pages requested at the public address also get ``Onion-Location``, with which Tor Browser
    offers their onion address.
    """

    def __init__(self, app: WSGI, settings: Settings) -> None:
        self.app = app
        self.onion_url, self.onion_host = settings.onion_url, settings.onion_host
        self.required = [
            (name.lower(), (name, header)) for name, header in standard_headers(settings)
        ]

    def __call__(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        """Pass the application's response on with the missing headers."""
        # Before the application, which changes the path.
        onion_address = self._onion_address(environ)

        def start(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
            present = {name.lower(): header for name, header in headers}
            added = [pair for name, pair in self.required if name not in present]
            is_page = present.get("content-type", "").startswith("text/html")
            if onion_address and is_page and status.startswith("200 "):
                added.append(("Onion-Location", onion_address))
            return start_response(status, [*headers, *added], exc_info)

        return self.app(environ, start)

    def _onion_address(self, environ: dict[str, Any]) -> str:
        """The address of a page at the onion host; empty when the request may not be offered it.

        Not the pages of members and of report follow-up, whose session belongs to the address at
        which it was opened; nor requests at the onion address itself.
        """
        if not self.onion_url or environ["REQUEST_METHOD"] not in ("GET", "HEAD"):
            return ""
        path = environ.get("PATH_INFO", "")
        page_path = without_prefix(path)
        is_follow_up = page_path == "/suivi" or page_path.startswith("/suivi/")
        host = urlsplit(f"//{environ.get('HTTP_HOST', '')}").hostname
        if host == self.onion_host or is_follow_up or is_member_path(page_path):
            return ""
        # WSGI hands over the path decoded.
        address = self.onion_url + quote(path.encode("latin-1"), safe=_PATH_SIGNS)
        query_string = environ.get("QUERY_STRING")
        return f"{address}?{query_string}" if query_string else address


def attach(app: Flask, settings: Settings) -> None:
    """Add the middleware to an application; called last, so that it is the outermost."""
    app.wsgi_app = HeadersMiddleware(app.wsgi_app, settings)  # type: ignore[method-assign]


def takes_gzip(environ: dict[str, Any]) -> bool:
    """Whether a request accepts gzip; ``gzip;q=0`` refuses it (RFC 9110 §12.5.3)."""
    accepted = environ.get("HTTP_ACCEPT_ENCODING", "")
    return bool(accepted) and bool(parse_accept_header(accepted, Accept)["gzip"])


def gzip_body(body: bytes) -> bytes:
    """A body as gzip, deterministic; empty when that saves too little."""
    if len(body) < MIN_SIZE:
        return b""
    compressed = gzip.compress(body, COMPRESSION_LEVEL, mtime=0)
    return compressed if len(compressed) < len(body) else b""
