"""What a person may have meant by a word that no case has: the nearest word that finds cases."""

from __future__ import annotations

import re
from collections.abc import Sequence

from rapidfuzz import process
from rapidfuzz.distance import OSA
from sqlalchemy.orm import Session

from register.cases.vocabulary import Book
from register.errors import Invalid
from register.journal import Position
from register.search import analyzer, query_parser, service
from register.search.engine import Engine, Unready
from register.text.fold import fold

# A word of three letters is a keystroke away from any other.
_SHORTEST = 4
_LONG = 8
# Words of a search that are looked at, and neighbours that are tried for each.
_WORDS = 6
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
    for form in _spelt(text):
        if _count(session, index, form, book, head):
            continue
        found = {one: _count(session, index, one, book, head) for one in _nearest(form, known)}
        best = max(found, key=lambda one: found[one], default=None)
        if best is None or not found[best]:
            return None
        put_right = _replaced(put_right, form, best)
    if put_right == text or not _count(session, index, put_right, book, head):
        return None
    return put_right


def _spelt(text: str) -> list[str]:
    """The first words of a search that may be misspelt, each once; codes and numbers are none."""
    told = (form for form in dict.fromkeys(analyzer.forms(text)) if len(form) >= _SHORTEST)
    return [form for form in told if form.isalpha()][:_WORDS]


def _nearest(form: str, known: Sequence[str]) -> list[str]:
    most = 2 if len(form) >= _LONG else 1
    found = process.extract(form, known, scorer=OSA.distance, score_cutoff=most, limit=_NEAR)
    return [word for word, _distance, _place in found]


def _count(session: Session, index: Engine, text: str, book: Book, head: Position) -> int:
    """How many cases answer; none where only titles can be looked through, which takes long."""
    try:
        asked = query_parser.parse(text)
    except Invalid:
        return 0
    found = service.proposed(session, index, asked, book, head)
    return len(found.strength) if found else 0


def _replaced(text: str, form: str, better_form: str) -> str:
    return _WORD.sub(lambda word: better_form if fold(word.group()) == form else word.group(), text)
