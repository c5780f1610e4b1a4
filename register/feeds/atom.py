"""Atom documents (RFC 4287) with archives (RFC 5005 §4), one entry for each public event.

feedgen writes them. Its defaults date a feed by the present and add entries on top, and it has
neither archives nor simple GeoRSS points; the code corrects each of these.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from copy import deepcopy
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from feedgen.entry import FeedEntry
from feedgen.ext.base import BaseExtension
from feedgen.feed import FeedGenerator
from lxml import etree

TYPE = "application/atom+xml"
MIMETYPE = f"{TYPE}; charset=utf-8"
_HISTORY = "http://purl.org/syndication/history/1.0"
_GEORSS = "http://www.georss.org/georss"


@dataclass(frozen=True)
class Category:
    """Category of an entry; ``scheme`` is a URI, ``label`` is for people."""

    scheme: str
    term: str
    label: str


class AtomEntry(FeedEntry):  # type: ignore[misc] # feedgen has no types
    """Entry of feedgen whose element is built once and copied into each document.

    :param html: safe HTML with absolute links.
    :param language: that of the case; written if it is not the feed's.
    :param point: latitude and longitude in degrees (WGS 84), written as simple GeoRSS.
    """

    def __init__(
        self,
        *,
        uri: str,
        title: str,
        address: str,
        published: datetime,
        updated: datetime,
        html: str,
        language: str,
        categories: Iterable[Category],
        point: tuple[float, float] | None,
    ) -> None:
        super().__init__()
        self.updated_at, self.html = updated, html
        self.id(uri)
        self.title(title)
        self.published(published)
        self.updated(updated)
        # Not xhtml: feedgen would parse it as XML, and a <br> in a text would break the feed.
        self.content(html, type="html")
        for category in categories:
            self.category(term=category.term, scheme=category.scheme, label=category.label)
        self._element = super().atom_entry()
        # feedgen writes neither the type of a link, nor a language, nor a point.
        link = etree.SubElement(self._element, "link", rel="alternate", type="text/html")
        link.set("href", address)
        if language != "fr":
            self._element.set("{http://www.w3.org/XML/1998/namespace}lang", language)
        if point:
            latitude, longitude = point
            point_element = etree.SubElement(self._element, f"{{{_GEORSS}}}point")
            point_element.text = f"{latitude:.5f} {longitude:.5f}"

    def atom_entry(self, extensions: bool = True) -> Any:
        """Copy of the element, because lxml moves an element that is added to a second tree."""
        return deepcopy(self._element)


def render_feed(
    *,
    uri: str,
    title: str,
    subtitle: str,
    page: str,
    address: str,
    author: str,
    home: str,
    register_opened_at: datetime,
    entries: Sequence[AtomEntry],
    older: str | None,
    current: str | None,
) -> bytes:
    """Feed document as UTF-8 bytes; links are absolute URLs.

    :param register_opened_at: date of a feed without entries.
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
    generator.updated(max((entry.updated_at for entry in entries), default=register_opened_at))
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
        generator.add_entry(entry, order="append")
    return bytes(generator.atom_str())


class _ArchiveExtension(BaseExtension):  # type: ignore[misc]
    """Mark of an archive document (RFC 5005 §4), and the namespaces on the root element."""

    archive = False

    def extend_ns(self) -> dict[str, str]:
        return {"fh": _HISTORY, "georss": _GEORSS}

    def extend_atom(self, feed: Any) -> Any:
        if self.archive:
            etree.SubElement(feed, f"{{{_HISTORY}}}archive")
        return feed
