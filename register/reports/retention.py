"""Terms of retention: how long each state of a report is stored, and what is due on a day.

The reasons are in ``docs/decisions/0019``; :mod:`register.reports.acts.purging` does what is due.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date, timedelta

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.orm import Session

from register.cases.case_evidence import case_key_name, cases_with_evidence
from register.cases.legal_rules import add_months
from register.cases.models import CaseState, Incident
from register.journal import Act, JournalEntry
from register.reports import report_content
from register.reports.models import OPEN_STATES, Report, ReportState, RetainedReport, RetentionClock
from register.text.dates import paris_day

# From the decision, or the end of the work on an accepted report, to the destruction of the texts.
TEXTS_TERM = timedelta(days=90)
SPAM_TERM = timedelta(days=7)
# For reports marked as spam in bulk: the time in which another member can look at them.
BULK_SPAM_TERM = timedelta(days=30)
ANSWER_TERM = timedelta(days=90)
_PURGE_TERMS: Mapping[ReportState, timedelta] = {
    ReportState.SPAM: SPAM_TERM,
    ReportState.DECLINED: TEXTS_TERM,
    ReportState.WITHDRAWN: TEXTS_TERM,
}
# Acts that end the work on a draft, and so on its reports.
_WORK_ENDS = (Act.PUBLISHED, Act.DISCARDED, Act.DRAFT_MERGED)
OVERDUE_MONTHS = 12
# How long state and reason still answer a receipt code after the purge; then they are tallied.
ROWS_MONTHS = 12
# Beyond this jump, the clock was set or the register was stopped: a person must confirm the date.
MAX_CLOCK_JUMP = timedelta(days=31)


def purge_day(state: ReportState, moved_on: date) -> date | None:
    """The day on which a report's texts are destroyed, known from its state.

    None while it is undecided, and for an accepted one, whose term runs from the end of the work.
    """
    term = _PURGE_TERMS.get(state)
    return moved_on + term if term else None


def ends_of_work(session: Session, incident_ids: Collection[int]) -> dict[int, date]:
    """The day on which the work on each case ended; without those that are drafts."""
    stmt = (
        select(JournalEntry.incident_id, func.min(JournalEntry.at))
        .join(Incident, Incident.id == JournalEntry.incident_id)
        .where(
            JournalEntry.incident_id.in_(incident_ids),
            JournalEntry.act.in_([act.value for act in _WORK_ENDS]),
            Incident.state != CaseState.DRAFT,
        )
        .group_by(JournalEntry.incident_id)
    )
    return {incident: paris_day(at) for incident, at in session.execute(stmt) if incident}


def purge_day_after_work(accepted_on: date, ended_on: date) -> date:
    """The day on which an accepted report's texts are destroyed."""
    return max(accepted_on, ended_on) + TEXTS_TERM


def last_purge_day(received_on: date, months: int) -> date:
    """The day after which no texts of a report are stored, however long the work on it takes.

    :param months: as in :func:`undecided_since_clause`.
    """
    return add_months(received_on, months) + TEXTS_TERM


def undecided_clause() -> ColumnElement[bool]:
    """The clause of undecided reports."""
    return Report.state.in_([state.value for state in OPEN_STATES])


def undecided_since_clause(today: date, months: int) -> ColumnElement[bool]:
    """The clause of reports that have been undecided for some months or more."""
    return and_(undecided_clause(), Report.day <= add_months(today, -months))


def unanswered_clause(today: date) -> ColumnElement[bool]:
    """The clause of reports whose question was not answered in time."""
    waits = Report.state == ReportState.WAITING
    return and_(waits, Report.asked_on <= today - ANSWER_TERM)


def accepted_clause() -> ColumnElement[bool]:
    """The clause of accepted reports that the end of the work on their case changes."""
    awaits_end = or_(Report.purge_on.is_(None), Report.asked_on.is_not(None))
    return and_(Report.state == ReportState.ACCEPTED, awaits_end)


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


def keys_in_use(session: Session) -> set[str]:
    """Names of the keys of reports and of cases with which something is encrypted."""
    stmt = select(Report.key, report_content.CONTACT_ID).where(Report.sealed.is_not(None))
    rows = session.execute(stmt).all()
    names = {key for key, _contact in rows}
    names |= {report_content.contact_key_name(*row) for row in rows if row.contact is not None}
    case_ids = set(session.scalars(select(RetainedReport.incident_id).distinct()))
    case_ids |= cases_with_evidence(session)
    return names | {case_key_name(incident) for incident in case_ids}
