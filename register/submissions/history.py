"""What was done with one report, from the journal's lines about it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Text, cast, func, select
from sqlalchemy.orm import Session

from register.incidents import memberlog
from register.incidents.memberlog import Line
from register.incidents.tables import ENTRY
from register.journal import Act, Ledger
from register.text.dates import PARIS

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
    lines = memberlog.told(session, rows)
    return sorted(lines, key=lambda line: (line.day, line.at is not None, line.seq), reverse=True)


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
