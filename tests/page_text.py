"""The text of a page without style sheets: words that touch each other."""

from __future__ import annotations

import re
from html.parser import HTMLParser

# Elements that a browser separates from the text around them.
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
        self.touching: list[str] = []
        self.previous = ""
        self.tags: list[str] = []
        self.hidden_depth = 0

    def handle_starttag(self, tag: str, _attrs: object) -> None:
        self.hidden_depth += tag in UNSEEN
        self._note_tag(tag)

    def handle_endtag(self, tag: str) -> None:
        self.hidden_depth -= tag in UNSEEN
        self._note_tag(tag)

    def handle_startendtag(self, tag: str, _attrs: object) -> None:
        self._note_tag(tag)

    def _note_tag(self, tag: str) -> None:
        if tag in ENDS_A_LINE:
            self.previous = ""
        self.tags.append(tag)

    def handle_data(self, text: str) -> None:
        if self.hidden_depth:
            return
        apart = not WITHIN_A_WORD.issuperset(self.tags)
        if apart and _WORD_ENDS.search(self.previous) and _WORD_BEGINS.search(text):
            self.touching.append(f"{self.previous[-40:]}|{text[:40]}")
        self.previous, self.tags = text, []


def touching_words(markup: str) -> list[str]:
    """Places where the words of two elements touch without a style sheet."""
    linear = _Linear()
    linear.feed(markup)
    linear.close()
    return linear.touching
