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
from register.cases.core_tables import ENTRY
from register.cases.members_journal import Line
from register.journal import Act, Ledger
from register.text.dates import PARIS, paris_day

_ACTS = {
    led: [act.value for act in Act if act.value.startswith("report_") and act.ledger is led]
    for led in (Ledger.DESK, Ledger.REPORTS)
}


def history(session: Session, key: str, received: date) -> Sequence[Line]:
    """The lines about a report, the newest first.

    Lines of reporters tell days only: on one day they stand before those of members, which tell
    times, and nobody knows what came first.

    :param received: the day it was received, before which there is no line about it.
    """
    since = datetime(received.year, received.month, received.day, tzinfo=PARIS)
    rows = [row for led in _ACTS for row in session.execute(_asked(session, led, key, since))]
    lines = members_journal.told(session, rows)
    return sorted(lines, key=lambda line: (line.day, line.at is not None, line.seq), reverse=True)


@dataclass(frozen=True)
class Viewed:
    """What a member was shown on one day: reports by their keys, copies by their cases' ids."""

    reports: frozenset[str]
    cases: frozenset[int]


def viewed(session: Session, act: Act, by: int, at: datetime) -> Viewed:
    """What the lines of a day say that a member was shown.

    :param act: of those that show something of a report.
    :param at: a moment of the day.
    """
    # A line that tells a day only is kept at an hour of that day.
    begin = datetime.combine(paris_day(at), time(), PARIS)
    rows = session.execute(
        select(ENTRY.c.private_json, ENTRY.c.incident_id).where(
            ENTRY.c.ledger == act.ledger.value,
            ENTRY.c.member_id == by,
            ENTRY.c.act == act.value,
            ENTRY.c.at >= begin,
            ENTRY.c.at < begin + timedelta(days=1),
        )
    ).all()
    keys = (json.loads(row.private_json).get("report") for row in rows)
    return Viewed(
        frozenset(key for key in keys if key),
        frozenset(row.incident_id for row in rows if row.incident_id is not None),
    )


def _asked(session: Session, led: Ledger, key: str, since: datetime) -> Any:
    return select(*ENTRY.columns).where(
        ENTRY.c.ledger == led.value,
        ENTRY.c.act.in_(_ACTS[led]),
        ENTRY.c.at >= since,
        _as_text(session).contains(key, autoescape=True),
    )


def _as_text(session: Session) -> ColumnElement[str]:
    """What lines say to members, as a text that can be searched."""
    if session.get_bind().dialect.name == "postgresql":
        told: ColumnElement[str] = func.convert_from(ENTRY.c.private_json, "UTF8")
        return told
    return cast(ENTRY.c.private_json, Text)
