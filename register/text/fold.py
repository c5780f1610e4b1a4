"""How two spellings of the same words are made equal, for search and for place names."""

from __future__ import annotations

import re
import unicodedata

# Whoever types L'Haÿ, L’Haÿ or L Haÿ must land on the same page. U+2212 is the minus sign that
# some keyboards put for a hyphen; every other dash is known by its Unicode category.
_SPLITTERS = frozenset("'’ʼ‘`´′\u2212")
_SPACES = {ord(mark): " " for mark in _SPLITTERS}
_LIGATURES = {"œ": "oe", "æ": "ae"}
_OTHER_THAN_WORDS = re.compile(r"[\W_]+")
_SAINTS = {"st": "saint", "ste": "sainte", "sts": "saints", "stes": "saintes"}


def fold(text: str) -> str:
    """Small letters without accents, apostrophes and hyphens as single spaces, ends bare."""
    # The splitters go first: NFKD would turn the spacing acute ´ into a space and an accent.
    small = unicodedata.normalize("NFKD", text.translate(_SPACES)).casefold()
    # Case folding can put a composed letter back, hence the second NFKD (Unicode, chapter 3,
    # compatibility caseless matching).
    bare = "".join(_folded(letter) for letter in unicodedata.normalize("NFKD", small))
    return " ".join(bare.split())


def fold_name(name: str) -> str:
    """A place name for comparison: folded, without punctuation, "St" and "Ste" in full."""
    words = _OTHER_THAN_WORDS.sub(" ", fold(name)).split()
    return " ".join(_SAINTS.get(word, word) for word in words)


def _folded(letter: str) -> str:
    category = unicodedata.category(letter)
    if category == "Pd" or letter in _SPLITTERS:
        return " "
    # Cf holds the soft hyphen and the zero-width characters, which nobody types in a search.
    return "" if category in {"Mn", "Cf"} else _LIGATURES.get(letter, letter)
