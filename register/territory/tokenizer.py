"""The words of a search as its text holds them, and which of them may speak of a place at all."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from register.text.dates import MONTHS
from register.text.fold import fold_name

# Signs that bind what they touch into one address or name: "gagny.blogspot.com", "@gagny".
_BINDING_SIGNS = frozenset(".@_#")
# "Between quotation marks", and -left-out.
_LITERAL = re.compile(r"[\"“”„][^\"“”„]*[\"“”„]?|«[^«»]*»?|(?<!\S)[-\u2212]\S+")
_MONTHS = frozenset(fold_name(month) for month in MONTHS)
_DAY_NUMBER = re.compile(r"[0-3]?[0-9]|1er")
_YEAR_NUMBER = re.compile(r"(?:18|19|20)[0-9]{2}")


class TextWord(NamedTuple):
    """A word from ``start`` to ``end``; ``folded`` is empty when it cannot speak of a place."""

    start: int
    end: int
    folded: str


def split_words(text: str) -> list[TextWord]:
    """Every word; those of phrases, of exclusions, addresses, beginnings* and dates are mute."""
    mute_spans = [text_words.span() for text_words in _LITERAL.finditer(text)]
    text_words = [
        TextWord(
            start, end, "" if _is_mute(text, start, end, mute_spans) else fold_name(text[start:end])
        )
        for start, end in _word_spans(text)
    ]
    return _without_dates(text_words)


def _word_spans(text: str) -> Iterator[tuple[int, int]]:
    start = -1
    for index, sign in enumerate(text):
        # A mark without width belongs to its letter, which may come decomposed.
        inside = sign.isalnum() or (start >= 0 and unicodedata.category(sign) in ("Mn", "Cf"))
        if inside and start < 0:
            start = index
        elif not inside and start >= 0:
            yield start, index
            start = -1
    if start >= 0:
        yield start, len(text)


def _is_mute(text: str, start: int, end: int, mute_spans: Sequence[tuple[int, int]]) -> bool:
    previous_sign, next_signs = text[start - 1 : start], text[end : end + 2]
    return (
        any(span_start <= start < span_end for span_start, span_end in mute_spans)
        or previous_sign in _BINDING_SIGNS
        or next_signs[:1] == "*"
        or (next_signs[:1] in _BINDING_SIGNS and next_signs[1:].isalnum())
    )


def _without_dates(text_words: list[TextWord]) -> list[TextWord]:
    """ "29 juillet 1881", "mars 2008": no département, and not the commune of Mars."""
    undated_words = list(text_words)
    for index, word in enumerate(text_words):
        if word.folded not in _MONTHS:
            continue
        previous_word = text_words[index - 1].folded if index else ""
        next_word = text_words[index + 1].folded if index + 1 < len(text_words) else ""
        if _DAY_NUMBER.fullmatch(previous_word):
            undated_words[index - 1] = undated_words[index - 1]._replace(folded="")
        if _DAY_NUMBER.fullmatch(previous_word) or _YEAR_NUMBER.fullmatch(next_word):
            undated_words[index] = word._replace(folded="")
    return undated_words
