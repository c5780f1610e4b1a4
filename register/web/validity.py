"""A page is valid as long as what it was made from: a value, not an age.

The value is made of the public ledger's last line, the versions of vocabularies and territory, the
build and its settings, the civil day, and the address. It is the page's ETag (RFC 9110 §8.8.3) and
the key under which the page is kept in memory. An act that hides a case moves the ledger, so the
page that showed it is asked for by nobody's key any more; all pages of an earlier line are dropped
at once.

Where the ledger stands is read first, on the connection that then serves the content: a page may
be newer than its key says, never older.

Only what a stranger sees is kept: answers with status 200 of the public pages, to a request that
carries no cookie.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from dataclasses import replace
from pathlib import Path
from threading import Lock

from flask import Blueprint, Flask, Response, current_app, g, request

from register.config import Settings
from register.db import now
from register.text.dates import paris_day
from register.web.context import standing

SHELF = 8 * 1024 * 1024
_MADE_WITH = frozenset({".py", ".html", ".css", ".md"})
# Random filters must not push these off: most readers come by them.
_OWN_SHELF = frozenset({"public.home", "public.case"})
_EXTENSION = "register.kept_pages"
_BUILD = "register.build"


class Shelf:
    """Pages of one position of the ledger, bounded in bytes; the longest unasked go first."""

    def __init__(self, limit: int = SHELF) -> None:
        self._limit = limit
        self._pages: OrderedDict[str, bytes] = OrderedDict()
        self._size = 0
        self._position = ""
        self._lock = Lock()

    def find(self, position: str, key: str) -> bytes | None:
        """The page kept under a key at this position, if there is one."""
        with self._lock:
            if position != self._position or key not in self._pages:
                return None
            self._pages.move_to_end(key)
            return self._pages[key]

    def keep(self, position: str, key: str, page: bytes) -> None:
        """Keep a page; those of another position are dropped."""
        with self._lock:
            if position != self._position:
                self._pages.clear()
                self._size, self._position = 0, position
            self._size += len(page) - len(self._pages.pop(key, b""))
            self._pages[key] = page
            while self._size > self._limit:
                _key, dropped = self._pages.popitem(last=False)
                self._size -= len(dropped)


def attach(app: Flask, blueprint: Blueprint) -> None:
    """Let the pages of a blueprint be kept."""
    app.extensions[_EXTENSION] = {True: Shelf(), False: Shelf()}
    app.extensions[_BUILD] = build(app, app.extensions["register.settings"])
    blueprint.before_request(_kept)
    blueprint.after_request(_keep)


def build(app: Flask, settings: Settings) -> str:
    """A digest of the code, templates, style sheets and settings that pages are made with.

    Without it, a reader who comes back after an upgrade would be told that nothing has changed.
    """
    digest = hashlib.sha256(repr(replace(settings, secret_key="")).encode())
    code = Path(app.root_path)
    for folder in (
        code,
        Path(app.root_path, app.template_folder or ""),
        Path(app.static_folder or ""),
    ):
        for path in sorted(folder.rglob("*")):
            if path.suffix in _MADE_WITH:
                digest.update(path.read_bytes())
    return digest.hexdigest()


def _kept() -> Response | None:
    """The page as it is kept, or None to have it made."""
    if request.method not in ("GET", "HEAD") or request.headers.get("Cookie"):
        return None
    where = standing()
    made_from = (
        where.head.digest,
        where.vocabulary,
        where.territory,
        current_app.extensions[_BUILD],
        paris_day(now()).isoformat(),
        request.path,
        request.query_string.decode("latin-1"),
    )
    g.register_key = hashlib.sha256("\n".join(made_from).encode()).hexdigest()
    page = _shelf().find(where.head.digest, g.register_key)
    return Response(page, mimetype="text/html") if page is not None else None


def _keep(response: Response) -> Response:
    key = g.get("register_key")
    if key is None or response.status_code != 200 or response.mimetype != "text/html":
        return response
    if request.method == "GET":
        _shelf().keep(standing().head.digest, key, response.get_data())
    response.set_etag(key[:32])
    response.make_conditional(request)
    return response


def _shelf() -> Shelf:
    shelves: dict[bool, Shelf] = current_app.extensions[_EXTENSION]
    return shelves[request.endpoint in _OWN_SHELF]
