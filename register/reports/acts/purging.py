"""Purge of reports: what their terms require, destruction of texts and keys, tallies.

The terms themselves are in :mod:`register.reports.retention`.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import astuple, dataclass
from datetime import date, datetime
from operator import add
from typing import cast

from sqlalchemy import ColumnElement, Engine, delete, select
from sqlalchemy.orm import Session

from register.cases.acts import destroy_due
from register.cases.case_evidence import case_key_name
from register.cases.legal_rules import add_months
from register.cases.models import CaseState, Incident
from register.db import empty_log, housekeeping
from register.journal import Act, WriteTransaction, writing
from register.key_store import KeyStore
from register.reports import report_content, retention
from register.reports.acts.transitions import change_state
from register.reports.models import (
    DestroyedFile,
    Message,
    Report,
    ReportEvidence,
    ReportNote,
    RetainedReport,
    RetentionClock,
    Tally,
)
from register.reports.report_content import Decision
from register.text.dates import paris_day

# Rows per write transaction, so that other writers do not wait long.
BATCH_SIZE = 200


@dataclass(frozen=True)
class PurgeCounts:
    """Number of rows by step of a purge."""

    concluded: int = 0
    returned: int = 0
    expired: int = 0
    purged: int = 0
    retained: int = 0
    counted: int = 0
    destroyed: int = 0

    def __add__(self, other: PurgeCounts) -> PurgeCounts:
        return PurgeCounts(*map(add, astuple(self), astuple(other)))


def purge(tx: WriteTransaction, store: KeyStore, undecided_after: int) -> PurgeCounts:
    """Do what is due on the day of the transaction, one batch of each step at most.

    :param undecided_after: months after which a report without a decision is declined.
    """
    today = paris_day(tx.at)
    # Reports whose question was not answered in time return to the queue.
    unanswered = _due_reports(tx, retention.unanswered_clause(today))
    for report in unanswered:
        change_state(tx, report, Act.REPORT_RETURNED)
        tx.record(Act.REPORT_RETURNED, by=None, details={"report": report.key})
    done = PurgeCounts(
        concluded=_conclude_accepted(tx, store, today, undecided_after),
        returned=len(unanswered),
        expired=_decline_expired(tx, store, today, undecided_after),
        purged=_destroy_due_texts(tx, today),
        retained=_destroy_retained(tx),
        counted=_tally_closed(tx, today),
        destroyed=destroy_due(tx, BATCH_SIZE),
    )
    destroy_keys_after_commit(tx, store)
    return done


def forget(tx: WriteTransaction, store: KeyStore) -> PurgeCounts:
    """Destroy the copies that erased cases retain; this depends on no term and no clock."""
    done = PurgeCounts(retained=_destroy_retained(tx))
    destroy_keys_after_commit(tx, store)
    return done


def destroy_keys_after_commit(tx: WriteTransaction, store: KeyStore) -> None:
    """Destroy the keys with which nothing is encrypted any more, after the commit.

    A key that outlives its texts for a moment is harmless; keys destroyed before a rollback would
    make the texts unreadable.
    """
    tx.session.flush()
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
    known = {
        *session.scalars(select(Report.key)),
        *map(case_key_name, session.scalars(select(Incident.id))),
    }
    unused = set(names) - retention.keys_in_use(session)
    # The key of a contact is named after that of its report.
    return {name for name in unused if name.partition(" contact ")[0] in known}


def _due_reports(tx: WriteTransaction, clause: ColumnElement[bool]) -> Sequence[Report]:
    stmt = select(Report).where(clause).order_by(Report.key).limit(BATCH_SIZE)
    return tx.session.scalars(stmt).all()


def _decline_expired(tx: WriteTransaction, store: KeyStore, today: date, months: int) -> int:
    """Decline reports that were undecided for longer than the setting allows."""
    reports = _due_reports(tx, retention.undecided_since_clause(today, months))
    for report in reports:
        change_state(tx, report, Act.REPORT_DECLINED)
        report.reason, report.news = "insuffisant", False
        key = store.key(report.key)
        if key is not None:
            report.decision = report_content.encrypt_decision(key, report.key, Decision())
        details = {"report": report.key, "reason": report.reason}
        tx.record(Act.REPORT_DECLINED, by=None, details=details)
    return len(reports)


def _conclude_accepted(tx: WriteTransaction, store: KeyStore, today: date, months: int) -> int:
    """Set the day of destruction of accepted reports, and end their questions.

    The term runs from the end of the work on the case, but a case that stays a draft does not
    retain texts for ever: it also runs from the day on which an undecided report would be declined.
    No column links a report to its case, so the decisions are decrypted.
    """
    reports = tx.session.scalars(select(Report).where(retention.accepted_clause())).all()
    keys = store.keys(report.key for report in reports) if reports else {}
    incidents = {
        report.key: report_content.decrypt_decision(
            keys[report.key], report.key, report.decision
        ).incident
        for report in reports
        if report.key in keys
    }
    ends = retention.ends_of_work(tx.session, {i for i in incidents.values() if i is not None})
    concluded = 0
    for report in reports:
        ended_on = ends.get(incidents.get(report.key) or 0)
        if ended_on is not None:
            report.asked_on = None
        elif report.purge_on is None and report.day <= add_months(today, -months):
            ended_on = today
        if ended_on is not None:
            term = retention.purge_day_after_work(report.moved_on, ended_on)
            report.purge_on = report.purge_on or term
            tx.record(Act.REPORT_CONCLUDED, by=None, details={"report": report.key})
            concluded += 1
    return concluded


def destroy_texts(tx: WriteTransaction, reports: Sequence[Report]) -> None:
    """Empty encrypted columns of reports, delete their messages and files; the keys go later."""
    for report in reports:
        report.sealed = report.contact = report.decision = None
        report.digest = report.masked_digest = report.account_lookup = None
        report.danger_on = report.term_on = report.term_label = None
        report.news = False
        report.moved_on = paris_day(tx.at)
    if reports:
        keys = [report.key for report in reports]
        # The worker deletes the files that nothing refers to any more.
        for table in (DestroyedFile, ReportEvidence, Message, ReportNote):
            tx.session.execute(delete(table).where(table.report_key.in_(keys)))


def _destroy_due_texts(tx: WriteTransaction, today: date) -> int:
    reports = _due_reports(tx, retention.destruction_clause(today))
    destroy_texts(tx, reports)
    for report in reports:
        tx.record(Act.REPORT_PURGED, by=None, details={"report": report.key})
    return len(reports)


_ORPHANS = (
    select(RetainedReport, Incident.number)
    .join(Incident, Incident.id == RetainedReport.incident_id)
    .where(Incident.state == CaseState.ERASED)
)


def has_orphans(session: Session) -> bool:
    """Whether an erased case still retains a copy of a report."""
    return session.scalar(_ORPHANS.with_only_columns(RetainedReport.key).limit(1)) is not None


def _destroy_retained(tx: WriteTransaction) -> int:
    """Destroy the copies of reports that erased cases retain."""
    orphans = tx.session.execute(_ORPHANS.order_by(RetainedReport.key).limit(BATCH_SIZE)).all()
    for retained, number in orphans:
        incident_id = retained.incident_id
        tx.session.delete(retained)
        tx.record(
            Act.REPORT_PURGED, by=None, incident=incident_id, case=number, details={"kept": 1}
        )
    return len(orphans)


def _tally_closed(tx: WriteTransaction, today: date) -> int:
    """Delete the rows of reports purged long ago, and add their state and reason to the tally."""
    reports = _due_reports(tx, retention.tally_clause(today))
    for report in reports:
        kind = {"year": report.day.year, "state": report.state, "reason": report.reason}
        tally = tx.session.get(Tally, kind) or Tally(**kind, count=0)
        tally.count += 1
        tx.session.add(tally)
        tx.session.delete(report)
        tx.record(Act.REPORT_PURGED, by=None, details={"report": report.key, "counted": 1})
        tx.session.flush()
    return len(reports)


@dataclass(frozen=True)
class RetentionRun:
    """The counts of a run; ``waits_since``: the last run's day, when the clock jumped since."""

    done: PurgeCounts
    waits_since: date | None = None


def run_retention(
    engine: Engine, store: KeyStore, at: datetime, undecided_after: int, *, confirmed: bool = False
) -> RetentionRun:
    """Purge in batches until nothing is due.

    :param confirmed: a person has confirmed the clock's date.
    :raises SealError: the key store is missing or belongs to another instance.
    """
    # All keys of another instance would look unused, and be destroyed.
    store.require()
    today = paris_day(at)
    with Session(engine) as session:
        waits_since = None if confirmed else retention.clock_jump(session, today)
    done, may_have_more = PurgeCounts(), True
    while may_have_more:
        with writing(engine, at) as tx:
            batch = purge(tx, store, undecided_after) if waits_since is None else forget(tx, store)
        done += batch
        # A step that filled its batch may have more to do.
        may_have_more = any(count >= BATCH_SIZE for count in astuple(batch))
    if waits_since is None:
        with Session(engine) as session:
            clock = session.get(RetentionClock, 1)
        # A clock that was set back is ignored, and a second run on the same day writes nothing.
        if clock is None or clock.day < today:
            with housekeeping(engine) as session:
                session.merge(RetentionClock(id=1, day=today))
    if done.purged or done.retained or done.counted or done.destroyed:
        empty_log(engine)
    return RetentionRun(done, waits_since)
