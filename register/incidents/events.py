"""The public events as pages, feeds and the public log read them: from the public ledger alone.

Once a case is withdrawn or erased, its earlier events are gone and the last one remains.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session

from register.incidents.models import FollowUp, State
from register.incidents.queries import Listed, listed
from register.incidents.tables import CASE, ENTRY
from register.journal import Act, Ledger

# What may still be told of a case that is no longer shown.
LAST_WORDS = {
    State.WITHDRAWN: Act.WITHDRAWN,
    State.MERGED: Act.MERGED,
    State.ERASED: Act.ERASED,
}


@dataclass(frozen=True)
class Event:
    """One public event. ``title`` and ``case`` are None for a case that is no longer shown."""

    act: str
    at: datetime
    number: int
    title: str | None
    case: Listed | None


def latest(session: Session, limit: int = 6) -> Sequence[Event]:
    """The newest public events, newest first."""
    hidden = [and_(CASE.c.state == state, ENTRY.c.act == act) for state, act in LAST_WORDS.items()]
    rows = session.execute(
        select(ENTRY.c.act, ENTRY.c.at, ENTRY.c.case_number, ENTRY.c.event, ENTRY.c.private_json)
        .join(CASE, CASE.c.number == ENTRY.c.case_number)
        .where(ENTRY.c.ledger == Ledger.PUBLIC.value, or_(CASE.c.state == State.PUBLISHED, *hidden))
        .order_by(ENTRY.c.seq.desc())
        .limit(limit)
    ).all()
    cases = listed(session, [row.case_number for row in rows])
    fragments = {
        row.event: json.loads(row.private_json)["follow_up"]
        for row in rows
        if row.act == Act.FOLLOWED_UP
    }
    titles = _titles(session, fragments.values())
    events = []
    gone: set[int] = set()
    for row in rows:
        case = cases.get(row.case_number)
        if case is None:
            if row.case_number in gone:
                continue  # withdrawn twice is told once, by the last
            gone.add(row.case_number)
        title = case.title if case else None
        if case and row.act == Act.FOLLOWED_UP:
            title = titles.get(fragments[row.event], title)
        events.append(Event(row.act, row.at, row.case_number, title, case))
    return events


def _titles(session: Session, ids: Collection[int]) -> dict[int, str]:
    if not ids:
        return {}
    rows = session.execute(select(FollowUp.id, FollowUp.title).where(FollowUp.id.in_(ids)))
    return dict(rows.all())
