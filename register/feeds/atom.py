"""Atom documents (RFC 4287), archived by RFC 5005 §4: one entry for each public event.

feedgen writes them. Left to itself it dates what has no date "now", writes the newest entry last,
and knows neither archives nor the points of GeoRSS as Atom readers look for them; each is said
where it is set.
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
    """What an entry is filed under; ``scheme`` is a URI, ``label`` for people."""

    scheme: str
    term: str
    label: str


@dataclass(frozen=True)
class EntryContent:
    """One entry, ready to be written. ``content`` is safe HTML whose links are absolute.

    ``point`` is a latitude and a longitude in degrees (WGS 84); ``language`` is that of the case.
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
    """An item as feedgen writes it: laid out once, since it stands in many documents."""

    def __init__(self, item: EntryContent) -> None:
        super().__init__()
        self.item = item
        self.id(item.uri)
        self.title(item.title)
        self.published(item.published)
        self.updated(item.updated)
        # Not xhtml: feedgen would parse it as XML, and a text's <br> stops the whole feed.
        self.content(item.content, type="html")
        for category in item.categories:
            self.category(term=category.term, scheme=category.scheme, label=category.label)
        self.register_extension("register", _EntryExtension, rss=False)
        self.register.item = item
        self._element = super().atom_entry()

    def atom_entry(self, extensions: bool = True) -> Any:
        """The element; a copy, because an element stands in one document only."""
        return deepcopy(self._element)


@dataclass(frozen=True)
class Feed:
    """A document: what it is of, and where its neighbours are. Addresses are absolute.

    ``current`` is set on an archive: the document to subscribe to. ``register_opened_at`` is when the register
    was, for a feed without an entry.
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
    """The feed as UTF-8 bytes."""
    generator = FeedGenerator()
    generator.id(feed.uri)
    generator.title(feed.title)
    generator.subtitle(feed.subtitle)
    generator.language("fr")
    generator.author({"name": feed.author, "uri": feed.home})
    generator.generator("Web Citoyen")
    # feedgen's own default is the present: a reader would find the feed changed at each visit.
    generator.updated(
        max((entry.item.updated for entry in feed.entries), default=feed.register_opened_at)
    )
    for rel, address, kind in _links(feed):
        generator.link(rel=rel, href=address, type=kind)
    generator.register_extension("register", _ArchiveExtension, None, rss=False)
    generator.register.archive = feed.current is not None
    for entry in feed.entries:
        # Its own default puts what is added last on top.
        generator.add_entry(entry, order="append")
    return bytes(generator.atom_str())


def _links(feed: Feed) -> list[tuple[str, str, str]]:
    links = [("self", feed.address, TYPE), ("alternate", feed.page, "text/html")]
    if feed.older:
        # The same document twice: by §3 for readers that only turn pages, by §4 for those that
        # keep the whole history.
        links += [("next", feed.older, TYPE), ("prev-archive", feed.older, TYPE)]
    if feed.current:
        links.append(("current", feed.current, TYPE))
    return links


class _ArchiveExtension(BaseExtension):  # type: ignore[misc]
    """Marks an archive document (RFC 5005 §4), and names the namespaces once, at the top."""

    archive = False

    def extend_ns(self) -> dict[str, str]:
        return {"fh": _HISTORY, "georss": _GEORSS}

    def extend_atom(self, feed: Any) -> Any:
        if self.archive:
            etree.SubElement(feed, f"{{{_HISTORY}}}archive")
        return feed


class _EntryExtension(BaseEntryExtension):  # type: ignore[misc]
    """What feedgen leaves out of an entry: its link's kind, its language, its point.

    The point is GeoRSS simple; the language is written where it is not the feed's.
    """

    item: EntryContent

    def extend_atom(self, entry: Any) -> Any:
        link = etree.SubElement(entry, "link", rel="alternate", type="text/html")
        link.set("href", self.item.address)
        if self.item.language != "fr":
            entry.set("{http://www.w3.org/XML/1998/namespace}lang", self.item.language)
        if self.item.point:
            latitude, longitude = self.item.point
            point = etree.SubElement(entry, f"{{{_GEORSS}}}point")
            point.text = f"{latitude:.5f} {longitude:.5f}"
        return entry
