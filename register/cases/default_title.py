"""A title for a case that nobody has given one yet: its type, its place and its date in words."""

from __future__ import annotations

from register.cases.vocabulary import Vocabulary
from register.text import dates
from register.text.errors import TextError


def build_title(types: tuple[str, ...], place: str, date: str, vocabulary: Vocabulary) -> str:
    """The title; of what is not known there is nothing in it.

    :param place: a name, as a sentence says it.
    :param date: EDTF; one that is none is left out, and reported by its own field.
    """
    label = vocabulary.label("type", types[0]) if types else ""
    try:
        date_words = dates.date_words(date) if date else ""
    except TextError:
        date_words = ""
    return ", ".join(part for part in (label, place, date_words) if part)
