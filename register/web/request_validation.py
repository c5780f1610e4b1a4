"""Refusal of malformed requests before Flask sees them: address, host, length of the body.

Every view can rely on a path and query that are text, on a host of ours, and on a body of known and
bounded length that has arrived whole.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any
from urllib.parse import unquote_to_bytes, urlsplit

from flask import Flask, request
from werkzeug.middleware.proxy_fix import ProxyFix

from register.accounts.web.current_member import is_member_path
from register.config import Settings
from register.hosts import is_ip_address
from register.web.errors import refusal
from register.web.headers import WSGI, StartResponse
from register.web.l10n import request_language

HEAD_LIMIT = 16 * 1024  # bytes of the address, and of all headers together
QUERY_LIMIT = 4096  # bytes, as sent
PARAMETER_LIMIT = 200
BODY_LIMIT = 1024 * 1024
# Forms of the desk hold a whole case. In a report, 200,000 characters pasted into one field by
# mistake, at four bytes each, must come back with an error and the rest of the form; the limit is
# lower there because reports queue in memory.
DESK_BODY_LIMIT = 4 * 1024 * 1024
REPORT_BODY_LIMIT = 2 * 1024 * 1024
_REPORT_PATH = re.compile(r"/(?:signaler|suivi)(?:/|\Z)")
# Forms sent with their files, by browsers without JavaScript. Proxies pass their bodies on as they
# come, since a temporary file of theirs would hold the evidence in clear.
UPLOAD_PATHS = frozenset(
    {
        "/signaler/avec-fichiers",
        "/suivi/message/avec-fichiers",
        "/droit-de-reponse/avec-fichiers",
        "/moderation/pieces/avec-fichiers",
    }
)
# Seconds without a byte of a body.
_SILENCE_LIMIT = 60
# Fields of one form of the desk: forty sources, forty proceedings and their steps.
DESK_FORM_PARTS = 12_000

_HOST = re.compile(r"(\[[0-9a-f:.]{2,45}\]|[a-z0-9.-]{1,253})(?::([0-9]{1,5}))?")
_LENGTH = re.compile(r"[0-9]{1,15}")
# C0, DEL and C1: nobody types them, and some end a line or a string in other programs.
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f]")
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "[::1]"})
# What asks them names a machine: a container's health check, a monitor, a load balancer.
_PROBE_PATHS = frozenset({"/healthz", "/readyz", "/metrics"})


class RequestValidator:
    """Middleware that refuses malformed requests with a plain page."""

    def __init__(self, app: WSGI, settings: Settings) -> None:
        self.app = app
        self.hosts = AllowedHosts(settings)
        self.scheme = urlsplit(settings.base_url).scheme
        self.is_behind_proxy = bool(settings.trusted_proxies)
        self.upload_limit = upload_limit(settings)

    def __call__(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        """Refuse the request, or let the application answer."""
        query_string = environ.get("QUERY_STRING", "")
        if len(query_string) > QUERY_LIMIT or query_string.count("&") >= PARAMETER_LIMIT:
            status: int | None = 414
        elif _is_head_too_long(environ):
            status = 431
        elif _is_address(environ) and (
            self.hosts.allows(environ.get("HTTP_HOST", "")) or _is_probe(environ)
        ):
            status = body_refusal_status(environ, self.upload_limit)
        else:
            status = 400
        if status is None:
            # The proxy's X-Forwarded-Proto comes after it, where one is trusted.
            environ["wsgi.url_scheme"] = self.scheme
            # With this promise of the server, a body that breaks off before its length would be
            # read as a whole one.
            environ.pop("wsgi.input_terminated", None)
            if environ["REQUEST_METHOD"] == "POST" and "gunicorn.socket" in environ:
                # A phone that lost its network must not hold a thread for ever.
                environ["gunicorn.socket"].settimeout(_SILENCE_LIMIT)
            return self.app(environ, start_response)
        if status == 413 and self.is_behind_proxy and environ["PATH_INFO"] not in UPLOAD_PATHS:
            # The server would close the connection with bytes unread, and the proxy would report
            # that instead of this page. It has the whole body, and limits it.
            while environ["wsgi.input"].read(65536):
                pass
        return refusal(status, request_language(environ))(environ, start_response)


class AllowedHosts:
    """Host names and ports under which this register answers.

    Any other name is an attempt at cache poisoning, or a site that imitates ours.
    """

    def __init__(self, settings: Settings) -> None:
        self.loopback = settings.is_loopback
        self.names: dict[str, frozenset[str | None]] = {}
        for url in filter(None, (settings.base_url, settings.onion_url)):
            parts = urlsplit(url)
            name = (parts.hostname or "").lower()
            default_port = "443" if parts.scheme == "https" else "80"
            port = str(parts.port or default_port)
            # The scheme's default port may be left out.
            ports = {port, None} if port == default_port else {port}
            self.names[f"[{name}]" if ":" in name else name] = frozenset(ports)
        if self.loopback:
            # On this machine, tests and tunnels choose their own port.
            self.names |= dict.fromkeys(_LOOPBACK, frozenset())

    def allows(self, header: str) -> bool:
        """Whether a ``Host`` header (RFC 9110 §7.2) is one of ours."""
        match = _HOST.fullmatch(header.lower())
        if match is None or match[1] not in self.names:
            return False
        return self.loopback or match[2] in self.names[match[1]]


def upload_limit(settings: Settings) -> int:
    """Maximum bytes of a form with its files."""
    return settings.evidence_files * settings.evidence_file_bytes + REPORT_BODY_LIMIT


def body_refusal_status(environ: dict[str, Any], uploads: int) -> int | None:
    """400 for a body without a decimal length, 413 for one that is too long, else None.

    :param uploads: maximum bytes of a form with its files.
    """
    if "HTTP_TRANSFER_ENCODING" in environ:
        # Some servers silently cut a chunked body at the limit: half a report would be accepted.
        return 400
    length = environ.get("CONTENT_LENGTH") or "0"
    if not _LENGTH.fullmatch(length):
        return 400
    return 413 if int(length) > body_limit(environ.get("PATH_INFO", ""), uploads) else None


def body_limit(path: str, uploads: int) -> int:
    """Maximum bytes of a body sent to a path.

    :param uploads: those of a form with its files.
    """
    if path in UPLOAD_PATHS:
        return uploads
    if is_member_path(path):
        return DESK_BODY_LIMIT
    return REPORT_BODY_LIMIT if _REPORT_PATH.match(path) else BODY_LIMIT


def _is_head_too_long(environ: dict[str, Any]) -> bool:
    headers = (len(value) for name, value in environ.items() if name.startswith("HTTP_"))
    return max(sum(headers), len(environ.get("RAW_URI", ""))) > HEAD_LIMIT


def _is_address(environ: dict[str, Any]) -> bool:
    path, query_string = environ.get("PATH_INFO", ""), environ.get("QUERY_STRING", "")
    # "GET http://elsewhere/" names a host past the Host header (RFC 9112 §3.2.2).
    if not path.startswith("/") or not environ.get("RAW_URI", "/").startswith("/"):
        return False
    # WSGI passes bytes as Latin-1 (PEP 3333); the path is already unquoted, the query is not.
    return _is_text(path.encode("latin-1")) and _is_text(
        unquote_to_bytes(query_string.encode("latin-1"))
    )


def _is_probe(environ: dict[str, Any]) -> bool:
    """Whether a health check is asked for by the address of a machine instead of our name."""
    match = _HOST.fullmatch(environ.get("HTTP_HOST", "").lower())
    if match is None or environ["PATH_INFO"] not in _PROBE_PATHS:
        return False
    return match[1] in _LOOPBACK or is_ip_address(match[1].strip("[]"))


def _is_text(raw: bytes) -> bool:
    try:
        return not _CONTROL.search(raw.decode("utf-8"))
    except UnicodeDecodeError:
        return False


def attach(app: Flask, settings: Settings) -> None:
    """Add the middleware and the form limits to an application."""
    app.config["MAX_CONTENT_LENGTH"] = BODY_LIMIT

    def raise_form_limits() -> None:
        limit = body_limit(request.path, upload_limit(settings))
        if limit > BODY_LIMIT:
            request.max_content_length = limit
            request.max_form_memory_size = min(limit, DESK_BODY_LIMIT)
        if is_member_path(request.path):
            request.max_form_parts = DESK_FORM_PARTS

    # First, because the CSRF check already reads the form.
    app.before_request_funcs.setdefault(None, []).insert(0, raise_form_limits)
    if settings.trusted_proxies:
        # Only the client's address and scheme. The host comes from the Host header alone: a proxy
        # that does not set X-Forwarded-Host passes on the client's own.
        app.wsgi_app = ProxyFix(  # type: ignore[method-assign]
            app.wsgi_app, x_for=settings.trusted_proxies, x_proto=settings.trusted_proxies, x_host=0
        )
    app.wsgi_app = RequestValidator(app.wsgi_app, settings)  # type: ignore[method-assign]
