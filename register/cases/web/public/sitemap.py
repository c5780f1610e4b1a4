"""Sitemap for search engines (sitemaps.org, protocol 0.9).

Up to ``SIZE`` addresses it is one document, beyond that an index of several: the fixed pages, the
places with cases, and the cases by number. Documents are in the page cache like other pages.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

from flask import Response, current_app, redirect, request
from flask.typing import ResponseReturnValue
from lxml import etree

from register.cases import communes_with_cases
from register.cases.vocabulary import LANGUAGES
from register.db import db
from register.errors import NotFound
from register.journal import line_time
from register.journal.canonical import rfc3339
from register.pages.queries import newest_revisions
from register.pages.web.public_pages import page_path
from register.web import urls
from register.web.blueprints import public
from register.web.languages import in_language
from register.web.request_context import head, settings

# Addresses per document: half a megabyte, about the largest page that the page cache takes. The
# protocol allows 50,000.
SIZE = 5_000
NAMESPACE = "http://www.sitemaps.org/schemas/sitemap/0.9"

_PART_NAME = re.compile(r"pages|(?P<kind>lieux|cas)-(?P<rank>[1-9][0-9]{0,4})")
# Addresses without parameters or suffix that answer with data instead of a page.
_DATA_PATHS = frozenset({"/communes/suggest", "/registre/tete"})
# Fixed pages that show the latest changes.
_CHANGING_PAGES = frozenset(
    {"/", "/incidents", "/communes", "/departements", "/regions", "/registre", "/statistiques"}
)

# A path and the time of its last change, if known.
SitemapEntry = tuple[str, datetime | None]


@public.get("/sitemap.xml")
def sitemap() -> ResponseReturnValue:
    """The whole sitemap, an index of its parts, or one part."""
    part = request.args.get("partie", "")
    if request.query_string.decode("latin-1") not in ("", f"partie={part}"):
        # Other parameters change nothing and would fill the page cache.
        return redirect("/sitemap.xml", 303)
    # Read the head first: the content must not be older than the position in its ETag.
    head()
    if part:
        return _xml_response("urlset", "url", _part_entries(part))
    pages, places = list(_page_entries()), list(_place_entries())
    number_ranges = communes_with_cases.list_case_ranges(db.session(), SIZE)
    if len(pages) + len(places) + sum(count for _rank, count, _changed_at in number_ranges) <= SIZE:
        cases = (
            entry for rank, _count, _changed_at in number_ranges for entry in _case_entries(rank)
        )
        return _xml_response("urlset", "url", [*pages, *places, *cases])
    parts = [("pages", _latest_change(pages))]
    parts += [
        (f"lieux-{first // SIZE + 1}", _latest_change(places[first : first + SIZE]))
        for first in range(0, len(places), SIZE)
    ]
    parts += [(f"cas-{rank + 1}", changed_at) for rank, _count, changed_at in number_ranges]
    part_entries = ((f"/sitemap.xml?partie={name}", changed_at) for name, changed_at in parts)
    return _xml_response("sitemapindex", "sitemap", part_entries)


def _part_entries(name: str) -> Iterable[SitemapEntry]:
    """The addresses of one part of the sitemap.

    :raises NotFound: the part does not exist or is empty.
    """
    match = _PART_NAME.fullmatch(name)
    if match is None:
        raise NotFound("no_such_page")
    if match["kind"] is None:
        return _page_entries()
    rank = int(match["rank"])
    entries: Sequence[SitemapEntry]
    if match["kind"] == "lieux":
        entries = list(_place_entries())[SIZE * (rank - 1) : SIZE * rank]
    else:
        entries = list(_case_entries(rank - 1))
    if not entries:
        raise NotFound("no_such_page")
    return entries


def _page_entries() -> Iterator[SitemapEntry]:
    """The fixed pages of the router, in both languages."""
    seq = head().seq
    moved_at = line_time(db.session(), seq) if seq else None
    edited_at = {
        page_path(page_key): revision.made_at
        for page_key, revision in newest_revisions(db.session()).items()
    }
    for address in sorted(_fixed_paths()):
        for page_language in LANGUAGES:
            path = in_language(address, page_language)
            yield path, moved_at if address in _CHANGING_PAGES else edited_at.get(path)


def _fixed_paths() -> set[str]:
    rules = current_app.url_map.iter_rules()
    paths = {
        rule.rule
        for rule in rules
        if rule.endpoint.startswith("public.") and not rule.arguments and "." not in rule.rule
    }
    # The form is in another blueprint, because its pages are never cached.
    return (paths - _DATA_PATHS) | {"/signaler"}


def _place_entries() -> Iterator[SitemapEntry]:
    for kind, changes in communes_with_cases.list_place_dates(db.session()).items():
        for code, moved_at in changes.items():
            yield urls.PLACES[kind](code), moved_at


def _case_entries(rank: int) -> Iterator[SitemapEntry]:
    first = SIZE * rank + 1
    for number, moved_at in communes_with_cases.list_case_dates(
        db.session(), first, first + SIZE - 1
    ):
        yield urls.case(number), moved_at


def _latest_change(entries: Sequence[SitemapEntry]) -> datetime | None:
    return max(
        (changed_at for _address, changed_at in entries if changed_at is not None), default=None
    )


def _xml_response(root_tag: str, entry_tag: str, entries: Iterable[SitemapEntry]) -> Response:
    root_element = etree.Element(root_tag, nsmap={None: NAMESPACE})
    base = settings().base_url
    for address, moved_at in entries:
        element = etree.SubElement(root_element, entry_tag)
        etree.SubElement(element, "loc").text = base + address
        if moved_at is not None:
            etree.SubElement(element, "lastmod").text = rfc3339(moved_at)
    body = etree.tostring(root_element, encoding="UTF-8", xml_declaration=True)
    return Response(body, mimetype="application/xml")
