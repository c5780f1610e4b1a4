"""How two spellings of the same words are made equal, for search and for place names."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable

# Whoever types L'Haÿ, L’Haÿ or L Haÿ must land on the same page. U+2212 is the minus sign that
# some keyboards put for a hyphen; every other dash is known by its Unicode category.
_SPLITTERS = frozenset("'’ʼ‘`´′\u2212")
_SPACES = {ord(mark): " " for mark in _SPLITTERS}
_LIGATURES = {"œ": "oe", "æ": "ae"}
_OTHER_THAN_WORDS = re.compile(r"[\W_]+")
_SAINTS = {"st": "saint", "ste": "sainte", "sts": "saints", "stes": "saintes"}
# What French texts have beside Latin-1, and the same within it. Folded, both are alike.
_WITHIN_LATIN = {
    "’": "'",
    "œ": "oe",
    "Œ": "oe",
    "\u202f": " ",
    "…": "...",
    "–": "-",
    "—": "-",
}
# Whoever sends all of Unicode fills no memory with it.
_REMEMBERED = 4_096


def fold(text: str) -> str:
    """Small letters without accents, apostrophes and hyphens as single spaces, ends bare."""
    # Thousands of texts are folded for one search of reports.
    return " ".join((_latin(text) or _bare(text)).split())


def _latin(text: str) -> str:
    """The same as :func:`_bare`, many times as fast; empty for a text that is not of Latin-1.

    None of its letters combines with another: each becomes the same whatever stands beside it.
    """
    for sign, same in _WITHIN_LATIN.items():
        text = text.replace(sign, same)
    try:
        told = text.encode("latin-1")
    except UnicodeEncodeError:
        return ""
    return "" if _LONGER.search(told) else told.translate(_TABLE, _DROPPED).decode("latin-1")


def fold_name(name: str) -> str:
    """A place name for comparison: folded, without punctuation, "St" and "Ste" in full."""
    words = _OTHER_THAN_WORDS.sub(" ", fold(name)).split()
    return " ".join(_SAINTS.get(word, word) for word in words)


def _bare(text: str) -> str:
    # The splitters go first: NFKD would turn the spacing acute ´ into a space and an accent.
    small = unicodedata.normalize("NFKD", text.translate(_SPACES)).casefold()
    # Case folding can put a composed letter back, hence the second NFKD (Unicode, chapter 3,
    # compatibility caseless matching).
    return unicodedata.normalize("NFKD", small).translate(_MARKS)


def _folded(letter: str) -> str:
    category = unicodedata.category(letter)
    if category == "Pd" or letter in _SPLITTERS:
        return " "
    # Cf holds the soft hyphen and the zero-width characters, which nobody types in a search.
    return "" if category in {"Mn", "Cf"} else _LIGATURES.get(letter, letter)


class _Letters(dict[int, str]):
    """What letters become, each looked at once."""

    def __init__(self, become: Callable[[str], str]) -> None:
        super().__init__()
        self.become = become

    def __missing__(self, code: int) -> str:
        letter = self.become(chr(code))
        if len(self) < _REMEMBERED:
            self[code] = letter
        return letter


_MARKS = _Letters(_folded)

_BECOME = [_bare(chr(code)) for code in range(256)]
_DROPPED = bytes(code for code, told in enumerate(_BECOME) if not told)
# Those that become several letters, or one of another alphabet.
_LONGER = re.compile(
    b"[%b]"
    % b"".join(
        re.escape(bytes([code]))
        for code, told in enumerate(_BECOME)
        if len(told) > 1 or (told and ord(told) > 255)
    )
)
_TABLE = bytes(ord(told) if len(told) == 1 and ord(told) < 256 else 0 for told in _BECOME)
