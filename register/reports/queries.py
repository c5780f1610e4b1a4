"""Queries for one report, for several by their keys, and for what a case retains of reports."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from register.cases.models import CaseState as CaseState
from register.cases.models import Incident
from register.errors import NotFound
from register.report_keys import KeyStore
from register.reports import receipts, report_content, rules
from register.reports.models import Message, MessageKind, Report, ReportState, RetainedReport
from register.reports.report_content import Decision, Received, ReportContent

# The columns of a summary, none of which is encrypted.
CLEAR_COLUMNS = (
    Report.key,
    Report.state,
    Report.suspect,
    Report.news,
    Report.day,
    Report.moved_on,
    Report.held_by,
    Report.held_until,
    Report.reason,
    Report.purge_on,
    Report.together_by,
)
_COLUMN_NAMES = tuple(column.key for column in CLEAR_COLUMNS)


@dataclass(frozen=True)
class ReportSummary:
    """A report in a list. ``sent`` is None once its texts are destroyed."""

    key: str
    state: ReportState
    suspect: bool
    news: bool
    day: date
    moved_on: date
    held_by: int | None
    held_until: datetime | None
    reason: str
    purge_on: date | None
    together_by: int | None
    sent: ReportContent | None

    @property
    def is_open(self) -> bool:
        """Whether it can still be decided."""
        return self.state in rules.OPEN_STATES

    def holder(self, at: datetime) -> int | None:
        """The id of the member whose claim runs; None once the claim has expired."""
        return self.held_by if self.held_until is not None and self.held_until > at else None


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
    contact: str = ""
    messages: Sequence[ReportMessage] = field(default_factory=tuple)
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

    @property
    def public_number(self) -> int | None:
        """The number of its case while that is public."""
        if self.case is None or self.case.state != CaseState.PUBLISHED:
            return None
        return int(self.case.number)


def key_by_code(session: Session, store: KeyStore, typed: str) -> str | None:
    """The key of the report with a code; None for an unknown and for a malformed code."""
    receipt = receipts.hash_code(
        store.derived_key(receipts.RECEIPTS), receipts.normalize_code(typed)
    )
    return session.scalar(select(Report.key).where(Report.receipt == receipt))


def received_days(session: Session, keys: Collection[str]) -> dict[str, date]:
    """The days of receipt of the reports that still exist."""
    if not keys:
        return {}
    rows = session.execute(select(Report.key, Report.day).where(Report.key.in_(keys)))
    return {row.key: row.day for row in rows}


def summaries(session: Session, keys: Collection[str]) -> dict[str, ReportSummary]:
    """Summaries by key, from the columns in clear; ``sent`` is None."""
    if not keys:
        return {}
    rows = session.execute(select(*CLEAR_COLUMNS).where(Report.key.in_(keys)))
    return {row.key: make_summary(row, None) for row in rows}


def make_summary(row: Any, received: Received | None) -> ReportSummary:
    """The summary of a row of :data:`CLEAR_COLUMNS`."""
    columns = {name: getattr(row, name) for name in _COLUMN_NAMES}
    columns["state"] = ReportState(row.state)
    return ReportSummary(**columns, sent=received.sent if received else None)


def decrypt_received(row: Any, keys: Mapping[str, bytes]) -> Received | None:
    """The content of a row with ``key`` and ``sealed``; None once its texts are destroyed.

    :param keys: data keys by the keys of reports.
    """
    data_key = keys.get(row.key)
    if data_key is None or row.sealed is None:
        return None
    return report_content.decrypt_content(data_key, row.key, row.sealed)


def get_report(session: Session, store: KeyStore, key: str) -> ReportView:
    """A decrypted report.

    :raises NotFound: ``no_such_report``.
    """
    row = session.execute(
        select(*CLEAR_COLUMNS, Report.sealed, Report.contact, Report.decision).where(
            Report.key == key
        )
    ).one_or_none()
    if row is None:
        raise NotFound("no_such_report")
    keys = store.keys([key])
    received = decrypt_received(row, keys)
    summary = make_summary(row, received)
    if received is None:
        return ReportView(summary)
    data_key, decision = keys[key], Decision()
    if row.decision:
        decision = report_content.decrypt_decision(data_key, key, row.decision)
    message_rows = session.scalars(
        select(Message).where(Message.report_key == key).order_by(Message.position)
    )
    return ReportView(
        summary,
        received,
        contact=_decrypt_contact(store, key, row.contact),
        messages=[
            ReportMessage(
                message.day, *report_content.decrypt_message(data_key, message.key, message.sealed)
            )
            for message in message_rows
        ],
        decision=decision,
        case=_linked_case(session, decision.incident),
    )


def _decrypt_contact(store: KeyStore, report_key: str, sealed: bytes | None) -> str:
    if sealed is None:
        return ""
    # The key is gone where the reporter erased the contact after the row was read.
    contact_key = store.key(report_content.contact_key_name(report_key, sealed))
    return report_content.decrypt_contact(contact_key, report_key, sealed) if contact_key else ""


def _linked_case(session: Session, incident_id: int | None) -> Any | None:
    if incident_id is None:
        return None
    stmt = select(Incident.id, Incident.number, Incident.state, Incident.title)
    return session.execute(stmt.where(Incident.id == incident_id)).one_or_none()


def retained_reports(session: Session, store: KeyStore, incident_id: int) -> list[ReportContent]:
    """The contents of reports that a case retains, for members."""
    stmt = (
        select(RetainedReport)
        .where(RetainedReport.incident_id == incident_id)
        .order_by(RetainedReport.key)
    )
    rows = session.scalars(stmt).all()
    key = store.key(report_content.case_key_name(incident_id)) if rows else None
    if key is None:
        return []
    return [report_content.decrypt_content(key, row.key, row.sealed).sent for row in rows]
