"""Queries for one report, its history, and what a case retains of reports."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field, fields
from datetime import date, datetime, time, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Text, cast, func, select
from sqlalchemy.orm import Session

from register.cases import members_journal
from register.cases.core_tables import JOURNAL_ENTRY
from register.cases.members_journal import MembersJournalLine
from register.cases.models import ID_LIMIT, CaseState, Incident
from register.cases.urgency import claim_holder
from register.cases.validation import NUMBER_LIMIT
from register.errors import NotFound, Refused
from register.journal import Act, Ledger
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
from register.text.dates import PARIS, paris_day

# Decisions decrypted to find those about one case: the latest.
DECRYPT_LIMIT = 300


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
    """A decrypted report; after the purge, its summary only."""

    summary: ReportSummary
    received: Received | None = None
    term_label: str = ""
    contact: str = ""
    messages: Sequence[ReportMessage] = ()
    decision: Decision = field(default_factory=Decision)
    case: Any | None = None

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
    columns = (*CLEAR_COLUMNS, Report.sealed, Report.term_label, Report.contact, Report.decision)
    row = session.execute(select(*columns).where(Report.key == key)).one_or_none()
    if row is None:
        raise NotFound("no_such_report")
    data_key = store.key(key)
    if data_key is None or row.sealed is None:
        return ReportView(make_summary(row))
    received, decision = report_content.decrypt_content(data_key, key, row.sealed), Decision()
    if row.decision:
        decision = report_content.decrypt_decision(data_key, key, row.decision)
    message_rows = session.scalars(
        select(Message).where(Message.report_key == key).order_by(Message.position)
    )
    contact_key = None
    if row.contact is not None:
        # The key is gone where the reporter erased the contact after the row was read.
        contact_key = store.key(report_content.contact_key_name(key, row.contact))
    contact = report_content.decrypt_contact(contact_key, key, row.contact) if contact_key else ""
    messages = [
        ReportMessage(
            message.day, *report_content.decrypt_message(data_key, message.key, message.sealed)
        )
        for message in message_rows
    ]
    case = None
    if decision.incident is not None:
        case_stmt = select(Incident.id, Incident.number, Incident.state, Incident.title)
        case = session.execute(case_stmt.where(Incident.id == decision.incident)).one_or_none()
    label = report_content.decrypt_label(data_key, key, row.term_label)
    summary = make_summary(row, received)
    return ReportView(summary, received, label, contact, messages, decision, case)


# --- the reports behind a case ------------------------------------------------------------------


@dataclass(frozen=True)
class CaseReports:
    """The reports behind a case.

    ``retained`` are copies, which outlive the reports. ``accepted`` reports can still be read by
    members; ``withdrawn`` ones were taken back by their authors.
    """

    retained: Sequence[ReportContent]
    accepted: Sequence[ReportSummary]
    withdrawn: Sequence[ReportSummary]


def reports_of_case(session: Session, store: KeyStore, incident_id: int) -> CaseReports:
    """The reports behind a case, for members."""
    retained = retained_reports(session, store, incident_id)
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
    return CaseReports(
        retained,
        accepted=[report for report in linked if report.state is ReportState.ACCEPTED],
        withdrawn=[report for report in linked if report.state is ReportState.WITHDRAWN],
    )


def retained_reports(session: Session, store: KeyStore, incident_id: int) -> list[ReportContent]:
    """The contents of reports that a case retains, for members."""
    stmt = select(RetainedReport).where(RetainedReport.incident_id == incident_id)
    rows = session.scalars(stmt.order_by(RetainedReport.key)).all()
    key = store.key(report_content.case_key_name(incident_id)) if rows else None
    if key is None:
        return []
    return [report_content.decrypt_content(key, row.key, row.sealed).sent for row in rows]


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


# --- the journal --------------------------------------------------------------------------------

_ACTS = {
    ledger: [act.value for act in Act if act.value.startswith("report_") and act.ledger is ledger]
    for ledger in (Ledger.DESK, Ledger.REPORTS)
}


def history(session: Session, key: str, received: date) -> Sequence[MembersJournalLine]:
    """The journal lines about a report, the newest first.

    Lines of reporters have a day only: within a day they are listed before those of members,
    which have a time, as the true order is unknown.

    :param received: the day of receipt, the earliest of any line about the report.
    """
    since = datetime.combine(received, time(), PARIS)
    private_text: ColumnElement[str] = cast(JOURNAL_ENTRY.c.private_json, Text)
    if session.get_bind().dialect.name == "postgresql":
        private_text = func.convert_from(JOURNAL_ENTRY.c.private_json, "UTF8")
    rows = [
        row
        for ledger, act_names in _ACTS.items()
        for row in session.execute(
            select(*JOURNAL_ENTRY.columns).where(
                JOURNAL_ENTRY.c.ledger == ledger.value,
                JOURNAL_ENTRY.c.act.in_(act_names),
                JOURNAL_ENTRY.c.at >= since,
                private_text.contains(key, autoescape=True),
            )
        )
    ]
    lines = members_journal.make_lines(session, rows)
    return sorted(lines, key=lambda line: (line.day, line.at is not None, line.seq), reverse=True)


def viewed_on_day(session: Session, act: Act, by: int, at: datetime) -> set[str | int]:
    """What a member viewed on one day: keys of reports, or ids of cases for retained copies.

    :param act: ``REPORT_VIEWED``, ``REPORT_CONTACT_VIEWED`` or ``COPY_VIEWED``.
    :param at: any time of the day.
    """
    # A line with a day only is stored at an hour of that day.
    begin = datetime.combine(paris_day(at), time(), PARIS)
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
