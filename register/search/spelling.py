"""What a person may have meant by a word that no case has: the nearest word that finds cases."""

from __future__ import annotations

import re
from collections.abc import Sequence

from rapidfuzz import process
from rapidfuzz.distance import OSA
from sqlalchemy.orm import Session

from register.cases.vocabulary import Vocabulary
from register.errors import Invalid
from register.journal import LedgerPosition
from register.search import analyzer, query_parser, service
from register.search.engine import IndexNotReady, SearchEngine
from register.text.fold import fold

# A word of three letters is a keystroke away from any other.
_MIN_LENGTH = 4
_LONG_WORD = 8
# Words of a search that are looked at, and neighbours that are tried for each.
_CHECKED_WORDS = 6
_NEIGHBOURS_LIMIT = 3

_WORD = re.compile(r"[^\W_]+")


def suggest_spelling(
    session: Session,
    index: SearchEngine,
    search_text: str,
    vocabulary: Vocabulary,
    head: LedgerPosition,
) -> str | None:
    """The same search with its misspelt words put right, if that finds a case; else None.

    A word is proposed only when a public case answers it now: the index may still hold one that
    was taken back.
    """
    try:
        indexed_forms = index.forms(session)
    except IndexNotReady:
        return None
    corrected = search_text
    for form in _checkable_forms(search_text):
        if _count_cases(session, index, form, vocabulary, head):
            continue
        counts = {
            candidate: _count_cases(session, index, candidate, vocabulary, head)
            for candidate in _nearest_forms(form, indexed_forms)
        }
        best = max(counts, key=lambda candidate: counts[candidate], default=None)
        if best is None or not counts[best]:
            return None
        corrected = _replace_word(corrected, form, best)
    if corrected == search_text or not _count_cases(session, index, corrected, vocabulary, head):
        return None
    return corrected


def _checkable_forms(search_text: str) -> list[str]:
    """The first words of a search that may be misspelt, each once; codes and numbers are none."""
    long_forms = (
        form for form in dict.fromkeys(analyzer.forms(search_text)) if len(form) >= _MIN_LENGTH
    )
    return [form for form in long_forms if form.isalpha()][:_CHECKED_WORDS]


def _nearest_forms(form: str, indexed_forms: Sequence[str]) -> list[str]:
    max_distance = 2 if len(form) >= _LONG_WORD else 1
    neighbours = process.extract(
        form, indexed_forms, scorer=OSA.distance, score_cutoff=max_distance, limit=_NEIGHBOURS_LIMIT
    )
    return [word for word, _distance, _place in neighbours]


def _count_cases(
    session: Session,
    index: SearchEngine,
    search_text: str,
    vocabulary: Vocabulary,
    head: LedgerPosition,
) -> int:
    """How many cases answer; none where only titles can be looked through, which takes long."""
    try:
        search_query = query_parser.parse(search_text)
    except Invalid:
        return 0
    matches = service.search_index(session, index, search_query, vocabulary, head)
    return len(matches.strength) if matches else 0


def _replace_word(search_text: str, form: str, better_form: str) -> str:
    return _WORD.sub(
        lambda word: better_form if fold(word.group()) == form else word.group(), search_text
    )
