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
from collections.abc import Callable, Iterable
from typing import Any

from flask import Flask

from register.cases.data_version import Watch
from register.db import db
from register.web.cache_store import Fields, Page, Shelves
from register.web.etag import (
    BUILD,
    NOTED,
    Noted,
    is_anonymous,
    last_modified,
    names,
    stamp,
    unchanged,
    value,
)
from register.web.gzip import takes_gzip
from register.web.headers import WSGI, StartResponse

_PUBLIC = "public."
# By these most readers come, and the aggregators by the last. A case's own feed is not among
# them: a robot that walks all of those would push the cases themselves off.
_CASE = re.compile(r"/incidents/[1-9][0-9]*")
_DOORS = frozenset({"/", "/incidents.atom"})
# What describes a body, and goes where none is sent (RFC 9110 §15.4.5).
_OF_BODY = frozenset(
    {
        "content-disposition",
        "content-encoding",
        "content-language",
        "content-length",
        "content-range",
        "content-type",
    }
)


VARY = ("Vary", "Accept-Encoding")


class Kept:
    """Gives the answers that are kept, and keeps those that Flask makes."""

    def __init__(self, app: Flask, watch: Watch) -> None:
        self.app: WSGI = app.wsgi_app
        self.shelves = Shelves()
        self._flask = app
        self._watch = watch
        self._first: frozenset[str] = frozenset()

    def __call__(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        """Answer from the shelf, or let Flask answer."""
        if not (is_anonymous(environ) and self._is_public(environ["PATH_INFO"])):
            return self.app(environ, start_response)
        where = self._watch.read()
        if where is not None:
            made_with = self._flask.extensions[BUILD]
            now = value(where, made_with, environ, stamp(self._flask, environ))
            page = self.shelves.find(now.position, now.tag)
            if page is not None:
                return _give(page, now.tag, environ, start_response)
            known = environ.get("HTTP_IF_NONE_MATCH", "").strip()
            # A star names whatever there is, and here it is not known whether there is anything.
            if known != "*" and names(known, now.tag):
                start_response("304 Not Modified", [("ETag", f'"{now.tag}"')])
                return []
        # A database that cannot be read is Flask's to tell: it has the page for it.
        return self._made(environ, start_response)

    def _is_public(self, path: str) -> bool:
        """Whether an address may be a public page's; the others need not wait for the database."""
        if not self._first:
            rules = self._flask.url_map.iter_rules()
            self._first = frozenset(
                _first(rule.rule) for rule in rules if rule.endpoint.startswith(_PUBLIC)
            )
        return _first(path) in self._first

    def _made(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        """Flask's answer with its validators; kept if it may be, 304 if the reader has it."""
        status, fields, body = _answer(self.app, environ)
        noted: Noted | None = environ.get(NOTED)
        if noted is None or not (status.startswith("200 ") and _may_be_kept(fields)):
            start_response(status, list(fields))
            return body
        tag = noted.value.tag
        fields += (("ETag", f'"{tag}"'), VARY)
        if environ["REQUEST_METHOD"] == "GET" and noted.whole:
            page = Page(fields, _joined(body), noted.moved)
            self.shelves.keep(noted.value.position, tag, page, own=has_own_share(environ))
            return _give(page, tag, environ, start_response)
        moved = last_modified(noted.moved)
        if unchanged(environ, tag, moved):
            _close(body)
            return _not_modified(_dated(fields, moved), start_response)
        start_response(status, list(_dated(fields, moved)))
        return body


def attach(app: Flask) -> None:
    """Put the layer around an application; called before guards and headers are put around it."""
    with app.app_context():
        watch = Watch(db.engine)
    app.wsgi_app = Kept(app, watch)  # type: ignore[method-assign]


def has_own_share(environ: dict[str, Any]) -> bool:
    """Whether a page is of those that no filter may push off: home and cases, asked for plainly.

    With a query they are of the rest: ``/?n=1``, ``/?n=2`` and so on are all the same page.
    """
    path = environ["PATH_INFO"]
    return not environ.get("QUERY_STRING") and (path in _DOORS or bool(_CASE.fullmatch(path)))


def _first(path: str) -> str:
    return path[1:].partition("/")[0]


def _answer(app: WSGI, environ: dict[str, Any]) -> tuple[str, Fields, Iterable[bytes]]:
    """What Flask answers; it says status and headers before it hands over the body."""
    said: list[tuple[str, Fields]] = []

    def start(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> None:
        said.append((status, tuple(headers)))

    body = app(environ, start)
    status, fields = said[-1]
    return status, fields, body


def _may_be_kept(fields: Fields) -> bool:
    return not any(
        name == "Set-Cookie" or (name == "Cache-Control" and "no-store" in text)
        for name, text in fields
    )


def _give(
    page: Page, tag: str, environ: dict[str, Any], start_response: StartResponse
) -> list[bytes]:
    # Asked each time: a time that says nothing yet may say something when the page is given again.
    moved = last_modified(page.moved)
    fields, body = _dated(page.headers, moved), page.body
    if unchanged(environ, tag, moved):
        return _not_modified(fields, start_response)
    if takes_gzip(environ) and page.packed:
        fields, body = _as_packed(fields, page.packed), page.packed
    start_response("200 OK", list(fields))
    return [] if environ["REQUEST_METHOD"] == "HEAD" else [body]


def _as_packed(fields: Fields, body: bytes) -> Fields:
    """The headers of a page whose body is compressed."""
    kept = tuple(field for field in fields if field[0] not in ("Content-Length", "ETag"))
    # Weak: the same page, not the same bytes (RFC 9110 §8.8.3.3).
    tags = tuple(("ETag", f"W/{tag}") for name, tag in fields if name == "ETag")
    return (*kept, *tags, ("Content-Encoding", "gzip"), ("Content-Length", str(len(body))))


def _dated(fields: Fields, moved: str) -> Fields:
    return (*fields, ("Last-Modified", moved)) if moved else fields


def _not_modified(fields: Fields, start_response: StartResponse) -> list[bytes]:
    told = [field for field in fields if field[0].lower() not in _OF_BODY]
    start_response("304 Not Modified", told)
    return []


def _joined(body: Iterable[bytes]) -> bytes:
    try:
        return b"".join(body)
    finally:
        _close(body)


def _close(body: Iterable[bytes]) -> None:
    close: Callable[[], None] | None = getattr(body, "close", None)
    if close is not None:
        close()
