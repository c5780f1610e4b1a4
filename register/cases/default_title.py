"""A title for a case that nobody has given one yet: its type, its place and its date in words."""

from __future__ import annotations

from register.cases.vocabulary import Book
from register.text import dates
from register.text.errors import TextError


def made(types: tuple[str, ...], place: str, date: str, book: Book) -> str:
    """The title; of what is not known there is nothing in it.

    :param place: a name, as a sentence says it.
    :param date: EDTF; one that is none is left out, and reported by its own field.
    """
    label = book.label("type", types[0]) if types else ""
    try:
        when = dates.words(date) if date else ""
    except TextError:
        when = ""
    return ", ".join(part for part in (label, place, when) if part)
