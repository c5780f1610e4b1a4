"""The words of a search as its text holds them, and which of them may speak of a place at all."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from register.text.dates import MONTHS
from register.text.fold import fold_name

# Signs that bind what they touch into one address or name: "gagny.blogspot.com", "@gagny".
_BINDING = frozenset(".@_#")
# "Between quotation marks", and -left-out.
_LITERAL = re.compile(r"[\"“”„][^\"“”„]*[\"“”„]?|«[^«»]*»?|(?<!\S)[-\u2212]\S+")
_MONTHS = frozenset(fold_name(month) for month in MONTHS)
_DAY = re.compile(r"[0-3]?[0-9]|1er")
_YEAR = re.compile(r"(?:18|19|20)[0-9]{2}")


class Word(NamedTuple):
    """A word from ``start`` to ``end``; ``folded`` is empty when it cannot speak of a place."""

    start: int
    end: int
    folded: str


def words(text: str) -> list[Word]:
    """Every word; those of phrases, of exclusions, addresses, beginnings* and dates are mute."""
    mute = [found.span() for found in _LITERAL.finditer(text)]
    found = [
        Word(start, end, "" if _is_mute(text, start, end, mute) else fold_name(text[start:end]))
        for start, end in _spans(text)
    ]
    return _without_dates(found)


def _spans(text: str) -> Iterator[tuple[int, int]]:
    start = -1
    for place, sign in enumerate(text):
        # A mark without width belongs to its letter, which may come decomposed.
        inside = sign.isalnum() or (start >= 0 and unicodedata.category(sign) in ("Mn", "Cf"))
        if inside and start < 0:
            start = place
        elif not inside and start >= 0:
            yield start, place
            start = -1
    if start >= 0:
        yield start, len(text)


def _is_mute(text: str, start: int, end: int, mute: Sequence[tuple[int, int]]) -> bool:
    before, after = text[start - 1 : start], text[end : end + 2]
    return (
        any(first <= start < last for first, last in mute)
        or before in _BINDING
        or after[:1] == "*"
        or (after[:1] in _BINDING and after[1:].isalnum())
    )


def _without_dates(found: list[Word]) -> list[Word]:
    """ "29 juillet 1881", "mars 2008": no département, and not the commune of Mars."""
    muted = list(found)
    for place, word in enumerate(found):
        if word.folded not in _MONTHS:
            continue
        before = found[place - 1].folded if place else ""
        after = found[place + 1].folded if place + 1 < len(found) else ""
        if _DAY.fullmatch(before):
            muted[place - 1] = muted[place - 1]._replace(folded="")
        if _DAY.fullmatch(before) or _YEAR.fullmatch(after):
            muted[place] = word._replace(folded="")
    return muted
