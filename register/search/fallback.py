"""The search without an index: words in titles, summaries, outlets and places, by SQL alone.

It stands in while the index is made anew. The database proposes generously, by letters; each case
proposed is then judged by its document, so that no answer is wrong: some are missing.
"""

from __future__ import annotations

import re

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session

from register.cases.core_tables import CASE, COMMUNE, OUTLET, PLACE
from register.cases.core_tables import CODE as LED
from register.cases.models import State
from register.cases.vocabulary import Book
from register.search.document import documents
from register.search.matcher import strength
from register.search.query_model import CODE, Asked, Part, Way

# The newest cases that are judged, and the parts of a search that narrow them before.
CANDIDATES = 200
PARTS = 4
WAYS = 6

# A folded letter that may be written with an accent, and what may stand for it: any one letter.
_ACCENTED = re.compile("[aceinouy]")


def find(session: Session, asked: Asked, book: Book) -> dict[int, int]:
    """The newest cases whose title, summary, outlets or place say it, with their strength."""
    chosen = select(CASE.c.number).where(CASE.c.state == State.PUBLISHED)
    for part in asked.wanted[:PARTS]:
        if (clause := _likely(part)) is not None:
            chosen = chosen.where(clause)
    newest = chosen.order_by(CASE.c.sort_day.desc(), CASE.c.number.desc()).limit(CANDIDATES)
    numbers = [number for number in session.scalars(newest) if number]
    found = ((one.number, strength(asked, one)) for one in documents(session, numbers, book))
    return {number: value for number, value in found if value is not None}


def _likely(part: Part) -> ColumnElement[bool] | None:
    """What the cases of a part satisfy at least; None when SQL cannot say."""
    told = [_said(way) for way in part.ways[:WAYS]]
    known = [clause for clause in told if clause is not None]
    return or_(*known) if len(known) == len(told) else None


def _said(way: Way) -> ColumnElement[bool] | None:
    token = max(way.tokens, key=len)
    if token.startswith(CODE):
        return None
    folded = f"%{token}%"
    written = "%" + _ACCENTED.sub("_", token) + "%"
    outlet = select(OUTLET.c.incident_id).where(OUTLET.c.folded.like(folded))
    place = (
        select(PLACE.c.incident_id)
        .join(LED, LED.c.code == PLACE.c.code)
        .join(COMMUNE, COMMUNE.c.code == LED.c.current_code)
        .where(COMMUNE.c.folded.like(folded))
    )
    return or_(
        func.lower(CASE.c.title).like(written),
        func.lower(CASE.c.summary).like(written),
        CASE.c.id.in_(outlet),
        CASE.c.id.in_(place),
    )
