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

from register.cases.models import CaseState as CaseState
from register.cases.models import Incident
from register.db import empty_log, housekeeping
from register.journal import writing
from register.report_keys import KeyStore
from register.reports import rules
from register.reports.acts import forget, purge
from register.reports.acts.retention import PurgeCounts
from register.reports.models import Report, ReportState, RetainedReport, RetentionClock
from register.text import dates


@dataclass(frozen=True)
class RetentionRun:
    """What was done; ``waits_since`` is the last day known when the clock jumped ahead of it."""

    done: PurgeCounts
    waits_since: date | None = None


def clock_jump(session: Session, today: date) -> date | None:
    """The last day that retention was looked at, when the clock is suspiciously far from it."""
    clock = session.get(RetentionClock, 1)
    return clock.day if clock is not None and today > clock.day + rules.MAX_CLOCK_JUMP else None


def has_orphans(session: Session) -> bool:
    """Whether a case whose texts are gone still keeps something of a report."""
    stmt = (
        select(RetainedReport.key)
        .join(Incident, Incident.id == RetainedReport.incident_id)
        .where(Incident.state == CaseState.ERASED)
        .limit(1)
    )
    return session.scalar(stmt) is not None


def run_retention(
    engine: Engine,
    store: KeyStore,
    at: datetime,
    undecided_after: int,
    *,
    confirmed: bool = False,
) -> RetentionRun:
    """Do what is due.

    :param confirmed: that the clock is right, said by a person.
    :raises SealError: the store of keys is missing, or another instance's.
    """
    # Of another instance's keys, none would seem to be needed.
    store.require()
    today = dates.paris_day(at)
    with Session(engine) as session:
        waits_since = None if confirmed else clock_jump(session, today)
    done, has_more = PurgeCounts(), True
    while has_more:
        with writing(engine, at) as tx:
            batch = purge(tx, store, undecided_after) if waits_since is None else forget(tx, store)
        done, has_more = done + batch, batch.has_more
    if waits_since is None:
        _record_run_day(engine, today)
    if done.purged or done.retained or done.counted or done.destroyed:
        empty_log(engine)
    return RetentionRun(done, waits_since)


def _record_run_day(engine: Engine, today: date) -> None:
    with Session(engine) as session:
        existing = session.get(RetentionClock, 1)
    # A clock that was set back says nothing; one that stands on the same day writes nothing.
    if existing is not None and existing.day >= today:
        return
    with housekeeping(engine) as session:
        clock = session.get(RetentionClock, 1)
        if clock is None:
            session.add(RetentionClock(id=1, day=today))
        else:
            clock.day = max(clock.day, today)


def spam_to_confirm(session: Session) -> dict[int, int]:
    """How many reports were put aside together and wait for a second member, by who did it."""
    rows = session.execute(
        select(Report.together_by, func.count())
        .where(Report.state == ReportState.SPAM, Report.together_by.is_not(None))
        .group_by(Report.together_by)
    )
    return {member: number for member, number in rows if member is not None}
