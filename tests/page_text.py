"""A page as somebody reads it without its style sheets: one text, from first to last word."""

from __future__ import annotations

import re
from html.parser import HTMLParser

# Where a browser ends a line by itself, and what stands as a box between two words.
ENDS_A_LINE = (
    {"address", "article", "aside", "blockquote", "body", "br", "caption", "dd", "details", "div"}
    | {"dl", "dt", "fieldset", "figcaption", "figure", "footer", "form", "h1", "h2", "h3", "h4"}
    | {"h5", "h6", "head", "header", "hr", "html", "input", "legend", "li", "main", "nav", "ol"}
    | {"option", "p", "pre", "section", "select", "summary", "svg", "table", "tbody", "td"}
    | {"textarea", "th", "thead", "title", "tr", "ul"}
)
UNSEEN = frozenset({"script", "style", "svg", "title"})
# Parts of a word: « 1er », a word of a search within a longer one.
WITHIN_A_WORD = frozenset({"sup", "mark"})
_WORD_ENDS = re.compile(r"[\w)»%]$")
_WORD_BEGINS = re.compile(r"^[\w(«]")


class _Linear(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.glued: list[str] = []
        self.before = ""
        self.crossed: list[str] = []
        self.unseen = 0

    def handle_starttag(self, tag: str, _attrs: object) -> None:
        self.unseen += tag in UNSEEN
        self._crosses(tag)

    def handle_endtag(self, tag: str) -> None:
        self.unseen -= tag in UNSEEN
        self._crosses(tag)

    def handle_startendtag(self, tag: str, _attrs: object) -> None:
        self._crosses(tag)

    def _crosses(self, tag: str) -> None:
        if tag in ENDS_A_LINE:
            self.before = ""
        self.crossed.append(tag)

    def handle_data(self, text: str) -> None:
        if self.unseen:
            return
        apart = not WITHIN_A_WORD.issuperset(self.crossed)
        if apart and _WORD_ENDS.search(self.before) and _WORD_BEGINS.search(text):
            self.glued.append(f"{self.before[-40:]}|{text[:40]}")
        self.before, self.crossed = text, []


def touching_words(markup: str) -> list[str]:
    """Where the words of two elements of a page touch, for nothing but a style parts them."""
    linear = _Linear()
    linear.feed(markup)
    linear.close()
    return linear.glued
