"""Terms of retention: how long each state of a report is stored, and what is due on a day.

The reasons are in ``docs/decisions/0019``; :mod:`register.reports.acts.purging` does what is due.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta

from sqlalchemy import ColumnElement, and_
from sqlalchemy.orm import Session

from register.cases.deadlines import add_months
from register.reports.models import OPEN_STATES, Report, ReportState, RetentionClock

# From the decision to the destruction of the texts: a week for spam, 90 days for the others.
_PURGE_TERMS: Mapping[ReportState, timedelta] = {
    ReportState.SPAM: timedelta(days=7),
    ReportState.DECLINED: timedelta(days=90),
    ReportState.WITHDRAWN: timedelta(days=90),
    ReportState.ACCEPTED: timedelta(days=90),
}
# For reports marked as spam in bulk: the time in which another member can look at them.
BULK_SPAM_TERM = timedelta(days=30)
ANSWER_TERM = timedelta(days=90)
OVERDUE_MONTHS = 12
# How long state and reason still answer a receipt code after the purge; then they are tallied.
ROWS_MONTHS = 12
# Beyond this jump, the clock was set or the register was stopped: a person must confirm the date.
MAX_CLOCK_JUMP = timedelta(days=31)


def purge_day(state: ReportState, moved_on: date) -> date | None:
    """The day on which a report's texts are destroyed; None while it is undecided."""
    term = _PURGE_TERMS.get(state)
    return moved_on + term if term else None


def undecided_clause() -> ColumnElement[bool]:
    """The clause of undecided reports."""
    return Report.state.in_([state.value for state in OPEN_STATES])


def undecided_since_clause(today: date, months: int) -> ColumnElement[bool]:
    """The clause of reports that have been undecided for some months or more."""
    return and_(undecided_clause(), Report.day <= add_months(today, -months))


def unanswered_clause(today: date) -> ColumnElement[bool]:
    """The clause of reports whose question was not answered in time."""
    waits = Report.state == ReportState.WAITING
    return and_(waits, Report.moved_on <= today - ANSWER_TERM)


def destruction_clause(today: date) -> ColumnElement[bool]:
    """The clause of reports whose texts are due for destruction."""
    return and_(Report.purge_on <= today, Report.sealed.is_not(None))


def tally_clause(today: date) -> ColumnElement[bool]:
    """The clause of purged reports whose rows are due for deletion."""
    return and_(Report.sealed.is_(None), Report.moved_on <= add_months(today, -ROWS_MONTHS))


def clock_jump(session: Session, today: date) -> date | None:
    """The day of the last run, when today is suspiciously long after it; None otherwise."""
    clock = session.get(RetentionClock, 1)
    return clock.day if clock is not None and today > clock.day + MAX_CLOCK_JUMP else None
