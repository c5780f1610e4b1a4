"""ETags of public pages (RFC 9110 §8.8.3), which are also their keys in the page cache.

A tag is a digest of all that a page is made from: head of the public ledger, versions of
vocabularies, territory and editorial pages, build and settings, civil day and address; for a
full-text search, also the state of the index. An act that hides a case moves the head of the
ledger, so that no request leads to the cached page that showed it.

The head of the ledger is read first, on the connection that then serves the content: a page may be
newer than its tag says, never older.

The address counts as it was sent: the same filters in another order are another page. Sorting them
would cost more than making that page twice.
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
from register.program_files import program_folder
from register.search.engine_interface import SearchEngine
from register.text.dates import paris_day
from register.web.blueprints import public
from register.web.l10n import request_language
from register.web.request_context import current_data_version, read_from_replica

BUILD_KEY = "register.build"
SEARCH_KEY = "register.search"
# Packages whose version changes the bytes of a page.
_RENDERING_PACKAGES = ("babel", "jinja2", "lxml", "markupsafe")
# Settings that no page shows: machines of one register may differ in them.
_UNSHOWN_SETTINGS = frozenset(
    {
        "instance",
        "seal_dir",
        "database_url",
        "database_connections",
        "key_store_url",
        "replica_url",
        "limiter_url",
        "trusted_proxies",
        "link_checks",
        "metrics_token",
        "mail_url",
        "mail_from",
    }
)
# WSGI environ key of the ResponseNotes that the hooks leave for the page cache.
NOTES_KEY = "register.noted"
# WSGI environ key of the DataVersion that the page cache has read from the primary.
PRIMARY_KEY = "register.primary"
# An act takes its time before it waits for the write lock (up to db.BUSY_TIMEOUT_MS), so a second
# public line with the same second may be written after the first was read. A time younger than
# this is not sent as Last-Modified.
SETTLING_TIME = timedelta(minutes=2)
# Characters of If-None-Match; browsers and feed readers send far fewer.
_TAGS_LIMIT = 4096
# The parameter "q" of a full-text search, also percent-encoded. A false match costs one look at the
# index; a missed one would serve an outdated page.
_WORDS_PARAMETER = re.compile("(?:^|&)(?:q|%71)=")


@dataclass(frozen=True)
class PageVersion:
    """A page's ETag, and the digest of everything in it but address and index (``position``)."""

    position: str
    tag: str


@dataclass
class ResponseNotes:
    """What the hooks tell the page cache: version, completeness, time of the last change."""

    version: PageVersion
    # Stamp of the index from before the ledger was read; empty without words to search for.
    index_state: str = ""
    is_complete: bool = False
    modified_at: datetime | None = None


def attach(app: Flask) -> None:
    """Compute the build digest that the tags of an application contain."""
    app.extensions[BUILD_KEY] = build_digest(app, app.extensions["register.settings"])


def build_digest(app: Flask, settings: Settings) -> str:
    """A digest of code, data files, templates, static files and settings.

    Without it, a reader would get 304 for a page that an upgrade has changed.
    """
    shown_settings = {
        name: setting for name, setting in asdict(settings).items() if name not in _UNSHOWN_SETTINGS
    }
    digest = hashlib.sha256(repr(shown_settings).encode())
    for name in _RENDERING_PACKAGES:
        digest.update(f"{name} {version(name)}".encode())
    code = Path(app.root_path)
    digest.update(
        files_digest(code, code / (app.template_folder or ""), Path(app.static_folder or ""))
    )
    with suppress(OSError):
        digest.update(verifier())
    return digest.hexdigest()


def files_digest(*folders: Path) -> bytes:
    """A digest of every file in the folders."""
    digest = hashlib.sha256()
    for folder in folders:
        for path in sorted(folder.rglob("*")):
            if path.is_file() and path.suffix != ".pyc":
                digest.update(path.read_bytes())
    return digest.digest()


@cache
def verifier() -> bytes:
    """The program that outsiders verify the journal with, as read at the start of the process.

    :raises OSError: the documentation was not installed.
    """
    return (program_folder("docs") / "verifier.py").read_bytes()


def is_anonymous(environ: dict[str, Any]) -> bool:
    """Whether a request only reads and carries no cookie."""
    return environ["REQUEST_METHOD"] in ("GET", "HEAD") and not environ.get("HTTP_COOKIE")


def index_stamp(app: Flask, environ: dict[str, Any]) -> str:
    """The state of the search index for a full-text search; empty for any other page."""
    if not _has_words(environ):
        return ""
    return cast(SearchEngine, app.extensions[SEARCH_KEY]).stamp()


def _has_words(environ: dict[str, Any]) -> bool:
    return bool(_WORDS_PARAMETER.search(environ.get("QUERY_STRING", "")))


def page_version(
    data_version: DataVersion, build_id: str, environ: dict[str, Any], index_state: str = ""
) -> PageVersion:
    """The version of a page at an address.

    :param index_state: from :func:`index_stamp`. It is not part of the position: a search must
        not empty the cache of the pages that do not depend on the index.
    """
    day = paris_day(now()).isoformat()
    sources = (data_version.head.digest, data_version.vocabulary, data_version.pages)
    position = _digest(*sources, build_id, day)
    path, query = environ.get("PATH_INFO", ""), environ.get("QUERY_STRING", "")
    mount = environ.get("SCRIPT_NAME", "")
    return PageVersion(
        position, _digest(position, mount, request_language(environ), path, query, index_state)[:32]
    )


def skip_caching() -> None:
    """Send the current response without ETag, and do not cache it."""
    request.environ.pop(NOTES_KEY, None)


def is_unchanged(environ: dict[str, Any], tag: str, modified: str) -> bool:
    """Whether the client already has the response with this ETag and this Last-Modified.

    If-Modified-Since counts only without If-None-Match (RFC 9110 §13.1.3), and only when equal to
    our Last-Modified: removing an entry from a feed may leave an older time at its top.
    """
    if_none_match = environ.get("HTTP_IF_NONE_MATCH")
    if if_none_match is not None:
        return matches_tag(if_none_match, tag)
    return bool(modified) and environ.get("HTTP_IF_MODIFIED_SINCE") == modified


def matches_tag(if_none_match: str, tag: str) -> bool:
    """Whether an ``If-None-Match`` names a tag (RFC 9110 §13.1.2, by weak comparison §8.8.3.2).

    A search for the quoted tag is enough: no other tag can contain a quote, and neither a weak
    prefix nor the rest of the list matters.
    """
    if len(if_none_match) > _TAGS_LIMIT:
        return False
    return if_none_match.strip() == "*" or f'"{tag}"' in if_none_match


def last_modified(modified_at: datetime | None) -> str:
    """A ``Last-Modified`` header (RFC 9110 §8.8.2); empty before ``SETTLING_TIME`` has passed."""
    if modified_at is None or now() - modified_at < SETTLING_TIME:
        return ""
    return http_date(modified_at)


def _digest(*parts: str) -> str:
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def noted_index_state() -> str:
    """The index state that the page of this request is valid for; empty for a member's page."""
    notes: ResponseNotes | None = request.environ.get(NOTES_KEY)
    return notes.index_state if notes else ""


@public.before_request
def _note_version() -> None:
    if is_anonymous(request.environ):
        build_id = current_app.extensions[BUILD_KEY]
        # Before the ledger, whose read begins the transaction that may also read the index: the
        # matches must not be older than the stamp.
        index_state = index_stamp(current_app, request.environ)
        primary: DataVersion | None = request.environ.get(PRIMARY_KEY)
        # The index of a replica may be older than the stamp.
        if primary is not None and not _has_words(request.environ):
            read_from_replica(primary)
        request.environ[NOTES_KEY] = ResponseNotes(
            page_version(current_data_version(), build_id, request.environ, index_state),
            index_state,
        )


@public.after_request
def _note_response(response: Response) -> Response:
    notes = request.environ.get(NOTES_KEY)
    if notes is not None:
        notes.is_complete = not response.is_streamed
        # Set by views that know when their content last changed, such as feeds.
        notes.modified_at = g.get("register_moved_at")
    return response
