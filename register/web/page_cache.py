"""Answers that are kept, given without waking Flask: most readers ask for what the last one asked.

This layer stands directly around Flask and within guards and headers, so that no answer from it
escapes either. It reads where the register stands, by one statement, and for a search by words
where the index does; if the page of that value is kept, or the reader has it already, that is the
answer. Otherwise Flask makes the page. What is kept is what Flask answered, to the byte, under the
value that the request itself read first.

Only what a stranger sees is kept: status 200 of the public pages, without ``Set-Cookie`` and
without ``no-store``, to a request that carries no cookie.
"""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from threading import Lock
from typing import Any

from flask import Flask

from register.cases.data_version import DataVersionReader
from register.db import db
from register.web.etag import (
    BUILD_KEY,
    NOTES_KEY,
    ResponseNotes,
    index_stamp,
    is_anonymous,
    is_unchanged,
    last_modified,
    matches_tag,
    page_version,
)
from register.web.headers import WSGI, StartResponse, gzip_body, takes_gzip

CACHE_LIMIT = 8 * 1024 * 1024
# What Python itself spends on an entry: its objects, and its place in the table.
PAGE_OVERHEAD = 600
# A page is four times as long as when it is compressed, or more.
GZIP_RATIO = 4
# One answer takes no more than this part of a shelf: a huge one would push all the others off.
LARGEST_SHARE = 8

HeaderFields = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class CachedPage:
    """An answer as the application gave it. ``modified_at``: when its content did, if that is told."""

    headers: HeaderFields
    body: bytes
    modified_at: datetime | None = None

    @cached_property
    def gzipped(self) -> bytes:
        """The body as gzip, made when it is first asked for; empty where that is not worth it."""
        # A picture is compressed already.
        is_picture = any(
            name == "Content-Type" and field_value.startswith("image/png")
            for name, field_value in self.headers
        )
        return b"" if is_picture else gzip_body(self.body)

    @property
    def size(self) -> int:
        """Bytes of memory, about, with what it is compressed."""
        header_size = sum(len(name) + len(field_value) for name, field_value in self.headers)
        return PAGE_OVERHEAD + header_size + len(self.body) + len(self.body) // GZIP_RATIO


class ByteLimitedCache:
    """Pages by their key, at most ``limit`` bytes of them; the longest unasked go first."""

    def __init__(self, limit: int = CACHE_LIMIT) -> None:
        self._limit = limit
        self._pages: OrderedDict[str, CachedPage] = OrderedDict()
        self.size = 0

    def find(self, key: str) -> CachedPage | None:
        """The page kept under a key, if there is one."""
        page = self._pages.get(key)
        if page is not None:
            self._pages.move_to_end(key)
        return page

    def store(self, key: str, page: CachedPage) -> None:
        """Keep a page, unless it is too big for a shelf that others share."""
        self._drop(key)
        cost = len(key) + page.size
        if cost * LARGEST_SHARE > self._limit:
            return
        self._pages[key] = page
        self.size += cost
        while self.size > self._limit:
            self._drop(next(iter(self._pages)))

    def clear(self) -> None:
        """Drop everything."""
        self._pages.clear()
        self.size = 0

    def _drop(self, key: str) -> None:
        page = self._pages.pop(key, None)
        if page is not None:
            self.size -= len(key) + page.size


class PageCaches:
    """Two shelves under one lock: one of their own for home and cases, one for all the rest.

    Random filters can fill the second as they like: they push nothing off the first.
    """

    def __init__(self, limit: int = CACHE_LIMIT) -> None:
        self._reserved, self._general = ByteLimitedCache(limit), ByteLimitedCache(limit)
        self._position = ""
        self._lock = Lock()

    @property
    def size(self) -> int:
        """Bytes kept on both."""
        return self._reserved.size + self._general.size

    def find(self, position: str, key: str) -> CachedPage | None:
        """The page kept under a key; when the register has moved, everything is dropped first.

        Nobody would find the pages of the position before, since their keys are asked for no
        more; but words that were withdrawn need not wait in memory for their room to be wanted.
        """
        with self._lock:
            if position != self._position:
                self._reserved.clear()
                self._general.clear()
                self._position = position
                return None
            return self._reserved.find(key) or self._general.find(key)

    def store(self, position: str, key: str, page: CachedPage, *, reserved: bool) -> None:
        """Keep a page of the position that was asked for last; one of another comes too late."""
        with self._lock:
            if position == self._position:
                (self._reserved if reserved else self._general).store(key, page)


_PUBLIC_ENDPOINTS = "public."
# By these most readers come, and the aggregators by the last. A case's own feed is not among
# them: a robot that walks all of those would push the cases themselves off.
_CASE_PATH = re.compile(r"/incidents/[1-9][0-9]*")
_RESERVED_PATHS = frozenset({"/", "/incidents.atom"})
# What describes a body, and goes where none is sent (RFC 9110 §15.4.5).
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


VARY_HEADER = ("Vary", "Accept-Encoding")


class PageCacheMiddleware:
    """Gives the answers that are kept, and keeps those that Flask makes."""

    def __init__(self, app: Flask, watch: DataVersionReader) -> None:
        self.app: WSGI = app.wsgi_app
        self.caches = PageCaches()
        self._flask = app
        self._watch = watch
        self._first_segments: frozenset[str] = frozenset()

    def __call__(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        """Answer from the shelf, or let Flask answer."""
        if not (is_anonymous(environ) and self._is_public(environ["PATH_INFO"])):
            return self.app(environ, start_response)
        data_version = self._watch.read()
        if data_version is not None:
            build_id = self._flask.extensions[BUILD_KEY]
            version = page_version(
                data_version, build_id, environ, index_stamp(self._flask, environ)
            )
            page = self.caches.find(version.position, version.tag)
            if page is not None:
                return _send_page(page, version.tag, environ, start_response)
            if_none_match = environ.get("HTTP_IF_NONE_MATCH", "").strip()
            # A star names whatever there is, and here it is not known whether there is anything.
            if if_none_match != "*" and matches_tag(if_none_match, version.tag):
                start_response("304 Not Modified", [("ETag", f'"{version.tag}"')])
                return []
        # A database that cannot be read is Flask's to tell: it has the page for it.
        return self._answer_by_flask(environ, start_response)

    def _is_public(self, path: str) -> bool:
        """Whether an address may be a public page's; the others need not wait for the database."""
        if not self._first_segments:
            rules = self._flask.url_map.iter_rules()
            self._first_segments = frozenset(
                _first_segment(rule.rule)
                for rule in rules
                if rule.endpoint.startswith(_PUBLIC_ENDPOINTS)
            )
        return _first_segment(path) in self._first_segments

    def _answer_by_flask(
        self, environ: dict[str, Any], start_response: StartResponse
    ) -> Iterable[bytes]:
        """Flask's answer with its validators; kept if it may be, 304 if the reader has it."""
        status, fields, body = _call_flask(self.app, environ)
        notes: ResponseNotes | None = environ.get(NOTES_KEY)
        if notes is None or not (status.startswith("200 ") and _is_cacheable(fields)):
            start_response(status, list(fields))
            return body
        tag = notes.version.tag
        fields += (("ETag", f'"{tag}"'), VARY_HEADER)
        if environ["REQUEST_METHOD"] == "GET" and notes.is_complete:
            page = CachedPage(fields, _join_body(body), notes.modified_at)
            self.caches.store(notes.version.position, tag, page, reserved=is_reserved(environ))
            return _send_page(page, tag, environ, start_response)
        modified = last_modified(notes.modified_at)
        if is_unchanged(environ, tag, modified):
            _close(body)
            return _not_modified(_with_last_modified(fields, modified), start_response)
        start_response(status, list(_with_last_modified(fields, modified)))
        return body


def attach(app: Flask) -> None:
    """Put the layer around an application; called before guards and headers are put around it."""
    with app.app_context():
        watch = DataVersionReader(db.engine)
    app.wsgi_app = PageCacheMiddleware(app, watch)  # type: ignore[method-assign]


def is_reserved(environ: dict[str, Any]) -> bool:
    """Whether a page is of those that no filter may push off: home and cases, asked for plainly.

    With a query they are of the rest: ``/?n=1``, ``/?n=2`` and so on are all the same page.
    """
    path = environ["PATH_INFO"]
    return not environ.get("QUERY_STRING") and (
        path in _RESERVED_PATHS or bool(_CASE_PATH.fullmatch(path))
    )


def _first_segment(path: str) -> str:
    return path[1:].partition("/")[0]


def _call_flask(app: WSGI, environ: dict[str, Any]) -> tuple[str, HeaderFields, Iterable[bytes]]:
    """What Flask answers; it says status and headers before it hands over the body."""
    started: list[tuple[str, HeaderFields]] = []

    def start(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> None:
        started.append((status, tuple(headers)))

    body = app(environ, start)
    status, fields = started[-1]
    return status, fields, body


def _is_cacheable(fields: HeaderFields) -> bool:
    return not any(
        name == "Set-Cookie" or (name == "Cache-Control" and "no-store" in field_value)
        for name, field_value in fields
    )


def _send_page(
    page: CachedPage, tag: str, environ: dict[str, Any], start_response: StartResponse
) -> list[bytes]:
    # Asked each time: a time that says nothing yet may say something when the page is given again.
    modified = last_modified(page.modified_at)
    fields, body = _with_last_modified(page.headers, modified), page.body
    if is_unchanged(environ, tag, modified):
        return _not_modified(fields, start_response)
    if takes_gzip(environ) and page.gzipped:
        fields, body = _gzip_fields(fields, page.gzipped), page.gzipped
    start_response("200 OK", list(fields))
    return [] if environ["REQUEST_METHOD"] == "HEAD" else [body]


def _gzip_fields(fields: HeaderFields, body: bytes) -> HeaderFields:
    """The headers of a page whose body is compressed."""
    other_fields = tuple(field for field in fields if field[0] not in ("Content-Length", "ETag"))
    # Weak: the same page, not the same bytes (RFC 9110 §8.8.3.3).
    tags = tuple(("ETag", f"W/{tag}") for name, tag in fields if name == "ETag")
    return (*other_fields, *tags, ("Content-Encoding", "gzip"), ("Content-Length", str(len(body))))


def _with_last_modified(fields: HeaderFields, modified: str) -> HeaderFields:
    return (*fields, ("Last-Modified", modified)) if modified else fields


def _not_modified(fields: HeaderFields, start_response: StartResponse) -> list[bytes]:
    sent_fields = [field for field in fields if field[0].lower() not in _BODY_HEADERS]
    start_response("304 Not Modified", sent_fields)
    return []


def _join_body(body: Iterable[bytes]) -> bytes:
    try:
        return b"".join(body)
    finally:
        _close(body)


def _close(body: Iterable[bytes]) -> None:
    close: Callable[[], None] | None = getattr(body, "close", None)
    if close is not None:
        close()
