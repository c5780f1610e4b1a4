"""What is taken out of anything a person types before it is stored.

One such character left in a title is enough to make an Atom feed unreadable for every subscriber
(XML 1.0 section 2.2 has no way to escape it), or to show a reader something else than what the
moderator approved (CVE-2021-42574, bidirectional overrides).
"""

from __future__ import annotations

import re
import unicodedata

# Zero-width joiners, no-break spaces and the two directional marks stay: scripts and French
# typography need them, and none of them reorders or hides a word.
_REFUSED = re.compile(
    "["
    "\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f"  # controls; tab, line feed and return are kept for now
    "\u200b\u2060\ufeff"  # zero-width characters that only serve to hide or split words
    "\u202a-\u202e\u2066-\u2069"  # bidirectional embeddings, overrides and isolates
    "\ud800-\udfff"  # lone surrogates, which no encoder accepts
    "\ufffe\uffff"
    "]"
)
_LINE_ENDS = re.compile("\r\n?|[\u2028\u2029]")
_BLANKS = re.compile("[ \t\n]+")


def clean(text: str) -> str:
    """The same text in NFC, lines ended by LF, legal in XML 1.0, without what hides or reorders."""
    # The order matters twice: a NUL between CR and LF would make two lines out of one, and a
    # character taken out may let a letter meet its accent, which NFC then has to join.
    return unicodedata.normalize("NFC", _LINE_ENDS.sub("\n", legal(text)))


def legal(text: str) -> str:
    """The same text without what is never kept, nothing else moved: it may be HTML.

    NFC would join a bracket of the markup with an accent that follows it.
    """
    return _REFUSED.sub("", text)


def one_line(text: str) -> str:
    """A cleaned text on one line, its spaces single and its ends bare.

    No-break spaces inside the line are kept: they are typography, not layout.
    """
    return _BLANKS.sub(" ", clean(text)).strip()
