"""How two spellings of the same words are made equal, for search and for place names."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable

# Whoever types L'Haÿ, L’Haÿ or L Haÿ must land on the same page. U+2212 is the minus sign that
# some keyboards put for a hyphen; every other dash is known by its Unicode category.
_WORD_SEPARATORS = frozenset("'’ʼ‘`´′\u2212")
_SEPARATOR_TABLE = {ord(mark): " " for mark in _WORD_SEPARATORS}
_LIGATURES = {"œ": "oe", "æ": "ae"}
_NON_WORD = re.compile(r"[\W_]+")
_SAINTS = {"st": "saint", "ste": "sainte", "sts": "saints", "stes": "saintes"}
# What French texts have beside Latin-1, and the same within it. Folded, both are alike.
_LATIN_REPLACEMENTS = {
    "’": "'",
    "œ": "oe",
    "Œ": "oe",
    "\u202f": " ",
    "…": "...",
    "–": "-",
    "—": "-",
}
# Whoever sends all of Unicode fills no memory with it.
_CACHE_LIMIT = 4_096


def fold(text: str) -> str:
    """Small letters without accents, apostrophes and hyphens as single spaces, ends bare."""
    # Thousands of texts are folded for one search of reports.
    return " ".join((_fold_latin(text) or _fold_unicode(text)).split())


def _fold_latin(text: str) -> str:
    """The same as :func:`_fold_unicode`, many times as fast; empty for a text that is not of Latin-1.

    None of its letters combines with another: each becomes the same whatever stands beside it.
    """
    for character, replacement in _LATIN_REPLACEMENTS.items():
        text = text.replace(character, replacement)
    try:
        encoded = text.encode("latin-1")
    except UnicodeEncodeError:
        return ""
    return (
        ""
        if _EXPANDING_BYTES.search(encoded)
        else encoded.translate(_BYTE_TABLE, _DROPPED_BYTES).decode("latin-1")
    )


def fold_name(name: str) -> str:
    """A place name for comparison: folded, without punctuation, "St" and "Ste" in full."""
    words = _NON_WORD.sub(" ", fold(name)).split()
    return " ".join(_SAINTS.get(word, word) for word in words)


def _fold_unicode(text: str) -> str:
    # The splitters go first: NFKD would turn the spacing acute ´ into a space and an accent.
    small = unicodedata.normalize("NFKD", text.translate(_SEPARATOR_TABLE)).casefold()
    # Case folding can put a composed letter back, hence the second NFKD (Unicode, chapter 3,
    # compatibility caseless matching).
    return unicodedata.normalize("NFKD", small).translate(_LETTER_TABLE)


def _fold_letter(letter: str) -> str:
    category = unicodedata.category(letter)
    if category == "Pd" or letter in _WORD_SEPARATORS:
        return " "
    # Cf holds the soft hyphen and the zero-width characters, which nobody types in a search.
    return "" if category in {"Mn", "Cf"} else _LIGATURES.get(letter, letter)


class _LetterTable(dict[int, str]):
    """What letters become, each looked at once."""

    def __init__(self, convert: Callable[[str], str]) -> None:
        super().__init__()
        self.convert = convert

    def __missing__(self, code: int) -> str:
        letter = self.convert(chr(code))
        if len(self) < _CACHE_LIMIT:
            self[code] = letter
        return letter


_LETTER_TABLE = _LetterTable(_fold_letter)

_FOLDED_BYTES = [_fold_unicode(chr(code)) for code in range(256)]
_DROPPED_BYTES = bytes(code for code, folded in enumerate(_FOLDED_BYTES) if not folded)
# Those that become several letters, or one of another alphabet.
_EXPANDING_BYTES = re.compile(
    b"[%b]"
    % b"".join(
        re.escape(bytes([code]))
        for code, folded in enumerate(_FOLDED_BYTES)
        if len(folded) > 1 or (folded and ord(folded) > 255)
    )
)
_BYTE_TABLE = bytes(
    ord(folded) if len(folded) == 1 and ord(folded) < 256 else 0 for folded in _FOLDED_BYTES
)


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
