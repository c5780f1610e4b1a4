"""What a person may have meant by a word that no case has: the nearest word that finds cases."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from rapidfuzz import process
from rapidfuzz.distance import OSA
from sqlalchemy.orm import Session

from register.errors import Invalid
from register.followers.search import language, searching, words
from register.followers.search.engine import Engine, Unready
from register.incidents.vocabulary import Book
from register.journal import Position
from register.text.fold import fold

# A word of three letters is a keystroke away from any other.
_SHORTEST = 4
_LONG = 8
# Words of a search that are put right, and neighbours that are tried for each.
_WORDS = 3
_NEAR = 3

_WORD = re.compile(r"[^\W_]+")


def better(session: Session, index: Engine, text: str, book: Book, head: Position) -> str | None:
    """The same search with its misspelt words put right, if that finds a case; else None.

    A word is proposed only when a public case answers it now: the index may still hold one that
    was taken back.
    """
    try:
        known = index.forms(session)
    except Unready:
        return None
    put_right = text
    for form in list(_unknown(text, known))[:_WORDS]:
        near = _nearest(form, known)
        best = max(near, key=lambda one: _count(session, index, one, book, head), default=None)
        if best is None or not _count(session, index, best, book, head):
            return None
        put_right = _replaced(put_right, form, best)
    if put_right == text or not _count(session, index, put_right, book, head):
        return None
    return put_right


def _unknown(text: str, known: Sequence[str]) -> Iterator[str]:
    """The words of a search that are in no case, each once; codes are no words."""
    tokens = {words.token_of(form) for form in known}
    for form in dict.fromkeys(words.forms(text)):
        if len(form) >= _SHORTEST and form.isalpha() and words.token_of(form) not in tokens:
            yield form


def _nearest(form: str, known: Sequence[str]) -> list[str]:
    most = 2 if len(form) >= _LONG else 1
    found = process.extract(form, known, scorer=OSA.distance, score_cutoff=most, limit=_NEAR)
    return [word for word, _distance, _place in found]


def _count(session: Session, index: Engine, text: str, book: Book, head: Position) -> int:
    try:
        asked = language.parse(text)
    except Invalid:
        return 0
    return len(searching.find_asked(session, index, asked, book, head).strength)


def _replaced(text: str, form: str, better_form: str) -> str:
    return _WORD.sub(lambda word: better_form if fold(word.group()) == form else word.group(), text)
