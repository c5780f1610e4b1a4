"""A checker and a parser of Atom documents.

The grammar of RFC 4287 is in ``atom.rnc``. Its rules in prose are checked here, with RFC 4151
(``tag:`` URIs), RFC 5005 (archives), GeoRSS simple, and the register's own: each entry is complete,
in HTML that does not depend on a page.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import urlsplit

import rnc2rng
from lxml import etree

GRAMMAR = Path(__file__).with_name("atom.rnc")
ATOM = "{http://www.w3.org/2005/Atom}"
ARCHIVE = "{http://purl.org/syndication/history/1.0}archive"
POINT = "{http://www.georss.org/georss}point"
LANG = "{http://www.w3.org/XML/1998/namespace}lang"
TYPE = "application/atom+xml"

# RFC 3339 §5.6, with the capital letters that RFC 4287 §3.3 asks for.
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")
_URI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:(?:[A-Za-z0-9._~:/?#\[\]@!$&'()*+,;=-]|%[0-9A-F]{2})+")
# RFC 4151 §2.1.
_NAME = r"[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?"
_TAG = re.compile(
    rf"tag:(?:[A-Za-z0-9._-]+@)?{_NAME}(?:\.{_NAME})*,\d{{4}}(?:-\d\d(?:-\d\d)?)?"
    r":(?:[A-Za-z0-9._~!$&'()*+,;=:@/?-]|%[0-9A-F]{2})*"
)
_POINT = re.compile(r"(-?\d{1,2}(?:\.\d+)?) (-?\d{1,3}(?:\.\d+)?)")

# The allowed HTML of an entry; any other element or attribute is a fault.
# fmt: off
_TAGS = frozenset({
    "a", "blockquote", "br", "code", "em", "h3", "h4", "h5", "hr", "li", "ol", "p", "pre",
    "strong", "sup", "time", "ul",
})
# fmt: on
_VOID = frozenset({"br", "hr"})
_ATTRIBUTES = {"a": {"href", "rel"}, "ol": {"start"}, "time": {"datetime"}}


@dataclass(frozen=True)
class Link:
    """An ``atom:link``."""

    rel: str
    href: str
    type: str


@dataclass(frozen=True)
class Entry:
    """A parsed entry; ``content`` is HTML, ``terms`` the codes of its categories."""

    id: str
    title: str
    published: datetime
    updated: datetime
    content: str
    links: Sequence[Link]
    terms: Sequence[str]
    language: str
    point: str

    @property
    def address(self) -> str:
        """The address of its page."""
        return next(link.href for link in self.links if link.rel == "alternate")


@dataclass(frozen=True)
class Feed:
    """A parsed document."""

    id: str
    title: str
    updated: datetime
    links: Sequence[Link]
    archive: bool
    entries: Sequence[Entry]

    def link(self, rel: str) -> str:
        """The address of the link with this relation; empty without one."""
        return next((link.href for link in self.links if link.rel == rel), "")


def faults(document: bytes) -> list[str]:
    """All faults of a document, as sentences; empty for a valid one."""
    try:
        feed = etree.fromstring(document, _parser())
    except etree.XMLSyntaxError as error:
        return [f"not XML: {error}"]
    if not _grammar().validate(feed):
        return [f"grammar, line {error.line}: {error.message}" for error in _grammar().error_log]
    entries = feed.findall(f"{ATOM}entry")
    return [
        *_feed_faults(feed, entries),
        *_archive_faults(feed),
        *_id_faults(feed, entries),
        *_time_faults(feed, entries),
        *(f"{_text(entry, 'id')}: {fault}" for entry in entries for fault in _entry_faults(entry)),
    ]


def read(document: bytes) -> Feed:
    """The content of a valid document."""
    feed = etree.fromstring(document, _parser())
    return Feed(
        id=_text(feed, "id"),
        title=_text(feed, "title"),
        updated=_time(_text(feed, "updated")),
        links=_links(feed),
        archive=feed.find(ARCHIVE) is not None,
        entries=[
            Entry(
                id=_text(entry, "id"),
                title=_text(entry, "title"),
                published=_time(_text(entry, "published")),
                updated=_time(_text(entry, "updated")),
                content=_text(entry, "content"),
                links=_links(entry),
                terms=[category.get("term") for category in entry.findall(f"{ATOM}category")],
                language=entry.get(LANG) or feed.get(LANG),
                point=entry.findtext(POINT) or "",
            )
            for entry in feed.findall(f"{ATOM}entry")
        ],
    )


@cache
def _grammar() -> etree.RelaxNG:
    relax_ng = rnc2rng.dumps(rnc2rng.load(str(GRAMMAR)))
    # rnc2rng declares an unused prefix for "no namespace", which XML does not allow.
    return etree.RelaxNG(etree.fromstring(relax_ng.replace(' xmlns:local=""', "").encode()))


def _parser() -> etree.XMLParser:
    return etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)


def _text(element: etree._Element, name: str) -> str:
    return element.findtext(ATOM + name) or ""


def _links(element: etree._Element) -> list[Link]:
    # RFC 4287 §4.2.7.2: without rel, a link is an alternate.
    elements = element.findall(f"{ATOM}link")
    return [Link(x.get("rel", "alternate"), x.get("href"), x.get("type", "")) for x in elements]


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _is_address(text: str) -> bool:
    return bool(_URI.fullmatch(text)) and text.startswith(("http://", "https://"))


# --- the document ------------------------------------------------------------------------------


def _feed_faults(feed: etree._Element, entries: Sequence[etree._Element]) -> Iterator[str]:
    if feed.tag != f"{ATOM}feed":
        yield "the document is no feed"
    if not feed.get(LANG):
        yield "the feed has no language"
    # §4.1.1: the author is of the feed or of each entry; the register’s feeds have one author.
    if not _text(feed, "author/" + ATOM + "name").strip():
        yield "the feed has no author"
    if not _text(feed, "title").strip():
        yield "the feed has no title"
    for element in (feed, *entries):
        yield from _link_faults(element)
    for rel in ("self", "next", "prev-archive", "next-archive", "current", "first", "last"):
        for link in _links(feed):
            if link.rel == rel and link.type != TYPE:
                yield f"the {rel} link is not to a feed"
    if [link.rel for link in _links(feed)].count("self") != 1:
        yield "the feed has not one self link"


def _link_faults(element: etree._Element) -> Iterator[str]:
    links = _links(element)
    for link in links:
        if not _is_address(link.href):
            yield f"not an absolute address: {link.href}"
    # §4.1.1, §4.1.2: no two alternates of the same type and language.
    alternates = Counter(
        (x.get("type"), x.get("hreflang"))
        for x in element.findall(f"{ATOM}link")
        if x.get("rel", "alternate") == "alternate"
    )
    if set(alternates.values()) != {1}:
        yield f"not one alternate link for each type and language: {dict(alternates)}"
    if any(kind != "text/html" for kind, _language in alternates):
        yield "an alternate link does not say that it is to a page"


def _archive_faults(feed: etree._Element) -> Iterator[str]:
    # RFC 5005 §4: an archive document is marked, and leads to the one to subscribe to.
    links = {link.rel: link.href for link in _links(feed)}
    if (feed.find(ARCHIVE) is not None) != ("current" in links):
        yield "an archive is marked, and links to the current document: one without the other"
    if links.get("next") != links.get("prev-archive"):
        yield "next and prev-archive lead to two places"
    if links.get("self") in (links.get("next"), links.get("current")):
        yield "the document is its own neighbour"


def _id_faults(feed: etree._Element, entries: Sequence[etree._Element]) -> Iterator[str]:
    ids = [_text(element, "id") for element in (feed, *entries)]
    for identifier, count in Counter(ids).items():
        if count > 1:
            yield f"an id stands {count} times: {identifier}"
        if not (_TAG if identifier.startswith("tag:") else _URI).fullmatch(identifier):
            yield f"the id is no absolute URI: {identifier}"


def _time_faults(feed: etree._Element, entries: Sequence[etree._Element]) -> Iterator[str]:
    times = [feed.findtext(f"{ATOM}updated")]
    for entry in entries:
        times += [entry.findtext(f"{ATOM}updated"), entry.findtext(f"{ATOM}published")]
    invalid = [text for text in times if not (text and _TIME.fullmatch(text))]
    if invalid:
        yield f"not a time with its offset: {invalid}"
        return
    feed_updated = _time(times[0])
    updated, published = [_time(x) for x in times[1::2]], [_time(x) for x in times[2::2]]
    if any(at > datetime.now(UTC) for at in (feed_updated, *updated, *published)):
        yield "something is dated in the future"
    if updated and feed_updated != max(updated):
        yield "the feed was not updated when its newest entry was"
    if any(late < early for early, late in zip(published, updated, strict=True)):
        yield "an entry was updated before it was published"
    if published != sorted(published, reverse=True):
        yield "the entries do not come newest first"


# --- an entry ----------------------------------------------------------------------------------


def _entry_faults(entry: etree._Element) -> Iterator[str]:
    if not _text(entry, "title").strip():
        yield "no title"
    content = entry.find(f"{ATOM}content")
    if content is None or content.get("type") != "html":
        yield "its content is not HTML"
    else:
        yield from html_faults(content.text or "")
    categories = entry.findall(f"{ATOM}category")
    for category in categories:
        scheme, term, label = (category.get(name, "") for name in ("scheme", "term", "label"))
        if not (_TAG if scheme.startswith("tag:") else _URI).fullmatch(scheme):
            yield f"a category's scheme is no absolute URI: {scheme!r}"
        if not (term.strip() and label.strip()):
            yield f"a category without term or label: {term!r} {label!r}"
    if len({(x.get("scheme"), x.get("term")) for x in categories}) != len(categories):
        yield "a category stands twice"
    for point in entry.findall(POINT):
        match = _POINT.fullmatch(point.text or "")
        if not match or abs(float(match[1])) > 90 or abs(float(match[2])) > 180:
            yield f"not a point on Earth: {point.text!r}"
    if len(entry.findall(POINT)) > 1:
        yield "two points"


class _Html(HTMLParser):
    """Parses HTML as strictly as XML, and collects faults."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=False)
        self.open: list[str] = []
        self.text = ""
        self.faults: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in _TAGS:
            self.faults.append(f"<{tag}> in its content")
        for name, value in attrs:
            if name not in _ATTRIBUTES.get(tag, ()):
                self.faults.append(f"{name}= on <{tag}>")
            if name == "href" and not _is_absolute(value or ""):
                self.faults.append(f"a link that needs a page around it: {value!r}")
        if tag not in _VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            self.faults.append(f"</{tag}> closes nothing")

    def handle_data(self, data: str) -> None:
        self.text += data
        if "<" in data or "&" in data:
            self.faults.append(f"a bare < or & in {data[:40]!r}")

    def handle_comment(self, data: str) -> None:
        self.faults.append("a comment")

    def handle_decl(self, decl: str) -> None:
        self.faults.append("a declaration")

    def unknown_decl(self, data: str) -> None:
        self.faults.append("a declaration")

    def handle_pi(self, data: str) -> None:
        self.faults.append("a processing instruction")


def _is_absolute(address: str) -> bool:
    try:
        parts = urlsplit(address)
    except ValueError:
        return False
    return parts.scheme == "mailto" or (parts.scheme in ("http", "https") and bool(parts.netloc))


def html_faults(html: str) -> list[str]:
    """The faults of an HTML fragment that has to be valid outside a page."""
    reader = _Html()
    reader.feed(html)
    reader.close()
    faults = [*reader.faults, *(f"<{tag}> stays open" for tag in reader.open)]
    return faults if reader.text.strip() else [*faults, "it says nothing"]
