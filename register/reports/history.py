"""What was done with one report, and which were viewed, from the journal's lines."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Text, cast, func, select
from sqlalchemy.orm import Session

from register.cases import members_journal
from register.cases.core_tables import JOURNAL_ENTRY
from register.cases.members_journal import MembersJournalLine
from register.journal import Act, Ledger
from register.text.dates import PARIS, paris_day

_ACTS = {
    ledger: [act.value for act in Act if act.value.startswith("report_") and act.ledger is ledger]
    for ledger in (Ledger.DESK, Ledger.REPORTS)
}


def history(session: Session, key: str, received: date) -> Sequence[MembersJournalLine]:
    """The lines about a report, the newest first.

    Lines of reporters tell days only: on one day they stand before those of members, which tell
    times, and nobody knows what came first.

    :param received: the day it was received, before which there is no line about it.
    """
    since = datetime(received.year, received.month, received.day, tzinfo=PARIS)
    rows = [
        row
        for ledger in _ACTS
        for row in session.execute(_report_lines_stmt(session, ledger, key, since))
    ]
    lines = members_journal.make_lines(session, rows)
    return sorted(lines, key=lambda line: (line.day, line.at is not None, line.seq), reverse=True)


@dataclass(frozen=True)
class DayViews:
    """What a member was shown on one day: reports by their keys, copies by their cases' ids."""

    reports: frozenset[str]
    cases: frozenset[int]


def views_on_day(session: Session, act: Act, by: int, at: datetime) -> DayViews:
    """What the lines of a day say that a member was shown.

    :param act: of those that show something of a report.
    :param at: a moment of the day.
    """
    # A line that tells a day only is kept at an hour of that day.
    begin = datetime.combine(paris_day(at), time(), PARIS)
    rows = session.execute(
        select(JOURNAL_ENTRY.c.private_json, JOURNAL_ENTRY.c.incident_id).where(
            JOURNAL_ENTRY.c.ledger == act.ledger.value,
            JOURNAL_ENTRY.c.member_id == by,
            JOURNAL_ENTRY.c.act == act.value,
            JOURNAL_ENTRY.c.at >= begin,
            JOURNAL_ENTRY.c.at < begin + timedelta(days=1),
        )
    ).all()
    keys = (json.loads(row.private_json).get("report") for row in rows)
    return DayViews(
        frozenset(key for key in keys if key),
        frozenset(row.incident_id for row in rows if row.incident_id is not None),
    )


def _report_lines_stmt(session: Session, ledger: Ledger, key: str, since: datetime) -> Any:
    return select(*JOURNAL_ENTRY.columns).where(
        JOURNAL_ENTRY.c.ledger == ledger.value,
        JOURNAL_ENTRY.c.act.in_(_ACTS[ledger]),
        JOURNAL_ENTRY.c.at >= since,
        _private_text(session).contains(key, autoescape=True),
    )


def _private_text(session: Session) -> ColumnElement[str]:
    """What lines say to members, as a text that can be searched."""
    if session.get_bind().dialect.name == "postgresql":
        decoded: ColumnElement[str] = func.convert_from(JOURNAL_ENTRY.c.private_json, "UTF8")
        return decoded
    return cast(JOURNAL_ENTRY.c.private_json, Text)
