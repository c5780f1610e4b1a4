"""The reports that a case goes back to: what it keeps of them, and what was taken back."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Text, cast, func, select
from sqlalchemy.orm import Session

from register.cases import members_journal
from register.cases.core_tables import JOURNAL_ENTRY
from register.cases.member_view import ID_LIMIT
from register.cases.members_journal import MembersJournalLine
from register.cases.models import CaseState as CaseState
from register.cases.models import Incident
from register.cases.validation import NUMBER_LIMIT
from register.errors import NotFound, Refused
from register.journal import Act, Ledger
from register.report_keys import KeyStore
from register.reports import report_content
from register.reports.models import Report, ReportState, RetainedReport
from register.reports.queries import retained_reports
from register.reports.report_content import ReportContent
from register.text.dates import PARIS, paris_day

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
    return report_content.decrypt_decision(key, row.key, row.decision).incident


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


_ACTS = {
    ledger: [act.value for act in Act if act.value.startswith("report_") and act.ledger is ledger]
    for ledger in (Ledger.DESK, Ledger.REPORTS)
}


def history(session: Session, key: str, received: date) -> Sequence[MembersJournalLine]:
    """The lines about a report, the newest first.

    Lines of reporters tell days only: on one day they stand before those of members, which tell
    times, and nobody knows what came first.

    :param received: the day it was received, before which there is no line about it.
    """
    since = datetime(received.year, received.month, received.day, tzinfo=PARIS)
    rows = [
        row
        for ledger in _ACTS
        for row in session.execute(_report_lines_stmt(session, ledger, key, since))
    ]
    lines = members_journal.make_lines(session, rows)
    return sorted(lines, key=lambda line: (line.day, line.at is not None, line.seq), reverse=True)


@dataclass(frozen=True)
class DayViews:
    """What a member was shown on one day: reports by their keys, copies by their cases' ids."""

    reports: frozenset[str]
    cases: frozenset[int]


def views_on_day(session: Session, act: Act, by: int, at: datetime) -> DayViews:
    """What the lines of a day say that a member was shown.

    :param act: of those that show something of a report.
    :param at: a moment of the day.
    """
    # A line that tells a day only is kept at an hour of that day.
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


def _report_lines_stmt(session: Session, ledger: Ledger, key: str, since: datetime) -> Any:
    return select(*JOURNAL_ENTRY.columns).where(
        JOURNAL_ENTRY.c.ledger == ledger.value,
        JOURNAL_ENTRY.c.act.in_(_ACTS[ledger]),
        JOURNAL_ENTRY.c.at >= since,
        _private_text(session).contains(key, autoescape=True),
    )


def _private_text(session: Session) -> ColumnElement[str]:
    """What lines say to members, as a text that can be searched."""
    if session.get_bind().dialect.name == "postgresql":
        decoded: ColumnElement[str] = func.convert_from(JOURNAL_ENTRY.c.private_json, "UTF8")
        return decoded
    return cast(JOURNAL_ENTRY.c.private_json, Text)
