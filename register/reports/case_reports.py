"""The reports that a case goes back to: what it keeps of them, and what was taken back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from register.cases.member_view import ID_LIMIT
from register.cases.models import CaseState as CaseState
from register.cases.models import Incident
from register.cases.validation import NUMBER_LIMIT
from register.errors import NotFound, Refused
from register.report_keys import KeyStore
from register.reports import encryption
from register.reports.models import Report, ReportState, RetainedReport
from register.reports.queries import retained_reports
from register.reports.report_content import ReportContent

# Decisions that are opened to find those about one case: the latest ones.
DECRYPT_LIMIT = 300


@dataclass(frozen=True)
class LinkedReport:
    """A report whose decision names a case, for as long as it can be read."""

    key: str
    state: ReportState
    news: bool
    moved_on: date


@dataclass(frozen=True)
class CaseReports:
    """Where a case comes from. ``retained`` outlives the reports, which are destroyed on their day."""

    retained: Sequence[ReportContent]
    reports: Sequence[LinkedReport]

    @property
    def withdrawn(self) -> Sequence[LinkedReport]:
        """Those that their authors took back."""
        return [report for report in self.reports if report.state is ReportState.WITHDRAWN]

    @property
    def accepted(self) -> Sequence[LinkedReport]:
        """Those that members can still read."""
        return [report for report in self.reports if report.state is ReportState.ACCEPTED]


def reports_of_case(session: Session, store: KeyStore, incident_id: int) -> CaseReports:
    """The reports that a case goes back to, for members."""
    retained = retained_reports(session, store, incident_id)
    # A case that keeps nothing of reports can only go back to some that were taken back.
    states = (ReportState.ACCEPTED, ReportState.WITHDRAWN) if retained else (ReportState.WITHDRAWN,)
    return CaseReports(retained, _linked_reports(session, store, incident_id, states))


def has_retained(session: Session, incident_id: int) -> bool:
    """Whether a case keeps anything of a report."""
    return (
        session.scalar(
            select(RetainedReport.key).where(RetainedReport.incident_id == incident_id).limit(1)
        )
        is not None
    )


def _linked_reports(
    session: Session, store: KeyStore, incident_id: int, states: Sequence[ReportState]
) -> list[LinkedReport]:
    """Which report a case was made of stands in no column: it is in the sealed decisions."""
    rows = session.execute(
        select(Report.key, Report.state, Report.news, Report.moved_on, Report.decision)
        .where(
            Report.state.in_([state.value for state in states]),
            Report.decision.is_not(None),
        )
        .order_by(Report.moved_on.desc(), Report.key)
        .limit(DECRYPT_LIMIT)
    ).all()
    keys = store.keys(row.key for row in rows) if rows else {}
    return [
        LinkedReport(row.key, ReportState(row.state), row.news, row.moved_on)
        for row in rows
        if row.key in keys and _linked_case_id(keys[row.key], row) == incident_id
    ]


def _linked_case_id(key: bytes, row: Any) -> int | None:
    return encryption.decrypt_decision(key, row.key, row.decision).incident


def case_to_join(session: Session, *, number: int = 0, dossier: int = 0) -> int:
    """The case that a report is to be joined to, by its public number or its number on the desk.

    :raises NotFound: ``no_such_dossier`` or ``no_such_number``.
    :raises Refused: ``joins_merged``, with the number it leads to; ``joins_erased``.
    """
    stmt = select(Incident.id, Incident.state, Incident.merged_into)
    if number:
        stmt = stmt.where(Incident.number == min(number, NUMBER_LIMIT))
    else:
        stmt = stmt.where(Incident.id == min(dossier, ID_LIMIT))
    case = session.execute(stmt).one_or_none()
    if case is None and number:
        raise NotFound("no_such_number", number=number)
    if case is None:
        raise NotFound("no_such_dossier", dossier=dossier)
    if case.state == CaseState.MERGED:
        raise Refused("joins_merged", state=case.state, number=case.merged_into)
    if case.state == CaseState.ERASED:
        raise Refused("joins_erased", state=case.state)
    return int(case.id)
