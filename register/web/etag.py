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

from flask import Flask, Response, current_app, g, request
from werkzeug.http import http_date

from register.cases.data_version import DataVersion
from register.config import Settings
from register.db import now
from register.search.engine import SearchEngine
from register.text.dates import paris_day
from register.web.blueprints import public
from register.web.languages import request_language
from register.web.request_context import current_data_version

BUILD_KEY = "register.build"
SEARCH_KEY = "register.search"
_VERIFIER = Path(__file__).resolve().parents[2] / "docs" / "verifier.py"
# What writes pages beside our own code.
_RENDERING_PACKAGES = (
    "babel",
    "feedgen",
    "jinja2",
    "lxml",
    "markupsafe",
    "pillow",
    "pymupdf-fonts",
)
# Settings that no page shows: two machines of one register may differ in them.
_UNSHOWN_SETTINGS = frozenset(
    {"instance", "seal_dir", "database_url", "trusted_proxies", "onion_url"}
)
# Where the hooks leave what they know of an answer for the layer around Flask.
NOTES_KEY = "register.noted"
# An act's time is taken before it waits for the pen, for as long as db.PATIENCE_MS: two public
# lines may carry one second, and the later may be written when the first has been read. Until
# a time is this old, another line may still come with it, so that it says nothing.
SETTLING_TIME = timedelta(minutes=2)
# Longer than any browser or feed reader sends; a list of tags is not a place to store things.
_TAGS_LIMIT = 4096
# The parameter of the words, as an address may write its one letter. One too many costs a look at
# the index; one too few would let a page outlive what it was made from.
_WORDS_PARAMETER = re.compile("(?:^|&)(?:q|%71)=")


@dataclass(frozen=True)
class PageVersion:
    """What a page is valid by: its ETag, and the position of everything but its address."""

    position: str
    tag: str


@dataclass
class ResponseNotes:
    """What the hooks know of an answer: its value, whether it is whole, when it last moved."""

    version: PageVersion
    is_complete: bool = False
    modified_at: datetime | None = None


def attach(app: Flask) -> None:
    """Let the public pages of an application have a value."""
    app.extensions[BUILD_KEY] = build_digest(app, app.extensions["register.settings"])


def build_digest(app: Flask, settings: Settings) -> str:
    """A digest of the code, its data, templates, static files and settings: what makes pages.

    Without it, a reader who comes back after an upgrade would be told that nothing has changed.
    """
    shown_settings = {
        name: setting for name, setting in asdict(settings).items() if name not in _UNSHOWN_SETTINGS
    }
    digest = hashlib.sha256(repr(shown_settings).encode())
    for name in _RENDERING_PACKAGES:
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


def index_stamp(app: Flask, environ: dict[str, Any]) -> str:
    """What tells the index of now from any other, where an address asks for words; else nothing.

    No other page pays for it, or changes with it.
    """
    if not _WORDS_PARAMETER.search(environ.get("QUERY_STRING", "")):
        return ""
    return cast(SearchEngine, app.extensions[SEARCH_KEY]).stamp()


def page_version(
    data_version: DataVersion, build_id: str, environ: dict[str, Any], index_state: str = ""
) -> PageVersion:
    """The value of an address while the register stands there.

    :param index_state: the :func:`index_stamp` of the index. It is no part of the position: a
        search must not push the pages off that were made without it.
    """
    day = paris_day(now()).isoformat()
    sources = (
        data_version.head.digest,
        data_version.vocabulary,
        data_version.territory,
        data_version.pages,
    )
    position = _digest(*sources, build_id, day)
    path, query = environ.get("PATH_INFO", ""), environ.get("QUERY_STRING", "")
    mount = environ.get("SCRIPT_NAME", "")
    return PageVersion(
        position, _digest(position, mount, request_language(environ), path, query, index_state)[:32]
    )


def skip_caching() -> None:
    """Say that the answer is good for this moment only: it has no value, and nobody keeps it."""
    request.environ.pop(NOTES_KEY, None)


def is_unchanged(environ: dict[str, Any], tag: str, modified: str) -> bool:
    """Whether a reader already has the answer with this ETag and this Last-Modified.

    If-Modified-Since counts only without If-None-Match (RFC 9110 §13.1.3), and only when it is
    the very time that we gave: what was taken out of a feed may leave an older time at its top.
    """
    if_none_match = environ.get("HTTP_IF_NONE_MATCH")
    if if_none_match is not None:
        return matches_tag(if_none_match, tag)
    return bool(modified) and environ.get("HTTP_IF_MODIFIED_SINCE") == modified


def matches_tag(if_none_match: str, tag: str) -> bool:
    """Whether an ``If-None-Match`` names a tag (RFC 9110 §13.1.2, by weak comparison §8.8.3.2).

    The tag is looked for with its quotes, in one pass: a quote cannot stand inside another tag,
    and neither a weak prefix nor the rest of the list, well formed or not, matters.
    """
    if len(if_none_match) > _TAGS_LIMIT:
        return False
    return if_none_match.strip() == "*" or f'"{tag}"' in if_none_match


def last_modified(modified_at: datetime | None) -> str:
    """The ``Last-Modified`` of what last moved then (RFC 9110 §8.8.2); empty while unsettled."""
    if modified_at is None or now() - modified_at < SETTLING_TIME:
        return ""
    return http_date(modified_at)


def _digest(*parts: str) -> str:
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


@public.before_request
def _note_version() -> None:
    if is_anonymous(request.environ):
        build_id = current_app.extensions[BUILD_KEY]
        # Before the ledger, whose reading begins the transaction that an index may be read in too:
        # what is found must not be older than the stamp that the page bears.
        index_state = index_stamp(current_app, request.environ)
        request.environ[NOTES_KEY] = ResponseNotes(
            page_version(current_data_version(), build_id, request.environ, index_state)
        )


@public.after_request
def _note_response(response: Response) -> Response:
    notes = request.environ.get(NOTES_KEY)
    if notes is not None:
        notes.is_complete = not response.is_streamed
        # A view that knows when its content last moved says so: a feed, of its newest line.
        notes.modified_at = g.get("register_moved_at")
    return response
