"""From the Markdown of a page to the HTML that the site shows of it."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

import markdown
from markdown.extensions import Extension
from markdown.extensions.toc import TocExtension

from register.text.typography import typeset_html

_HEADING_ID = re.compile(r'<h[1-6] id="([^"]*)"')
_TABLE = re.compile(r"<table>.*?</table>", re.DOTALL)


@dataclass(frozen=True)
class RenderedPage:
    """A page as HTML, with the anchors that its headings have."""

    html: str
    anchors: frozenset[str]


def heading_anchor(heading: str, _separator: str = "-") -> str:
    """The anchor that a forge makes of a heading: a link works there and here."""
    plain = unicodedata.normalize("NFC", heading.strip().lower())
    return re.sub(r"[^\w\- ]", "", plain).replace(" ", "-")


def render_page(text: str, language: str) -> RenderedPage:
    """A page of ours as HTML; French ones with French spaces and apostrophes.

    What is written in docs/ is ours and goes through no allow-list, unlike the texts of cases.
    """
    toc = TocExtension(
        slugify=heading_anchor, permalink="#", permalink_class="anchor", permalink_title=""
    )
    extensions: list[str | Extension] = ["tables", "fenced_code", "sane_lists", toc]
    html = markdown.markdown(text, extensions=extensions, output_format="html")
    # What is wide scrolls in a frame of its own, which the keyboard must reach to scroll it.
    html = _TABLE.sub(r'<div class="table" tabindex="0">\g<0></div>', html)
    html = html.replace("<pre>", '<pre tabindex="0">')
    # The corner of a table heads nothing.
    html = html.replace("<th></th>", "<td></td>")
    anchors = frozenset(_HEADING_ID.findall(html))
    return RenderedPage(typeset_html(html, "fr") if language == "fr" else html, anchors)
