"""Retention: what the law of the house says of a day is done on that day, and not before.

A clock that is set a year ahead would have everything destroyed that should live for months. So
the last day on which this was looked at is kept, and after a jump a person has to say that it is
true.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

from register.cases.models import Incident
from register.cases.models import State as CaseState
from register.db import housekeeping, scrub
from register.journal import writing
from register.report_keys import KeyStore
from register.reports import rules
from register.reports.acts import forget, purge
from register.reports.acts.purge import Purged
from register.reports.models import Kept, Report, RetentionClock, State
from register.text import dates


@dataclass(frozen=True)
class Looked:
    """What was done; ``waits_since`` is the last day known when the clock jumped ahead of it."""

    done: Purged
    waits_since: date | None = None


def jumped(session: Session, today: date) -> date | None:
    """The last day that retention was looked at, when the clock is suspiciously far from it."""
    known = session.get(RetentionClock, 1)
    return known.day if known is not None and today > known.day + rules.JUMP else None


def forgettable(session: Session) -> bool:
    """Whether a case whose texts are gone still keeps something of a report."""
    asked = (
        select(Kept.key)
        .join(Incident, Incident.id == Kept.incident_id)
        .where(Incident.state == CaseState.ERASED)
        .limit(1)
    )
    return session.scalar(asked) is not None


def look(
    engine: Engine,
    store: KeyStore,
    at: datetime,
    undecided_after: int,
    *,
    confirmed: bool = False,
) -> Looked:
    """Do what is due.

    :param confirmed: that the clock is right, said by a person.
    :raises SealError: the store of keys is missing, or another instance's.
    """
    # Of another instance's keys, none would seem to be needed.
    store.require()
    today = dates.paris_day(at)
    with Session(engine) as session:
        waits = None if confirmed else jumped(session, today)
    done, more = Purged(), True
    while more:
        with writing(engine, at) as pen:
            some = purge(pen, store, undecided_after) if waits is None else forget(pen, store)
        done, more = done + some, some.more
    if waits is None:
        _note(engine, today)
    if done.purged or done.kept or done.counted or done.destroyed:
        scrub(engine)
    return Looked(done, waits)


def _note(engine: Engine, today: date) -> None:
    with Session(engine) as session:
        known = session.get(RetentionClock, 1)
    # A clock that was set back says nothing; one that stands on the same day writes nothing.
    if known is not None and known.day >= today:
        return
    with housekeeping(engine) as session:
        kept = session.get(RetentionClock, 1)
        if kept is None:
            session.add(RetentionClock(id=1, day=today))
        else:
            kept.day = max(kept.day, today)


def spam_to_confirm(session: Session) -> dict[int, int]:
    """How many reports were put aside together and wait for a second member, by who did it."""
    rows = session.execute(
        select(Report.together_by, func.count())
        .where(Report.state == State.SPAM, Report.together_by.is_not(None))
        .group_by(Report.together_by)
    )
    return {member: number for member, number in rows if member is not None}
