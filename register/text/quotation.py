"""Quotations: the place of a quoted passage in a text, whatever its spaces and apostrophes."""

from __future__ import annotations

import html
import re

_LINE_END = re.compile(r"</(?:p|li|h\d|pre|blockquote)>|<br[^>]*>")
_TAG = re.compile(r"<[^>]*>")


def find_quotation(text: str, quoted: str) -> re.Match[str] | None:
    """The first place where a text has the quoted signs in this order, spaces apart.

    Typography changes spaces and apostrophes, so a passage that was copied from a page differs
    from the stored text in these.
    """
    signs = "".join(quoted.split())
    pattern = r"\s*".join("['’]" if sign in "'’" else re.escape(sign) for sign in signs)
    return re.search(pattern, text) if signs else None


def text_of_html(fragment: str) -> str:
    """The words of a safe fragment of HTML, without its tags."""
    return html.unescape(_TAG.sub("", _LINE_END.sub("\n", fragment)))
