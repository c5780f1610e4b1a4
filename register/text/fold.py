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
# Letters and signs that become the same whatever stands beside them: none combines with another.
_ALONE = re.compile("[\\x00-\\u02ff\\u2000-\\u206f\\u20ac\\u2212]*+")
# Whoever sends all of Unicode fills no memory with it.
_REMEMBERED = 4_096


def fold(text: str) -> str:
    """Small letters without accents, apostrophes and hyphens as single spaces, ends bare."""
    # Thousands of texts are folded for one search of reports.
    bare = text.translate(_EACH) if _ALONE.fullmatch(text) else _bare(text)
    return " ".join(bare.split())


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
_EACH = _Letters(_bare)
