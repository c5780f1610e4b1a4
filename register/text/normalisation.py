"""Normalisation of text: folding for comparison, and cleaning for storage."""

from __future__ import annotations

import re
import unicodedata

# L'Haÿ, L’Haÿ and L Haÿ are the same name. U+2212 is the minus sign that some keyboards have
# instead of a hyphen; all other dashes have Unicode category Pd.
_WORD_SEPARATORS = frozenset("'’ʼ‘`´′\u2212")
_SEPARATOR_TABLE = {ord(mark): " " for mark in _WORD_SEPARATORS}
_LIGATURES = {"œ": "oe", "æ": "ae"}
_NON_WORD = re.compile(r"[\W_]+")
_SAINTS = {"st": "saint", "ste": "sainte", "sts": "saints", "stes": "saintes"}
# Characters of French texts outside Latin-1, with a Latin-1 text that folds to the same.
_LATIN_REPLACEMENTS = {
    "’": "'",
    "œ": "oe",
    "Œ": "oe",
    "\u202f": " ",
    "…": "...",
    "–": "-",
    "—": "-",
}
# Letters in the cache: a text of all Unicode characters must not fill the memory.
_CACHE_LIMIT = 4_096

# Zero-width joiners, no-break spaces and the two directional marks are allowed: scripts and French
# typography need them, and none of them reorders or hides a word.
_REFUSED = re.compile(
    "["
    "\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f"  # controls, except tab, line feed and return
    "\u200b\u2060\ufeff"  # zero-width characters that only hide or split words
    "\u202a-\u202e\u2066-\u2069"  # bidirectional embeddings, overrides and isolates
    "\ud800-\udfff"  # lone surrogates, which no encoder accepts
    "\ufffe\uffff"
    "]"
)
_LINE_ENDS = re.compile("\r\n?|[\u2028\u2029]")
_BLANKS = re.compile("[ \t\n]+")


def clean(text: str) -> str:
    """The text in NFC, with LF line ends and without refused characters (see :func:`legal`)."""
    # In this order: a NUL between CR and LF would make two line ends of one, and a removed
    # character may let a letter meet its accent, which NFC must then join.
    return unicodedata.normalize("NFC", _LINE_ENDS.sub("\n", legal(text)))


def legal(text: str) -> str:
    """The text, which may be HTML, without characters that XML 1.0 forbids or that hide or reorder.

    No NFC, which would join a bracket of the markup with an accent that follows it.
    """
    return _REFUSED.sub("", text)


def one_line(text: str) -> str:
    """A cleaned text on one line, without repeated, leading or trailing spaces.

    No-break spaces inside the line stay: they are typography, not layout.
    """
    return _BLANKS.sub(" ", clean(text)).strip()


def fold(text: str) -> str:
    """The text in lower case without accents, apostrophes and hyphens as single spaces."""
    # The fast paths matter: one search of reports folds thousands of texts, a search for risks each
    # word. Letters of Latin-1 do not combine: each folds to the same whatever its neighbours.
    if text.isascii() and text.isalnum():
        return text.lower()
    encoded = _latin_bytes(text)
    if not encoded:
        latin = text
        for character, replacement in _LATIN_REPLACEMENTS.items():
            latin = latin.replace(character, replacement)
        encoded = _latin_bytes(latin)
    if not encoded or _EXPANDING_BYTES.search(encoded):
        return " ".join(_fold_unicode(text).split())
    return " ".join(encoded.translate(_BYTE_TABLE, _DROPPED_BYTES).decode("latin-1").split())


def _latin_bytes(text: str) -> bytes:
    """The text in Latin-1; empty when it has a character outside."""
    try:
        return text.encode("latin-1")
    except UnicodeEncodeError:
        return b""


def fold_name(name: str) -> str:
    """A place name for comparison: folded, without punctuation, "St" and "Ste" expanded."""
    words = _NON_WORD.sub(" ", fold(name)).split()
    return " ".join(_SAINTS.get(word, word) for word in words)


def _fold_unicode(text: str) -> str:
    # Separators first: NFKD would turn the spacing acute ´ into a space and an accent.
    casefolded = unicodedata.normalize("NFKD", text.translate(_SEPARATOR_TABLE)).casefold()
    # Case folding can compose a letter again, hence the second NFKD (Unicode, chapter 3,
    # compatibility caseless matching).
    return unicodedata.normalize("NFKD", casefolded).translate(_LETTER_TABLE)


class _LetterTable(dict[int, str]):
    """A table for ``str.translate`` that folds and caches each letter."""

    def __missing__(self, code: int) -> str:
        letter = chr(code)
        category = unicodedata.category(letter)
        if category == "Pd" or letter in _WORD_SEPARATORS:
            folded = " "
        elif category in {"Mn", "Cf"}:
            # Cf contains the soft hyphen and the zero-width characters, which nobody types.
            folded = ""
        else:
            folded = _LIGATURES.get(letter, letter)
        if len(self) < _CACHE_LIMIT:
            self[code] = folded
        return folded


_LETTER_TABLE = _LetterTable()

_FOLDED_BYTES = [_fold_unicode(chr(code)) for code in range(256)]
_DROPPED_BYTES = bytes(code for code, folded in enumerate(_FOLDED_BYTES) if not folded)
# Bytes that fold to several letters, or to a letter outside Latin-1.
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
