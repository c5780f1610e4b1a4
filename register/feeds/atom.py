"""Atom documents (RFC 4287) with archives (RFC 5005 §4), one entry for each public event.

feedgen writes them. Its defaults date a feed by the present and add entries on top, and it has
neither archives nor simple GeoRSS points; the code corrects each of these.
"""

from __future__ import annotations

from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from feedgen.entry import FeedEntry
from feedgen.ext.base import BaseEntryExtension, BaseExtension
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


@dataclass(frozen=True)
class EntryContent:
    """Fields of one entry. ``content`` is safe HTML with absolute links.

    ``point``: latitude and longitude in degrees (WGS 84); ``language``: that of the case.
    """

    uri: str
    title: str
    address: str
    published: datetime
    updated: datetime
    content: str
    language: str = "fr"
    categories: Sequence[Category] = ()
    point: tuple[float, float] | None = None


class AtomEntry(FeedEntry):  # type: ignore[misc] # feedgen has no types
    """Entry of feedgen whose element is built once and copied into each document."""

    def __init__(self, entry_content: EntryContent) -> None:
        super().__init__()
        self.entry_content = entry_content
        self.id(entry_content.uri)
        self.title(entry_content.title)
        self.published(entry_content.published)
        self.updated(entry_content.updated)
        # Not xhtml: feedgen would parse it as XML, and a <br> in a text would break the feed.
        self.content(entry_content.content, type="html")
        for category in entry_content.categories:
            self.category(term=category.term, scheme=category.scheme, label=category.label)
        self.register_extension("register", _EntryExtension, rss=False)
        self.register.entry_content = entry_content
        self._element = super().atom_entry()

    def atom_entry(self, extensions: bool = True) -> Any:
        """Copy of the element, because lxml moves an element that is added to a second tree."""
        return deepcopy(self._element)


@dataclass(frozen=True)
class Feed:
    """Feed document and its links, with absolute URLs.

    ``current`` is set on an archive: the document to subscribe to. ``register_opened_at`` dates a
    feed without entries.
    """

    uri: str
    title: str
    subtitle: str
    page: str
    address: str
    author: str
    home: str
    register_opened_at: datetime
    entries: Sequence[AtomEntry]
    older: str | None = None
    current: str | None = None


def render_feed(feed: Feed) -> bytes:
    """Feed as UTF-8 bytes."""
    generator = FeedGenerator()
    generator.id(feed.uri)
    generator.title(feed.title)
    generator.subtitle(feed.subtitle)
    generator.language("fr")
    generator.author({"name": feed.author, "uri": feed.home})
    generator.generator("Web Citoyen")
    # feedgen's default is the present: the feed would change at each request.
    generator.updated(
        max(
            (entry.entry_content.updated for entry in feed.entries), default=feed.register_opened_at
        )
    )
    generator.link(rel="self", href=feed.address, type=TYPE)
    generator.link(rel="alternate", href=feed.page, type="text/html")
    if feed.older:
        # Two relations to the same document: "next" for readers that page through a feed (RFC 5005
        # §3), "prev-archive" for those that keep its whole history (§4).
        generator.link(rel="next", href=feed.older, type=TYPE)
        generator.link(rel="prev-archive", href=feed.older, type=TYPE)
    if feed.current:
        generator.link(rel="current", href=feed.current, type=TYPE)
    generator.register_extension("register", _ArchiveExtension, None, rss=False)
    generator.register.archive = feed.current is not None
    for entry in feed.entries:
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


class _EntryExtension(BaseEntryExtension):  # type: ignore[misc]
    """Link type, language and point of an entry, which feedgen does not write.

    The point is in GeoRSS simple form; the language is written if it is not the feed's.
    """

    entry_content: EntryContent

    def extend_atom(self, entry: Any) -> Any:
        link = etree.SubElement(entry, "link", rel="alternate", type="text/html")
        link.set("href", self.entry_content.address)
        if self.entry_content.language != "fr":
            entry.set("{http://www.w3.org/XML/1998/namespace}lang", self.entry_content.language)
        if self.entry_content.point:
            latitude, longitude = self.entry_content.point
            point = etree.SubElement(entry, f"{{{_GEORSS}}}point")
            point.text = f"{latitude:.5f} {longitude:.5f}"
        return entry
