"""Queries for one report, its history, and what a case retains of reports."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from register.cases.case_evidence import case_key_name
from register.cases.core_tables import JOURNAL_ENTRY
from register.cases.models import ID_LIMIT, CaseState, Incident
from register.cases.urgency import claim_holder
from register.cases.validation import NUMBER_LIMIT
from register.errors import NotFound, Refused
from register.journal import Act
from register.key_store import KeyStore
from register.reports import receipt_codes, report_content
from register.reports.models import (
    OPEN_STATES,
    Message,
    MessageKind,
    Report,
    ReportState,
    RetainedReport,
)
from register.reports.report_content import Decision, Received, ReportContent
from register.reports.retention import ends_of_work, purge_day_after_work
from register.text.dates import day_start, paris_day

# Decisions decrypted to find those about one case: the latest.
DECRYPT_LIMIT = 300
# How long the words of a report are recognised when they come again: as long as a form is valid.
SAME_ACCOUNT_TERM = timedelta(days=3)


@dataclass(frozen=True)
class ReportSummary:
    """The columns in clear of a report, and its content.

    ``sent`` is None once its texts are destroyed, and where only the columns in clear were read.
    """

    key: str
    state: ReportState
    suspect: bool
    news: bool
    day: date
    moved_on: date
    asked_on: date | None
    held_by: int | None
    held_until: datetime | None
    danger_on: date | None
    term_on: date | None
    reason: str
    purge_on: date | None
    together_by: int | None
    sent: ReportContent | None = None

    @property
    def is_open(self) -> bool:
        """Whether it can still be decided."""
        return self.state in OPEN_STATES

    def holder(self, at: datetime) -> int | None:
        """The id of the member whose claim runs; None once the claim has expired."""
        return claim_holder(self, at)


_CLEAR_NAMES = [column.name for column in fields(ReportSummary) if column.name != "sent"]
# The columns of a summary, none of which is encrypted.
CLEAR_COLUMNS = tuple(getattr(Report, name) for name in _CLEAR_NAMES)


def make_summary(row: Any, received: Received | None = None) -> ReportSummary:
    """The summary of a row of :data:`CLEAR_COLUMNS`."""
    columns = {name: getattr(row, name) for name in _CLEAR_NAMES}
    columns["state"] = ReportState(row.state)
    return ReportSummary(**columns, sent=received.sent if received else None)


@dataclass(frozen=True)
class ReportMessage:
    """A decrypted message."""

    day: date
    kind: MessageKind
    text: str

    @property
    def by_reporter(self) -> bool:
        """Whether the reporter wrote it."""
        return self.kind is not MessageKind.QUESTION


@dataclass(frozen=True)
class ReportView:
    """A decrypted report; after the purge, its summary only.

    ``is_masked``: a passage of its content was destroyed.
    """

    summary: ReportSummary
    received: Received | None = None
    term_label: str = ""
    contact: str = ""
    messages: Sequence[ReportMessage] = ()
    decision: Decision = field(default_factory=Decision)
    case: Any | None = None
    is_masked: bool = False

    @property
    def takes_questions(self) -> bool:
        """Whether it is undecided, or accepted for a case that is still a draft."""
        has_draft = self.case is not None and self.case.state == CaseState.DRAFT
        return self.summary.is_open or (self.summary.state is ReportState.ACCEPTED and has_draft)

    @property
    def is_purged(self) -> bool:
        """Whether its texts are destroyed."""
        return self.received is None

    @property
    def message_count(self) -> int:
        """The ``seen`` argument of an act, which detects a message received meanwhile."""
        return len(self.messages)

    @property
    def has_live_case(self) -> bool:
        """Whether it led to a case that was not given up."""
        return self.case is not None and self.case.state != CaseState.ERASED


def key_by_code(session: Session, store: KeyStore, typed: str) -> str | None:
    """The key of the report with a code; None for an unknown and for a malformed code."""
    lookup_key = store.derived_key(receipt_codes.RECEIPTS)
    receipt = receipt_codes.hash_code(lookup_key, receipt_codes.normalize_code(typed))
    return session.scalar(select(Report.key).where(Report.receipt == receipt))


def day_of_same_account(
    session: Session, store: KeyStore, account: str, today: date
) -> date | None:
    """The day on which a report with the same words came; None if there is none of late."""
    lookup = receipt_codes.hash_account(store, account)
    if lookup is None:
        return None
    since = today - SAME_ACCOUNT_TERM
    stmt = select(func.max(Report.day)).where(Report.account_lookup == lookup, Report.day >= since)
    return session.scalar(stmt)


def summaries(session: Session, keys: Collection[str]) -> dict[str, ReportSummary]:
    """Summaries by key, from the columns in clear; ``sent`` is None."""
    if not keys:
        return {}
    rows = session.execute(select(*CLEAR_COLUMNS).where(Report.key.in_(keys)))
    return {row.key: make_summary(row) for row in rows}


def decrypt_contents(store: KeyStore, rows: Iterable[Any]) -> dict[str, Received]:
    """Contents by key, of rows with ``key`` and ``sealed``; without the destroyed ones."""
    sealed = {row.key: row.sealed for row in rows if row.sealed is not None}
    keys = store.keys(sealed)
    return {
        key: report_content.decrypt_content(keys[key], key, sealed[key])
        for key in sealed
        if key in keys
    }


def get_report(session: Session, store: KeyStore, key: str) -> ReportView:
    """A decrypted report.

    :raises NotFound: ``no_such_report``.
    """
    row = session.get(Report, key, populate_existing=True)
    if row is None:
        raise NotFound("no_such_report")
    sealed_contact = row.contact or b""
    contact_name = report_content.contact_key_name(key, sealed_contact)
    keys = store.keys([key, contact_name])
    data_key = keys.get(key)
    if data_key is None or row.sealed is None:
        return ReportView(make_summary(row))
    received = report_content.decrypt_content(data_key, key, row.sealed)
    decision = report_content.decrypt_decision(data_key, key, row.decision)
    message_rows = session.scalars(
        select(Message).where(Message.report_key == key).order_by(Message.position)
    )
    # The contact's key is gone where the reporter erased it after the row was read.
    contact = ""
    if contact_name in keys:
        contact = report_content.decrypt_contact(keys[contact_name], key, sealed_contact)
    messages = [
        ReportMessage(
            message.day, *report_content.decrypt_message(data_key, message.key, message.sealed)
        )
        for message in message_rows
    ]
    case, summary = None, make_summary(row, received)
    if decision.incident is not None:
        case_stmt = select(Incident.id, Incident.number, Incident.state, Incident.title)
        case = session.execute(case_stmt.where(Incident.id == decision.incident)).one_or_none()
        if summary.state is ReportState.ACCEPTED and summary.purge_on is None:
            # The work may have ended since the retention last ran.
            ended_on = ends_of_work(session, [decision.incident]).get(decision.incident)
            if ended_on is not None:
                purge_on = purge_day_after_work(summary.moved_on, ended_on)
                summary = replace(summary, purge_on=purge_on, asked_on=None)
    label = report_content.decrypt_label(data_key, key, row.term_label)
    is_masked = row.masked_digest is not None
    return ReportView(summary, received, label, contact, messages, decision, case, is_masked)


# --- the reports behind a case ------------------------------------------------------------------


@dataclass(frozen=True)
class CaseReport:
    """A copy of a report, which outlives it; ``report`` is None once its texts are destroyed."""

    sent: ReportContent
    report: ReportView | None


@dataclass(frozen=True)
class CaseReports:
    """The reports behind a case; ``withdrawn`` ones were taken back by their authors."""

    retained: Sequence[CaseReport]
    withdrawn: Sequence[ReportSummary]

    @property
    def has_news(self) -> bool:
        """Whether an author wrote since a member last acted."""
        return any(copy.report and copy.report.summary.news for copy in self.retained)


def reports_of_case(session: Session, store: KeyStore, incident_id: int) -> CaseReports:
    """The reports behind a case, for members."""
    retained = _retained(session, store, incident_id)
    # Without a copy, the only reports behind the case are withdrawn ones.
    states = [ReportState.ACCEPTED, ReportState.WITHDRAWN] if retained else [ReportState.WITHDRAWN]
    # No column links a report to its case: the id is in the encrypted decision.
    rows = session.execute(
        select(*CLEAR_COLUMNS, Report.decision)
        .where(Report.state.in_(states), Report.decision.is_not(None))
        .order_by(Report.moved_on.desc(), Report.key)
        .limit(DECRYPT_LIMIT)
    ).all()
    keys = store.keys(row.key for row in rows) if rows else {}
    linked = [
        make_summary(row)
        for row in rows
        if row.key in keys
        and report_content.decrypt_decision(keys[row.key], row.key, row.decision).incident
        == incident_id
    ]
    accepted = [
        get_report(session, store, report.key)
        for report in linked
        if report.state is ReportState.ACCEPTED
    ]
    # No column links a copy to its report: their contents are compared.
    by_content = {report_view.received: report_view for report_view in accepted}
    return CaseReports(
        [CaseReport(received.sent, by_content.get(received)) for received in retained],
        withdrawn=[report for report in linked if report.state is ReportState.WITHDRAWN],
    )


def retained_reports(session: Session, store: KeyStore, incident_id: int) -> list[ReportContent]:
    """The contents of reports that a case retains, for members."""
    return [received.sent for received in _retained(session, store, incident_id)]


def _retained(session: Session, store: KeyStore, incident_id: int) -> list[Received]:
    stmt = select(RetainedReport).where(RetainedReport.incident_id == incident_id)
    rows = session.scalars(stmt.order_by(RetainedReport.key)).all()
    key = store.key(case_key_name(incident_id)) if rows else None
    if key is None:
        return []
    return [report_content.decrypt_content(key, row.key, row.sealed) for row in rows]


def has_retained(session: Session, incident_id: int) -> bool:
    """Whether a case retains a copy of a report."""
    stmt = select(RetainedReport.key).where(RetainedReport.incident_id == incident_id).limit(1)
    return session.scalar(stmt) is not None


def case_to_join(session: Session, *, number: int = 0, dossier: int = 0) -> int:
    """The id of the case to attach a report to, by its public number or its number on the desk.

    :raises NotFound: ``no_such_dossier`` or ``no_such_number``.
    :raises Refused: ``joins_merged``, with the number of the target; ``joins_erased``.
    """
    stmt = select(Incident.id, Incident.state, Incident.merged_into)
    if number:
        stmt = stmt.where(Incident.number == min(number, NUMBER_LIMIT))
    else:
        stmt = stmt.where(Incident.id == min(dossier, ID_LIMIT))
    case = session.execute(stmt).one_or_none()
    if case is None:
        if number:
            raise NotFound("no_such_number", number=number)
        raise NotFound("no_such_dossier", dossier=dossier)
    if case.state == CaseState.MERGED:
        raise Refused("joins_merged", state=case.state, number=case.merged_into)
    if case.state == CaseState.ERASED:
        raise Refused("joins_erased", state=case.state)
    return int(case.id)


def viewed_on_day(session: Session, act: Act, by: int, at: datetime) -> set[str | int]:
    """What a member viewed on one day: keys of reports, or ids of cases for retained copies.

    :param act: ``REPORT_VIEWED``, ``REPORT_CONTACT_VIEWED`` or ``COPY_VIEWED``.
    :param at: any time of the day.
    """
    # A line with a day only is stored at an hour of that day.
    begin = day_start(paris_day(at))
    rows = session.execute(
        select(JOURNAL_ENTRY.c.private_json, JOURNAL_ENTRY.c.incident_id).where(
            JOURNAL_ENTRY.c.ledger == act.ledger.value,
            JOURNAL_ENTRY.c.member_id == by,
            JOURNAL_ENTRY.c.act == act.value,
            JOURNAL_ENTRY.c.at >= begin,
            JOURNAL_ENTRY.c.at < begin + timedelta(days=1),
        )
    )
    return {json.loads(row.private_json).get("report") or row.incident_id for row in rows}
