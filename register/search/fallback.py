"""The search without an index: words in titles, summaries, outlets and places, by SQL alone.

It stands in while the index is made anew. The database proposes generously, by letters; each case
proposed is then judged by its document, so that no answer is wrong: some are missing.
"""

from __future__ import annotations

import re

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session

from register.cases.core_tables import CASE, COMMUNE, OUTLET, PLACE
from register.cases.core_tables import COMMUNE_CODE as COMMUNE_CODE
from register.cases.models import CaseState
from register.cases.vocabulary import Vocabulary
from register.search.document import documents
from register.search.matcher import strength
from register.search.query_model import CODE, QueryAlternative, QueryPart, SearchQuery

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
