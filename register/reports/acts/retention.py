"""Retention of reports: expired terms, destruction of texts and keys, tallies.

The terms themselves are in :mod:`register.reports.rules`.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, cast

from sqlalchemy import Engine, Select, delete, func, select
from sqlalchemy.orm import Session

from register.cases.acts import destroy_due
from register.cases.deadlines import add_months
from register.cases.models import CaseState as CaseState
from register.cases.models import Incident
from register.db import empty_log, housekeeping
from register.journal import Act, WriteTransaction, writing
from register.report_keys import KeyStore
from register.reports import report_content, rules
from register.reports.acts._steps import change_state
from register.reports.models import (
    Message,
    Report,
    ReportState,
    RetainedReport,
    RetentionClock,
    Tally,
)
from register.reports.report_content import Decision
from register.text import dates

_IS_SEALED = Report.sealed.is_not(None).label("is_sealed")
# Rows per write transaction, so that other writers do not wait long.
BATCH_SIZE = 200


@dataclass(frozen=True)
class PurgeCounts:
    """Number of rows by step of a purge; ``has_more``: a batch was full."""

    returned: int = 0
    expired: int = 0
    purged: int = 0
    retained: int = 0
    counted: int = 0
    destroyed: int = 0
    has_more: bool = False

    def __add__(self, other: PurgeCounts) -> PurgeCounts:
        return PurgeCounts(
            self.returned + other.returned,
            self.expired + other.expired,
            self.purged + other.purged,
            self.retained + other.retained,
            self.counted + other.counted,
            self.destroyed + other.destroyed,
            other.has_more,
        )


def purge(tx: WriteTransaction, store: KeyStore, undecided_after: int) -> PurgeCounts:
    """Do what is due on the day of the transaction, one batch of each step at most.

    :param undecided_after: months after which a report without a decision is declined.
    """
    today = dates.paris_day(tx.at)
    done = PurgeCounts(
        returned=_return_unanswered(tx, today),
        expired=_decline_expired(tx, store, today, undecided_after),
        purged=_destroy_texts(tx, today),
        retained=_destroy_retained(tx),
        counted=_tally_closed(tx, today),
        destroyed=destroy_due(tx, BATCH_SIZE),
    )
    return _finish(tx, store, done)


def forget(tx: WriteTransaction, store: KeyStore) -> PurgeCounts:
    """Destroy the copies that erased cases retain; this depends on no term and no clock."""
    return _finish(tx, store, PurgeCounts(retained=_destroy_retained(tx)))


def _finish(tx: WriteTransaction, store: KeyStore, done: PurgeCounts) -> PurgeCounts:
    """Destroy unused keys after the commit, and set ``has_more``.

    A key that outlives its texts for a moment is harmless; keys destroyed before a rollback would
    make the texts unreadable.
    """
    counts = (done.returned, done.expired, done.purged, done.retained, done.counted, done.destroyed)
    if any(counts):
        tx.session.flush()
    destroy_keys_after_commit(tx, store)
    return replace(done, has_more=any(count >= BATCH_SIZE for count in counts))


def destroy_keys_after_commit(tx: WriteTransaction, store: KeyStore) -> None:
    """Destroy the keys with which nothing is encrypted any more, after the commit."""
    if not unused_keys(tx.session, store.names()):
        return
    engine = cast(Engine, tx.session.get_bind())

    def destroy_unused() -> None:
        # Checked again under a new lock: a case may have accepted a report under its old key.
        with writing(engine) as key_tx:
            store.destroy(sorted(unused_keys(key_tx.session, store.names())))
        store.empty_log()

    tx.after_commit(destroy_unused)


def unused_keys(session: Session, names: Collection[str]) -> set[str]:
    """The names of known reports' and cases' keys with which nothing is encrypted.

    Keys of unknown reports are not among them: after a restore of an old database, they may be
    those of newer reports, needed again once the right database is restored.
    """
    stmt = select(Report.key, _IS_SEALED, report_content.CONTACT_ID)
    rows_by_key = {row.key: row for row in session.execute(stmt)}
    cases = set(session.scalars(select(Incident.id)))
    cases_with_copies = set(session.scalars(select(RetainedReport.incident_id).distinct()))
    unused_case_keys = {
        report_content.case_key_name(incident) for incident in cases - cases_with_copies
    }
    return {name for name in names if name in unused_case_keys or _is_unused(name, rows_by_key)}


def _is_unused(name: str, rows_by_key: Mapping[str, Any]) -> bool:
    """Whether the key is that of a known report, and nothing is encrypted with it."""
    report, _blank, contact = name.partition(" contact ")
    row = rows_by_key.get(report)
    if row is None:
        return False
    if not contact:
        return not row.is_sealed
    return row.contact is None or report_content.contact_key_name(report, row.contact) != name


def _batch(tx: WriteTransaction, stmt: Select[Report]) -> Sequence[Report]:
    return tx.session.scalars(stmt.order_by(Report.key).limit(BATCH_SIZE)).all()


def _return_unanswered(tx: WriteTransaction, today: date) -> int:
    """Return reports to the queue whose question was not answered in time."""
    due_reports = _batch(
        tx,
        select(Report).where(
            Report.state == ReportState.WAITING, Report.moved_on <= today - rules.ANSWER_TERM
        ),
    )
    for report in due_reports:
        change_state(tx, report, Act.REPORT_RETURNED)
        tx.record(Act.REPORT_RETURNED, by=None, details={"report": report.key})
    return len(due_reports)


def _decline_expired(tx: WriteTransaction, store: KeyStore, today: date, months: int) -> int:
    """Decline reports that were undecided for longer than the setting allows."""
    due_reports = _batch(
        tx,
        select(Report).where(
            Report.state.in_([state.value for state in rules.OPEN_STATES]),
            Report.day <= add_months(today, -months),
        ),
    )
    for report in due_reports:
        change_state(tx, report, Act.REPORT_DECLINED)
        report.reason, report.news = "insuffisant", False
        key = store.key(report.key)
        if key is not None:
            report.decision = report_content.encrypt_decision(key, report.key, Decision())
        tx.record(
            Act.REPORT_DECLINED,
            by=None,
            details={"report": report.key, "reason": report.reason},
        )
    return len(due_reports)


def _destroy_texts(tx: WriteTransaction, today: date) -> int:
    due_reports = _batch(
        tx, select(Report).where(Report.purge_on <= today, Report.sealed.is_not(None))
    )
    keys = [report.key for report in due_reports]
    for report in due_reports:
        report.sealed = report.contact = report.decision = report.digest = None
        report.news = False
        report.moved_on = today
        tx.record(Act.REPORT_PURGED, by=None, details={"report": report.key})
    if keys:
        tx.session.execute(delete(Message).where(Message.report_key.in_(keys)))
    return len(due_reports)


def _destroy_retained(tx: WriteTransaction) -> int:
    """Destroy the copies of reports that erased cases retain."""
    orphans = tx.session.execute(
        select(RetainedReport, Incident.number)
        .join(Incident, Incident.id == RetainedReport.incident_id)
        .where(Incident.state == CaseState.ERASED)
        .order_by(RetainedReport.key)
        .limit(BATCH_SIZE)
    ).all()
    for retained, number in orphans:
        tx.session.delete(retained)
        tx.record(
            Act.REPORT_PURGED,
            by=None,
            incident=retained.incident_id,
            case=number,
            details={"kept": 1},
        )
    return len(orphans)


def _tally_closed(tx: WriteTransaction, today: date) -> int:
    """Delete the rows of reports purged long ago, and add their state and reason to the tally."""
    due_reports = _batch(
        tx,
        select(Report).where(
            Report.sealed.is_(None), Report.moved_on <= add_months(today, -rules.ROWS_MONTHS)
        ),
    )
    for report in due_reports:
        year = report.day.year
        tally = tx.session.get(Tally, (year, report.state, report.reason))
        if tally is None:
            tally = Tally(year=year, state=report.state, reason=report.reason, count=0)
            tx.session.add(tally)
        tally.count += 1
        tx.session.delete(report)
        tx.record(Act.REPORT_PURGED, by=None, details={"report": report.key, "counted": 1})
        tx.session.flush()
    return len(due_reports)


@dataclass(frozen=True)
class RetentionRun:
    """The counts of a run; ``waits_since``: the last run's day, when the clock jumped since."""

    done: PurgeCounts
    waits_since: date | None = None


def clock_jump(session: Session, today: date) -> date | None:
    """The day of the last run, when today is suspiciously long after it; None otherwise."""
    clock = session.get(RetentionClock, 1)
    return clock.day if clock is not None and today > clock.day + rules.MAX_CLOCK_JUMP else None


def has_orphans(session: Session) -> bool:
    """Whether an erased case still retains a copy of a report."""
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
    """Purge in batches until nothing is due.

    :param confirmed: a person has confirmed the clock's date.
    :raises SealError: the key store is missing or belongs to another instance.
    """
    # All keys of another instance would look unused, and be destroyed.
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
    # A clock that was set back is ignored, and a second run on the same day writes nothing.
    if existing is not None and existing.day >= today:
        return
    with housekeeping(engine) as session:
        clock = session.get(RetentionClock, 1)
        if clock is None:
            session.add(RetentionClock(id=1, day=today))
        else:
            clock.day = max(clock.day, today)


def spam_to_confirm(session: Session) -> dict[int, int]:
    """Number of reports marked as spam in bulk and not yet confirmed, by member."""
    rows = session.execute(
        select(Report.together_by, func.count())
        .where(Report.state == ReportState.SPAM, Report.together_by.is_not(None))
        .group_by(Report.together_by)
    )
    return {member: number for member, number in rows if member is not None}
