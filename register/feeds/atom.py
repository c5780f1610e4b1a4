"""Atom documents (RFC 4287) with archives (RFC 5005 §4), written by feedgen.

feedgen dates a feed by the present and adds entries on top by default, and has neither archives nor
simple GeoRSS points; the code corrects each of these.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from feedgen.entry import FeedEntry
from feedgen.ext.base import BaseExtension
from feedgen.feed import FeedGenerator
from lxml import etree
from markupsafe import Markup

TYPE = "application/atom+xml"
MIMETYPE = f"{TYPE}; charset=utf-8"
_HISTORY = "http://purl.org/syndication/history/1.0"
_GEORSS = "http://www.georss.org/georss"


def entry_xml(
    *,
    uri: str,
    title: str,
    address: str,
    published: datetime,
    updated: datetime,
    html: str,
    language: str,
    categories: Iterable[Mapping[str, str]],
    point: tuple[float, float] | None,
) -> Markup:
    """The element of an entry.

    :param html: safe HTML with absolute links.
    :param language: that of the case; written if it is not the feed's.
    :param categories: each with its ``term``, ``scheme`` (a URI) and ``label`` for people.
    :param point: latitude and longitude in degrees (WGS 84), written as simple GeoRSS.
    """
    entry = FeedEntry()
    entry.id(uri)
    entry.title(title)
    entry.published(published)
    entry.updated(updated)
    # Not xhtml: feedgen would parse it as XML, and a <br> in a text would break the feed.
    entry.content(html, type="html")
    for category in categories:
        entry.category(**category)
    element = entry.atom_entry()
    # feedgen writes neither the type of a link, nor a language, nor a point.
    link = etree.SubElement(element, "link", rel="alternate", type="text/html")
    link.set("href", address)
    if language != "fr":
        element.set("{http://www.w3.org/XML/1998/namespace}lang", language)
    if point:
        point_element = etree.SubElement(element, f"{{{_GEORSS}}}point")
        point_element.text = "{:.5f} {:.5f}".format(*point)
    return Markup(etree.tostring(element, encoding="unicode"))  # noqa: S704 - made by lxml


class _StoredEntry(FeedEntry):  # type: ignore[misc] # feedgen has no types
    """An entry whose element was made before."""

    def __init__(self, xml: str) -> None:
        super().__init__()
        self._xml = xml

    def atom_entry(self, extensions: bool = True) -> Any:
        """The element, for one document."""
        return etree.fromstring(self._xml)


class _ArchiveExtension(BaseExtension):  # type: ignore[misc]
    """Mark of an archive document (RFC 5005 §4), and the namespaces on the root element."""

    archive = False

    def extend_ns(self) -> dict[str, str]:
        return {"fh": _HISTORY, "georss": _GEORSS}

    def extend_atom(self, feed: Any) -> Any:
        if self.archive:
            etree.SubElement(feed, f"{{{_HISTORY}}}archive")
        return feed


def render_feed(
    *,
    uri: str,
    title: str,
    subtitle: str,
    page: str,
    address: str,
    author: str,
    home: str,
    updated: str,
    entries: Sequence[str],
    older: str | None,
    current: str | None,
) -> str:
    """Feed document; links are absolute URLs.

    :param updated: time of the last change (RFC 3339).
    :param entries: elements of :func:`entry_xml`.
    :param older: the next archive.
    :param current: set on an archive: the document to subscribe to.
    """
    generator = FeedGenerator()
    generator.id(uri)
    generator.title(title)
    generator.subtitle(subtitle)
    generator.language("fr")
    generator.author({"name": author, "uri": home})
    generator.generator("Web Citoyen")
    # feedgen's default is the present: the feed would change at each request.
    generator.updated(updated)
    generator.link(rel="self", href=address, type=TYPE)
    generator.link(rel="alternate", href=page, type="text/html")
    if older:
        # Two relations to the same document: "next" for readers that page through a feed (RFC 5005
        # §3), "prev-archive" for those that keep its whole history (§4).
        generator.link(rel="next", href=older, type=TYPE)
        generator.link(rel="prev-archive", href=older, type=TYPE)
    if current:
        generator.link(rel="current", href=current, type=TYPE)
    generator.register_extension("register", _ArchiveExtension, None, rss=False)
    generator.register.archive = current is not None
    for entry in entries:
        # feedgen's default adds an entry on top.
        generator.add_entry(_StoredEntry(entry), order="append")
    return str(generator.atom_str().decode())
