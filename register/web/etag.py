"""A page is valid as long as what it was made from: a value, not an age.

The value is made of the public ledger's last line, the versions of vocabularies, territory and
editorial pages, the build and its settings, the civil day, and the address; where words are
searched for, of the index as well. It is the page's ETag (RFC 9110 §8.8.3) and the key under which
``kept.py`` holds the page in memory. An act that hides a case moves the ledger, so the page that
showed it is asked for by nobody's key any more.

Where the ledger stands is read first, on the connection that then serves the content: a page may
be newer than its value says, never older.

The address is taken as it was sent: the same filters in another order are another page. It would
cost more to put them in order than to make that page a second time.
"""

from __future__ import annotations

import hashlib
import re
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any, cast

from flask import Blueprint, Flask, Response, current_app, g, request
from werkzeug.http import http_date

from register.cases.data_version import Standing
from register.config import Settings
from register.db import now
from register.search.engine import Engine
from register.text.dates import paris_day
from register.web.context import standing
from register.web.languages import asked

BUILD = "register.build"
SEARCH = "register.search"
_VERIFIER = Path(__file__).resolve().parents[2] / "docs" / "verifier.py"
# What writes pages beside our own code.
_WRITERS = ("babel", "feedgen", "jinja2", "lxml", "markupsafe", "pillow", "pymupdf-fonts")
# Settings that no page shows: two machines of one register may differ in them.
_UNSEEN = frozenset({"instance", "seal_dir", "database_url", "trusted_proxies", "onion_url"})
# Where the hooks leave what they know of an answer for the layer around Flask.
NOTED = "register.noted"
# An act's time is taken before it waits for the pen, for as long as db.PATIENCE_MS: two public
# lines may carry one second, and the later may be written when the first has been read. Until
# a time is this old, another line may still come with it, so that it says nothing.
SETTLED = timedelta(minutes=2)
# Longer than any browser or feed reader sends; a list of tags is not a place to store things.
_TAGS_LIMIT = 4096
# The parameter of the words, as an address may write its one letter. One too many costs a look at
# the index; one too few would let a page outlive what it was made from.
_WORDS = re.compile("(?:^|&)(?:q|%71)=")


@dataclass(frozen=True)
class Value:
    """What a page is valid by: its ETag, and the position of everything but its address."""

    position: str
    tag: str


@dataclass
class Noted:
    """What the hooks know of an answer: its value, whether it is whole, when it last moved."""

    value: Value
    whole: bool = False
    moved: datetime | None = None


def attach(app: Flask, blueprint: Blueprint) -> None:
    """Let the answers of a blueprint have a value."""
    app.extensions[BUILD] = build(app, app.extensions["register.settings"])
    blueprint.before_request(_begin)
    blueprint.after_request(_end)


def build(app: Flask, settings: Settings) -> str:
    """A digest of the code, its data, templates, static files and settings: what makes pages.

    Without it, a reader who comes back after an upgrade would be told that nothing has changed.
    """
    shown = {name: set_to for name, set_to in asdict(settings).items() if name not in _UNSEEN}
    digest = hashlib.sha256(repr(shown).encode())
    for name in _WRITERS:
        digest.update(f"{name} {version(name)}".encode())
    code = Path(app.root_path)
    for folder in (
        code,
        Path(app.root_path, app.template_folder or ""),
        Path(app.static_folder or ""),
    ):
        for path in sorted(folder.rglob("*")):
            if path.is_file() and path.suffix != ".pyc":
                digest.update(path.read_bytes())
    with suppress(OSError):
        digest.update(verifier())
    return digest.hexdigest()


@cache
def verifier() -> bytes:
    """The program that outsiders check the ledger with, as this process found it when it began.

    :raises OSError: the documentation was not installed.
    """
    return _VERIFIER.read_bytes()


def is_anonymous(environ: dict[str, Any]) -> bool:
    """Whether a request only reads, and says nothing of who asks."""
    return environ["REQUEST_METHOD"] in ("GET", "HEAD") and not environ.get("HTTP_COOKIE")


def stamp(app: Flask, environ: dict[str, Any]) -> str:
    """What tells the index of now from any other, where an address asks for words; else nothing.

    No other page pays for it, or changes with it.
    """
    if not _WORDS.search(environ.get("QUERY_STRING", "")):
        return ""
    return cast(Engine, app.extensions[SEARCH]).stamp()


def value(where: Standing, made_with: str, environ: dict[str, Any], index: str = "") -> Value:
    """The value of an address while the register stands there.

    :param index: the :func:`stamp` of the index. It is no part of the position: a search must not
        push the pages off that were made without it.
    """
    day = paris_day(now()).isoformat()
    sources = (where.head.digest, where.vocabulary, where.territory, where.pages)
    position = _digest(*sources, made_with, day)
    path, query = environ.get("PATH_INFO", ""), environ.get("QUERY_STRING", "")
    mount = environ.get("SCRIPT_NAME", "")
    return Value(position, _digest(position, mount, asked(environ), path, query, index)[:32])


def in_passing() -> None:
    """Say that the answer is good for this moment only: it has no value, and nobody keeps it."""
    request.environ.pop(NOTED, None)


def unchanged(environ: dict[str, Any], tag: str, moved: str) -> bool:
    """Whether a reader already has the answer with this ETag and this Last-Modified.

    If-Modified-Since counts only without If-None-Match (RFC 9110 §13.1.3), and only when it is
    the very time that we gave: what was taken out of a feed may leave an older time at its top.
    """
    known = environ.get("HTTP_IF_NONE_MATCH")
    if known is not None:
        return names(known, tag)
    return bool(moved) and environ.get("HTTP_IF_MODIFIED_SINCE") == moved


def names(known: str, tag: str) -> bool:
    """Whether an ``If-None-Match`` names a tag (RFC 9110 §13.1.2, by weak comparison §8.8.3.2).

    The tag is looked for with its quotes, in one pass: a quote cannot stand inside another tag,
    and neither a weak prefix nor the rest of the list, well formed or not, matters.
    """
    if len(known) > _TAGS_LIMIT:
        return False
    return known.strip() == "*" or f'"{tag}"' in known


def last_modified(moved_at: datetime | None) -> str:
    """The ``Last-Modified`` of what last moved then (RFC 9110 §8.8.2); empty while unsettled."""
    if moved_at is None or now() - moved_at < SETTLED:
        return ""
    return http_date(moved_at)


def _digest(*parts: str) -> str:
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def _begin() -> None:
    if is_anonymous(request.environ):
        made_with = current_app.extensions[BUILD]
        # Before the ledger, whose reading begins the transaction that an index may be read in too:
        # what is found must not be older than the stamp that the page bears.
        index = stamp(current_app, request.environ)
        request.environ[NOTED] = Noted(value(standing(), made_with, request.environ, index))


def _end(response: Response) -> Response:
    noted = request.environ.get(NOTED)
    if noted is not None:
        noted.whole = not response.is_streamed
        # A view that knows when its content last moved says so: a feed, of its newest line.
        noted.moved = g.get("register_moved_at")
    return response
