"""The cases that a search by words finds, right at the moment of the page that asks.

The index proposes. What has moved in the public ledger since the index last followed it is judged
from the database, so that an index that lags neither shows a word that was taken back nor misses
what was just published. Without an index, words are looked for in the titles and summaries.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from rapidfuzz import process
from rapidfuzz.distance import OSA
from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session

from register.cases.core_tables import CASE, COMMUNE, JOURNAL_ENTRY, OUTLET, PLACE
from register.cases.core_tables import COMMUNE_CODE as COMMUNE_CODE
from register.cases.models import CaseState
from register.cases.vocabulary import Vocabulary
from register.errors import Invalid
from register.journal import Ledger, LedgerPosition
from register.search import analyzer, indexer, query_parser
from register.search.document import documents
from register.search.engine import (
    CODE,
    Cursor,
    IndexNotReady,
    QueryAlternative,
    QueryPart,
    SearchEngine,
    SearchQuery,
)
from register.search.matcher import strength
from register.text.normalisation import fold

# The newest cases that are judged, and the parts of a search that narrow them before.
CANDIDATES_LIMIT = 200
PARTS_LIMIT = 4
ALTERNATIVES_LIMIT = 6

# A folded letter that may be written with an accent, and what may stand for it: any one letter.
_ACCENTED = re.compile("[aceinouy]")


def find_by_sql(
    session: Session, search_query: SearchQuery, vocabulary: Vocabulary
) -> dict[int, int]:
    """The newest cases whose title, summary, outlets or place say it, with their strength."""
    stmt = select(CASE.c.number).where(CASE.c.state == CaseState.PUBLISHED)
    for part in search_query.required_parts[:PARTS_LIMIT]:
        if (clause := _part_clause(part)) is not None:
            stmt = stmt.where(clause)
    newest = stmt.order_by(CASE.c.sort_day.desc(), CASE.c.number.desc()).limit(CANDIDATES_LIMIT)
    numbers = [number for number in session.scalars(newest) if number]
    scores = (
        (document.number, strength(search_query, document))
        for document in documents(session, numbers, vocabulary)
    )
    return {number: score for number, score in scores if score is not None}


def _part_clause(part: QueryPart) -> ColumnElement[bool] | None:
    """What the cases of a part satisfy at least; None when SQL cannot say."""
    clauses = [
        _alternative_clause(alternative) for alternative in part.alternatives[:ALTERNATIVES_LIMIT]
    ]
    usable_clauses = [clause for clause in clauses if clause is not None]
    return or_(*usable_clauses) if len(usable_clauses) == len(clauses) else None


def _alternative_clause(alternative: QueryAlternative) -> ColumnElement[bool] | None:
    token = max(alternative.tokens, key=len)
    if token.startswith(CODE):
        return None
    folded_pattern = f"%{token}%"
    accented_pattern = "%" + _ACCENTED.sub("_", token) + "%"
    outlet_cases = select(OUTLET.c.incident_id).where(OUTLET.c.folded.like(folded_pattern))
    place_cases = (
        select(PLACE.c.incident_id)
        .join(COMMUNE_CODE, COMMUNE_CODE.c.code == PLACE.c.code)
        .join(COMMUNE, COMMUNE.c.code == COMMUNE_CODE.c.current_code)
        .where(COMMUNE.c.folded.like(folded_pattern))
    )
    return or_(
        func.lower(CASE.c.title).like(accented_pattern),
        func.lower(CASE.c.summary).like(accented_pattern),
        CASE.c.id.in_(outlet_cases),
        CASE.c.id.in_(place_cases),
    )


# Cases judged one by one for a page: a few milliseconds each time the index is so far behind.
JUDGED_LIMIT = 200


class Reach(StrEnum):
    """How far the words were looked for."""

    EVERYWHERE = "whole"  # everywhere, in the register as it now is
    BEHIND = "behind"  # the index lags so far that some of the newest texts were not read
    TITLES_ONLY = "titles"  # there is no index: titles, summaries, outlets and places only


@dataclass(frozen=True)
class SearchMatches:
    """Case numbers with their strength: how many of the words title, outlet or place say."""

    strength: Mapping[int, int]
    reach: Reach

    @property
    def state(self) -> str:
        """The reach as a plain word."""
        return self.reach.value


def find_by_text(
    session: Session,
    index: SearchEngine,
    search_text: str,
    vocabulary: Vocabulary,
    head: LedgerPosition,
) -> SearchMatches:
    """The cases that answer what a person typed.

    :param session: the page's; everything is of its moment.
    :param head: where the public ledger stands, read first on that session.
    :raises Invalid: the text cannot be searched for; see ``language``.
    """
    return find_cases(session, index, query_parser.parse(search_text), vocabulary, head)


def find_cases(
    session: Session,
    index: SearchEngine,
    search_query: SearchQuery,
    vocabulary: Vocabulary,
    head: LedgerPosition,
) -> SearchMatches:
    """The same for a search that was read already."""
    matches = search_index(session, index, search_query, vocabulary, head)
    return matches or SearchMatches(
        find_by_sql(session, search_query, vocabulary), Reach.TITLES_ONLY
    )


def search_index(
    session: Session,
    index: SearchEngine,
    search_query: SearchQuery,
    vocabulary: Vocabulary,
    head: LedgerPosition,
) -> SearchMatches | None:
    """What the index finds, put right where the register has moved since; None without an index.

    An index of another ledger is none, and so is one whose tokens another analysis made: it would
    find nothing by words that cases have.
    """
    try:
        matches = index.find(session, search_query)
    except IndexNotReady:
        return None
    if not (indexer.is_readable(matches.cursor) and _follows_ledger(session, matches.cursor, head)):
        return None
    changed = _changed_since(session, matches.cursor) if matches.cursor.seq < head.seq else {}
    strengths = {
        number: score for number, score in matches.strength.items() if number not in changed
    }
    newest_first = sorted(changed, key=lambda number: changed[number], reverse=True)
    strengths |= judge_cases(session, search_query, newest_first[:JUDGED_LIMIT], vocabulary)
    return SearchMatches(
        strengths, Reach.EVERYWHERE if len(changed) <= JUDGED_LIMIT else Reach.BEHIND
    )


def judge_cases(
    session: Session, search_query: SearchQuery, numbers: Iterable[int], vocabulary: Vocabulary
) -> dict[int, int]:
    """Those of some cases that answer and are public, by their present texts."""
    case_numbers = list(numbers)
    if not case_numbers:
        return {}
    scores = (
        (document.number, strength(search_query, document))
        for document in documents(session, case_numbers, vocabulary)
    )
    return {number: score for number, score in scores if score is not None}


def _follows_ledger(session: Session, cursor: Cursor, head: LedgerPosition) -> bool:
    if (cursor.seq, cursor.digest) == (head.seq, head.digest):
        return True
    if cursor.seq <= head.seq:
        return indexer.is_on_chain(session, cursor)
    # The index has read lines that were written since this page began: another connection sees
    # them. What they took back is no longer proposed, and what they brought is not yet public here.
    with Session(session.get_bind()) as later:
        return indexer.is_on_chain(later, cursor)


def _changed_since(session: Session, cursor: Cursor) -> Mapping[int, int]:
    """The cases with a public line after the cursor, and the last such line of each."""
    last_lines: Sequence[tuple[int, int]] = session.execute(
        select(JOURNAL_ENTRY.c.case_number, func.max(JOURNAL_ENTRY.c.seq))
        .where(
            JOURNAL_ENTRY.c.ledger == Ledger.PUBLIC.value,
            JOURNAL_ENTRY.c.seq > cursor.seq,
            JOURNAL_ENTRY.c.case_number.is_not(None),
        )
        .group_by(JOURNAL_ENTRY.c.case_number)
    ).all()
    return dict(last_lines)


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
    matches = search_index(session, index, search_query, vocabulary, head)
    return len(matches.strength) if matches else 0


def _replace_word(search_text: str, form: str, better_form: str) -> str:
    return _WORD.sub(
        lambda word: better_form if fold(word.group()) == form else word.group(), search_text
    )
