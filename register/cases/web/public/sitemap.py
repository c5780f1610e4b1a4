"""The map of the site for search engines (sitemaps.org, protocol 0.9).

Up to a bound it is one document, and beyond it an index of several: the pages that are always
there, the places that have a case, and the cases by their numbers. Each document is made once for
each position of the register: what is made is kept as any other page is.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

from flask import Blueprint, Response, current_app, redirect, request
from flask.typing import ResponseReturnValue
from lxml import etree

from register.cases import sitemap_data
from register.cases.vocabulary import LANGUAGES
from register.db import db
from register.errors import NotFound
from register.journal import line_time
from register.journal.canonical import moment
from register.pages.queries import newest_of_each
from register.pages.web.public import path_of
from register.web import urls
from register.web.context import head, settings
from register.web.languages import in_language

# A document of so many addresses is half a megabyte: no shelf of pages would keep a much larger
# one. The protocol itself allows 50,000.
SIZE = 5_000
NAMESPACE = "http://www.sitemaps.org/schemas/sitemap/0.9"

_PART = re.compile(r"pages|(?P<kind>lieux|cas)-(?P<rank>[1-9][0-9]{0,4})")
# Addresses without a parameter or a suffix that answer with data.
_NO_PAGES = frozenset({"/communes/suggest", "/registre/tete"})
# Of the pages that are always there, those that show what happened last.
_MOVING = frozenset(
    {"/", "/incidents", "/communes", "/departements", "/regions", "/registre", "/statistiques"}
)

# An address of this register without its beginning, and when it last changed, if that is known.
Row = tuple[str, datetime | None]


def route(blueprint: Blueprint) -> None:
    """The address of this module."""
    blueprint.add_url_rule("/sitemap.xml", view_func=sitemap)


def sitemap() -> ResponseReturnValue:
    """The map, an index of its parts, or a part."""
    part = request.args.get("partie", "")
    if request.query_string.decode("latin-1") not in ("", f"partie={part}"):
        # Whatever else is asked for is the same map, and is made once.
        return redirect("/sitemap.xml", 303)
    # Read first: what is told must not be older than the position it is told for.
    head()
    if part:
        return _document(_part(part))
    pages, places = list(_pages()), list(_places())
    stretches = sitemap_data.stretches(db.session(), SIZE)
    if len(pages) + len(places) + sum(count for _rank, count, _at in stretches) <= SIZE:
        cases = (row for rank, _count, _at in stretches for row in _cases(rank))
        return _document([*pages, *places, *cases])
    parts = [("pages", _latest(pages))]
    parts += [(f"lieux-{rank}", _latest(rows)) for rank, rows in enumerate(_cut(places), start=1)]
    parts += [(f"cas-{rank + 1}", at) for rank, _count, at in stretches]
    return _index((f"/sitemap.xml?partie={name}", at) for name, at in parts)


def _part(name: str) -> Iterable[Row]:
    """The addresses of one part of the map.

    :raises NotFound: there is no such part, or nothing is in it.
    """
    asked = _PART.fullmatch(name)
    if asked is None:
        raise NotFound("no_such_page")
    if asked["kind"] is None:
        return _pages()
    rank = int(asked["rank"])
    rows: Sequence[Row]
    if asked["kind"] == "lieux":
        rows = list(_places())[SIZE * (rank - 1) : SIZE * rank]
    else:
        rows = list(_cases(rank - 1))
    if not rows:
        raise NotFound("no_such_page")
    return rows


def _pages() -> Iterator[Row]:
    """The pages that are always there, from the router so that a new one is among them.

    In both languages: each page tells of the other by itself, those of places and cases too.
    """
    seq = head().seq
    moved_at = line_time(db.session(), seq) if seq else None
    written = {path_of(text): row.made_at for text, row in newest_of_each(db.session()).items()}
    for address in sorted(_fixed()):
        for tongue in LANGUAGES:
            here = in_language(address, tongue)
            yield here, moved_at if address in _MOVING else written.get(here)


def _fixed() -> set[str]:
    rules = current_app.url_map.iter_rules()
    found = {
        rule.rule
        for rule in rules
        if rule.endpoint.startswith("public.") and not rule.arguments and "." not in rule.rule
    }
    # The form is another blueprint's, because nothing of it is kept.
    return (found - _NO_PAGES) | {"/signaler"}


def _places() -> Iterator[Row]:
    for kind, found in sitemap_data.places(db.session()).items():
        for code, moved_at in found.items():
            yield urls.PLACES[kind](code), moved_at


def _cases(rank: int) -> Iterator[Row]:
    first = SIZE * rank + 1
    for number, moved_at in sitemap_data.cases(db.session(), first, first + SIZE - 1):
        yield urls.case(number), moved_at


def _cut(rows: Sequence[Row]) -> Iterator[Sequence[Row]]:
    for first in range(0, len(rows), SIZE):
        yield rows[first : first + SIZE]


def _latest(rows: Sequence[Row]) -> datetime | None:
    return max((at for _address, at in rows if at is not None), default=None)


def _document(rows: Iterable[Row]) -> Response:
    return _written("urlset", "url", rows)


def _index(rows: Iterable[Row]) -> Response:
    return _written("sitemapindex", "sitemap", rows)


def _written(root: str, name: str, rows: Iterable[Row]) -> Response:
    top = etree.Element(root, nsmap={None: NAMESPACE})
    base = settings().base_url
    for address, moved_at in rows:
        row = etree.SubElement(top, name)
        etree.SubElement(row, "loc").text = base + address
        if moved_at is not None:
            etree.SubElement(row, "lastmod").text = moment(moved_at)
    body = etree.tostring(top, encoding="UTF-8", xml_declaration=True)
    return Response(body, mimetype="application/xml")
