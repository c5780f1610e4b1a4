"""In-memory cache of public pages, answered before Flask runs.

The middleware is directly around Flask, inside request validation and headers, which therefore
apply to cached pages too. It reads the data version with one statement (and the state of the index
for a full-text search). If the page of that version is cached, or the client has it already, Flask
does not run. Otherwise the response of Flask is cached, byte for byte, under the version that the
request itself read first.

Only pages for anonymous readers are cached: status 200 of the public pages, without ``Set-Cookie``
and ``no-store``, to a request without cookie.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from threading import Lock
from typing import Any

from flask import Flask

from register.cases.data_version import DataVersionReader
from register.concurrency_limit import Bulkhead
from register.db import db
from register.errors import Unavailable
from register.web import etag
from register.web.errors import refusal
from register.web.fragments import CACHE_LIMIT, ByteLimitedCache
from register.web.headers import WSGI, StartResponse, gzip_body, takes_gzip
from register.web.l10n import request_language

# Bytes of Python objects for one entry, and of its place in the table.
PAGE_OVERHEAD = 600
# A page is at least four times as long as its compressed form.
GZIP_RATIO = 4
VARY_HEADER = ("Vary", "Accept-Encoding")

# Addresses with a query (searches, filters, further pages) are made by two threads at a time and
# wait in 158 more: connections are not spread evenly over processes, and one may get all of 160
# readers. The other threads of a server are for cached pages and whole lists.
RUNNING_SEARCHES, WAITING_SEARCHES = 2, 158
SEARCH_TIMEOUT = 10.0  # seconds
RETRY_AFTER = 2  # seconds

_PUBLIC_ENDPOINTS = "public."
# Most readers arrive at these pages, and aggregators at the last. The feeds of single cases are not
# included: a robot that fetches all of them would evict the cases themselves.
_CASE_PATH = re.compile(r"/incidents/[1-9][0-9]*")
_RESERVED_PATHS = frozenset({"/", "/incidents.atom"})
# Headers that describe a body, left out of a 304 (RFC 9110 §15.4.5).
_BODY_HEADERS = frozenset(
    {
        "content-disposition",
        "content-encoding",
        "content-language",
        "content-length",
        "content-range",
        "content-type",
    }
)

HeaderFields = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class CachedPage:
    """A response of the application.

    :param modified_at: time of the last change of its content, if the view knows it.
    """

    headers: HeaderFields
    body: bytes
    modified_at: datetime | None = None

    @cached_property
    def gzipped(self) -> bytes:
        """The body as gzip, compressed at first use; empty when that saves too little."""
        return gzip_body(self.body)

    @property
    def size(self) -> int:
        """Approximate bytes of memory, including the compressed body."""
        header_size = sum(len(name) + len(field_value) for name, field_value in self.headers)
        return PAGE_OVERHEAD + header_size + len(self.body) + len(self.body) // GZIP_RATIO


class PageCaches:
    """Two caches under one lock: one reserved for home and cases, one for all other pages.

    Requests with random filters fill the second only, half as large, and evict nothing from the
    first.
    """

    def __init__(self, limit: int = CACHE_LIMIT) -> None:
        self._limit = limit
        self._lock = Lock()
        self._clear(position="")

    @property
    def size(self) -> int:
        """Bytes stored in both."""
        return self._reserved.size + self._general.size

    def _clear(self, position: str) -> None:
        self._reserved: ByteLimitedCache[str, CachedPage] = ByteLimitedCache(self._limit)
        self._general: ByteLimitedCache[str, CachedPage] = ByteLimitedCache(self._limit // 2)
        self._position = position

    def find(self, position: str, key: str) -> CachedPage | None:
        """The page stored under a key; a new position clears both caches first.

        No key leads to pages of an earlier position, but withdrawn words must not stay in memory.
        """
        with self._lock:
            if position != self._position:
                self._clear(position)
            return self._reserved.find(key) or self._general.find(key)

    def store(self, position: str, key: str, page: CachedPage, *, reserved: bool) -> None:
        """Store a page, unless the position has changed since it was looked up."""
        with self._lock:
            if position == self._position:
                cache = self._reserved if reserved else self._general
                cache.store(key, page, len(key) + page.size)


class PageCacheMiddleware:
    """Answers with cached pages, and caches the responses of Flask."""

    def __init__(self, app: Flask, watch: DataVersionReader) -> None:
        self.app: WSGI = app.wsgi_app
        self._searches = Bulkhead(RUNNING_SEARCHES, WAITING_SEARCHES, SEARCH_TIMEOUT)
        self.caches = PageCaches()
        self._flask = app
        self._watch = watch

    def __call__(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        """Answer from the cache, or let Flask answer."""
        is_public = _first_segment(environ["PATH_INFO"]) in self.first_segments
        if not is_public:
            return self.app(environ, start_response)
        if not etag.is_anonymous(environ):
            return self._call_flask(environ, start_response)
        data_version = self._watch.read()
        if data_version is not None:
            environ[etag.PRIMARY_KEY] = data_version
            build_id = self._flask.extensions[etag.BUILD_KEY]
            version = etag.page_version(
                data_version, build_id, environ, etag.index_stamp(self._flask, environ)
            )
            page = self.caches.find(version.position, version.tag)
            if page is not None:
                return _send_page(page, version.tag, environ, start_response)
            if_none_match = environ.get("HTTP_IF_NONE_MATCH", "").strip()
            # "*" matches any existing page, and only Flask knows whether the page exists.
            if if_none_match != "*" and etag.matches_tag(if_none_match, version.tag):
                start_response("304 Not Modified", [("ETag", f'"{version.tag}"')])
                return []
        # If the database cannot be read, Flask has the error page for it.
        return self._answer_by_flask(environ, start_response)

    @cached_property
    def first_segments(self) -> frozenset[str]:
        """Those of paths to public pages; requests for others do not wait for the database."""
        return frozenset(
            _first_segment(rule.rule)
            for rule in self._flask.url_map.iter_rules()
            if rule.endpoint.startswith(_PUBLIC_ENDPOINTS)
        )

    def _call_flask(
        self, environ: dict[str, Any], start_response: StartResponse
    ) -> Iterable[bytes]:
        """The response of Flask; 503 for a search while too many others are made."""
        if not environ.get("QUERY_STRING"):
            return self.app(environ, start_response)
        try:
            with self._searches.turn():
                return self.app(environ, start_response)
        except Unavailable:
            response = refusal(503, request_language(environ))
            response.headers["Retry-After"] = str(RETRY_AFTER)
            return response(environ, start_response)

    def _answer_by_flask(
        self, environ: dict[str, Any], start_response: StartResponse
    ) -> Iterable[bytes]:
        """The response of Flask with validators: cached if allowed, 304 if the client has it."""
        started: list[tuple[str, HeaderFields]] = []

        def start(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> None:
            started.append((status, tuple(headers)))

        body = self._call_flask(environ, start)
        status, fields = started[-1]
        notes: etag.ResponseNotes | None = environ.get(etag.NOTES_KEY)
        is_private = any(
            name == "Set-Cookie" or (name == "Cache-Control" and "no-store" in field_value)
            for name, field_value in fields
        )
        if notes is None or is_private or not status.startswith("200 "):
            start_response(status, list(fields))
            return body
        tag = notes.version.tag
        fields += (("ETag", f'"{tag}"'), VARY_HEADER)
        if environ["REQUEST_METHOD"] == "GET" and notes.is_complete:
            try:
                page = CachedPage(fields, b"".join(body), notes.modified_at)
            finally:
                _close(body)
            self.caches.store(notes.version.position, tag, page, reserved=is_reserved(environ))
            return _send_page(page, tag, environ, start_response)
        modified = etag.last_modified(notes.modified_at)
        if etag.is_unchanged(environ, tag, modified):
            _close(body)
            return _not_modified(_with_last_modified(fields, modified), start_response)
        start_response(status, list(_with_last_modified(fields, modified)))
        return body


def attach(app: Flask) -> None:
    """Add the middleware to an application, before request validation and headers."""
    with app.app_context():
        watch = DataVersionReader(db.engine)
    app.wsgi_app = PageCacheMiddleware(app, watch)  # type: ignore[method-assign]


def is_reserved(environ: dict[str, Any]) -> bool:
    """Whether the page goes in the reserved cache: home, cases, main feed.

    Not with a query string: ``/?n=1``, ``/?n=2`` and so on are all the same page.
    """
    path = environ["PATH_INFO"]
    return not environ.get("QUERY_STRING") and (
        path in _RESERVED_PATHS or bool(_CASE_PATH.fullmatch(path))
    )


def _first_segment(path: str) -> str:
    return path[1:].partition("/")[0]


def _send_page(
    page: CachedPage, tag: str, environ: dict[str, Any], start_response: StartResponse
) -> list[bytes]:
    # Computed for each response: a time that was unsettled when the page was stored settles later.
    modified = etag.last_modified(page.modified_at)
    fields, body = _with_last_modified(page.headers, modified), page.body
    if etag.is_unchanged(environ, tag, modified):
        return _not_modified(fields, start_response)
    if takes_gzip(environ) and page.gzipped:
        body = page.gzipped
        # Weak: the same page, not the same bytes (RFC 9110 §8.8.3.3).
        tags = tuple(("ETag", f"W/{strong}") for name, strong in fields if name == "ETag")
        fields = tuple(field for field in fields if field[0] not in ("Content-Length", "ETag"))
        fields += (*tags, ("Content-Encoding", "gzip"), ("Content-Length", str(len(body))))
    start_response("200 OK", list(fields))
    return [] if environ["REQUEST_METHOD"] == "HEAD" else [body]


def _with_last_modified(fields: HeaderFields, modified: str) -> HeaderFields:
    return (*fields, ("Last-Modified", modified)) if modified else fields


def _not_modified(fields: HeaderFields, start_response: StartResponse) -> list[bytes]:
    sent_fields = [field for field in fields if field[0].lower() not in _BODY_HEADERS]
    start_response("304 Not Modified", sent_fields)
    return []


def _close(body: Iterable[bytes]) -> None:
    close: Callable[[], None] | None = getattr(body, "close", None)
    if close is not None:
        close()
