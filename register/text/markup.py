"""Conversion of Markdown and plain text to safe HTML.

Texts of the desk are Markdown; replies and reports are plain text. Both are escaped and get French
typography, and the HTML of Markdown is sanitised with an allow-list: with the converter alone, half
of a list of known attacks stayed dangerous. A text is rendered once, when it is written, and stored
with :data:`VERSION`.
"""

from __future__ import annotations

import html
import re
from functools import partial
from importlib.metadata import version
from xml.etree.ElementTree import Element

import markdown
import nh3
from markdown.blockprocessors import HashHeaderProcessor
from markdown.inlinepatterns import InlineProcessor
from markdown.treeprocessors import Treeprocessor

from register.errors import TextError
from register.text.dates import Language
from register.text.normalisation import clean, legal
from register.text.typography import french, typeset_html

MAX_CHARS = 50_000
# To be raised with any change in the output of render_markdown() or render_plain_text(), so that
# outdated stored HTML can be recognised.
REVISION = 3
VERSION = f"markdown-{version('markdown')}+nh3-{version('nh3')}+{REVISION}"

# fmt: off
ALLOWED_TAGS = frozenset({
    "p", "em", "strong", "a", "ul", "ol", "li", "blockquote",
    "h3", "h4", "h5", "code", "pre", "br", "hr", "sup",
})
# fmt: on
LINK_REL = "nofollow noopener noreferrer"
_SCHEMES = frozenset({"http", "https", "mailto"})
# "//elsewhere" would be another site's, and so would "/\\elsewhere" be to a browser.
_SITE_ADDRESS = re.compile(r"#|/(?![/\\])")
_SITE_LINK_REL = re.compile(rf'(<a href="[/#][^"]*") rel="{re.escape(LINK_REL)}"')

# The converter reads a block again from each mark that could open something, so its time grows with
# marks times length. A long account in rich blocks (3,000 characters, 150 marks each) weighs
# 7.5 million, minutes pasted as 800 lines without a blank line 40 million; hostile patterns that
# take four seconds weigh 600 million.
_MAX_WEIGHT = 60_000_000
_SPECIAL_CHARACTERS = re.compile(r"[*_`\[\]<>&!#\\\n]")
_BLANK_LINES = re.compile(r"\n[ \t]*\n\s*")
# Seven levels of nesting: each is a recursion that reads the whole block again.
_TOO_DEEP = re.compile(r"^(?:[ \t]*(?:>|[-*+][ \t]|[0-9]+\.[ \t])){7}", re.MULTILINE)
_LONG_BLANK = re.compile(r"[ \t]{25,}")

_LINK = r"\[([^\[\]\n]{1,500})\]\(\s?((?:[^\s()<>]|\([^\s()<>]{0,500}\)){1,2000})\s?\)"
# Authors begin with "#" or with "##": both become the level below the page's own h2.
_HEADINGS = {"h1": "h3", "h2": "h3", "h3": "h4", "h4": "h5", "h5": "h5", "h6": "h5"}
_LINK_SCHEME = re.compile(r"(?:https?://|mailto:)", re.IGNORECASE)


def render_markdown(text: str, language: Language = "fr", *, site_links: bool = False) -> str:
    """Markdown as safe HTML: no image, raw HTML shown as typed, headings from h3 to h5.

    :param site_links: whether links may lead to pages of this site and to anchors. In a submitted
        text an address without a scheme could lead anywhere.
    :raises TextError: ``text_too_long`` (value ``limit``, in characters) or ``text_hostile``
        for a text that no person would write and that would take the converter seconds.
    """
    if len(text) > MAX_CHARS:
        raise TextError("text_too_long", limit=MAX_CHARS)
    # Lists nest by indentation: beyond 24 columns, spaces would only cause recursion.
    source = _LONG_BLANK.sub(" " * 24, clean(text))
    weight = sum(
        len(_SPECIAL_CHARACTERS.findall(block)) * len(block) for block in _BLANK_LINES.split(source)
    )
    if weight > _MAX_WEIGHT or _TOO_DEEP.search(source):
        raise TextError("text_hostile")
    try:
        converted = _converter().convert(source)
    except RecursionError:
        raise TextError("text_hostile") from None
    safe = nh3.clean(
        converted,
        tags=set(ALLOWED_TAGS),
        attributes={"a": {"href"}, "ol": {"start"}},
        attribute_filter=partial(_allowed_attribute, site_links),
        url_schemes=set(_SCHEMES),
        link_rel=LINK_REL,
    )
    if site_links:
        safe = _SITE_LINK_REL.sub(r"\1", safe)
    # "&#1;" has become one character only now, and that character would make a feed invalid.
    return typeset_html(legal(safe), language)


def render_plain_text(text: str) -> str:
    """Plain text as HTML: paragraphs at blank lines, ``<br>`` at line ends, all else escaped."""
    paragraphs = []
    for block in _BLANK_LINES.split(clean(text).strip()):
        if block.strip():
            lines = (french(line.strip()) for line in block.split("\n"))
            html_lines = "<br>\n".join(html.escape(line, quote=False) for line in lines)
            paragraphs.append(f"<p>{html_lines}</p>")
    return "\n".join(paragraphs)


def _converter() -> markdown.Markdown:
    # A new one each time: a converter has state, and threads share this module.
    md = markdown.Markdown(extensions=["sane_lists"])
    # Raw HTML is escaped like text.
    md.preprocessors.deregister("html_block")
    md.inlinePatterns.deregister("html")
    # Images would be fetched from other sites by every reader. References separate a link from its
    # target, and are the slowest to parse. To most people, a line of dashes under a paragraph is a
    # separator and not a heading, and an indented paragraph is not code.
    for name in (
        "image_link",
        "image_reference",
        "short_image_ref",
        "reference",
        "short_reference",
    ):
        md.inlinePatterns.deregister(name)
    for name in ("reference", "setextheader", "code"):
        md.parser.blockprocessors.deregister(name)
    md.inlinePatterns.register(_Link(_LINK, md), "link", 160)
    md.parser.blockprocessors.register(_Heading(md.parser), "hashheader", 70)
    md.treeprocessors.register(_Demotion(md), "demotion", 25)
    return md


class _Link(InlineProcessor):
    """``[words](address)`` in one bounded match.

    The library's processor searches the closing bracket up to the end of the block, from each
    opening one: 50,000 of them take minutes.
    """

    ANCESTOR_EXCLUDES = ("a",)

    def handleMatch(  # type: ignore[override]  # noqa: N802 (named by the library)
        self, m: re.Match[str], data: str
    ) -> tuple[Element, int, int]:
        # Escapes and code inside the address have been replaced by placeholders.
        link = Element("a", href=self.unescape(m.group(2)))
        link.text = m.group(1)
        return link, m.start(), m.end()


class _Heading(HashHeaderProcessor):
    """A heading, with a space after its marks: "#3" or a hashtag is not a heading."""

    RE = re.compile(r"(?:^|\n)(?P<level>#{1,6})[ ]+(?P<header>[^\n]*)(?:\n|$)")


class _Demotion(Treeprocessor):
    """Lower heading levels: h1 and h2 belong to the page, for its outline in screen readers."""

    def run(self, root: Element) -> None:
        for element in root.iter():
            if element.tag in _HEADINGS:
                element.tag = _HEADINGS[element.tag]
                element.text = (element.text or "").rstrip(" #")


def _allowed_attribute(site_links: bool, tag: str, name: str, value: str) -> str | None:
    if name == "href":
        # nh3 allows addresses without scheme, such as "//elsewhere". A browser leaves out a tab,
        # and legal() some of the other characters that are not printable.
        is_site_link = site_links and value.isprintable() and _SITE_ADDRESS.match(value)
        return value if is_site_link or _LINK_SCHEME.match(value) else None
    # Lists that quote legal acts start at the number in the act.
    return value if name != "start" or re.fullmatch("[0-9]{1,9}", value) else None
