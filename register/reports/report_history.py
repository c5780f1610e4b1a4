"""Links between reports and cases, and the journal lines about reports."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from sqlalchemy import ColumnElement, Text, cast, func, select
from sqlalchemy.orm import Session

from register.cases import members_journal
from register.cases.core_tables import JOURNAL_ENTRY
from register.cases.members_journal import MembersJournalLine
from register.cases.models import ID_LIMIT, Incident
from register.cases.models import CaseState as CaseState
from register.cases.validation import NUMBER_LIMIT
from register.errors import NotFound, Refused
from register.journal import Act, Ledger
from register.report_keys import KeyStore
from register.reports import report_content
from register.reports.models import Report, ReportState, RetainedReport
from register.reports.queries import retained_reports
from register.reports.report_content import ReportContent
from register.text.dates import PARIS, paris_day

# Decisions decrypted to find those about one case: the latest.
DECRYPT_LIMIT = 300


@dataclass(frozen=True)
class LinkedReport:
    """A report whose decision, not yet destroyed, names a case."""

    key: str
    state: ReportState
    news: bool
    moved_on: date


@dataclass(frozen=True)
class CaseReports:
    """The reports behind a case. ``retained`` are copies, which outlive the reports."""

    retained: Sequence[ReportContent]
    reports: Sequence[LinkedReport]

    @property
    def withdrawn(self) -> Sequence[LinkedReport]:
        """Reports that their authors have withdrawn."""
        return [report for report in self.reports if report.state is ReportState.WITHDRAWN]

    @property
    def accepted(self) -> Sequence[LinkedReport]:
        """Reports that members can still read."""
        return [report for report in self.reports if report.state is ReportState.ACCEPTED]


def reports_of_case(session: Session, store: KeyStore, incident_id: int) -> CaseReports:
    """The reports behind a case, for members."""
    retained = retained_reports(session, store, incident_id)
    # Without a copy, the only reports behind the case are withdrawn ones.
    states = (ReportState.ACCEPTED, ReportState.WITHDRAWN) if retained else (ReportState.WITHDRAWN,)
    return CaseReports(retained, _linked_reports(session, store, incident_id, states))


def has_retained(session: Session, incident_id: int) -> bool:
    """Whether a case retains a copy of a report."""
    stmt = select(RetainedReport.key).where(RetainedReport.incident_id == incident_id).limit(1)
    return session.scalar(stmt) is not None


def _linked_reports(
    session: Session, store: KeyStore, incident_id: int, states: Sequence[ReportState]
) -> list[LinkedReport]:
    # No column links a report to its case: the id is in the encrypted decision.
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
        if row.key in keys
        and report_content.decrypt_decision(keys[row.key], row.key, row.decision).incident
        == incident_id
    ]


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
    if case is None and number:
        raise NotFound("no_such_number", number=number)
    if case is None:
        raise NotFound("no_such_dossier", dossier=dossier)
    if case.state == CaseState.MERGED:
        raise Refused("joins_merged", state=case.state, number=case.merged_into)
    if case.state == CaseState.ERASED:
        raise Refused("joins_erased", state=case.state)
    return int(case.id)


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
    since = datetime(received.year, received.month, received.day, tzinfo=PARIS)
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


@dataclass(frozen=True)
class DayViews:
    """What a member viewed on one day: keys of reports, and ids of cases for retained copies."""

    reports: frozenset[str]
    cases: frozenset[int]


def views_on_day(session: Session, act: Act, by: int, at: datetime) -> DayViews:
    """What a member viewed on one day, from the journal.

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
    ).all()
    keys = (json.loads(row.private_json).get("report") for row in rows)
    return DayViews(
        frozenset(key for key in keys if key),
        frozenset(row.incident_id for row in rows if row.incident_id is not None),
    )
