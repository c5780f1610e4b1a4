"""Verification of reports and their keys against the journal."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from register.journal import Act, JournalEntry, Ledger
from register.journal.verify import Problem
from register.report_keys import KeyStore
from register.reports import report_content, rules
from register.reports.models import Report, ReportState, RetainedReport

# The state after each decision; None reopens the report. All are lines of the desk ledger, and so
# have one order. A withdrawn report stays withdrawn, whatever came before.
_DECISION_STATES: dict[Act, ReportState | None] = {
    Act.REPORT_ACCEPTED: ReportState.ACCEPTED,
    Act.REPORT_DECLINED: ReportState.DECLINED,
    Act.REPORT_SPAM: ReportState.SPAM,
    Act.REPORT_REOPENED: None,
}
_ACTS = [act.value for act in Act if act.value.startswith("report_")]
_COLUMNS = (Report.key, Report.state, Report.sealed)


def problems(session: Session) -> Iterator[Problem]:
    """Reports without a line, lines without their report, states that differ from the journal."""
    acts_by_report: dict[str, list[tuple[Act, bool]]] = {}
    lines = session.execute(
        select(JournalEntry.act, JournalEntry.private_json)
        .where(
            JournalEntry.ledger.in_([Ledger.DESK.value, Ledger.REPORTS.value]),
            JournalEntry.act.in_(_ACTS),
        )
        .order_by(JournalEntry.ledger, JournalEntry.seq)
        .execution_options(yield_per=500)
    )
    for line in lines:
        private_fields = _parse_object(line.private_json)
        if "report" in private_fields:
            is_tallied_line = bool(private_fields.get("counted"))
            acts_by_report.setdefault(private_fields["report"], []).append(
                (Act(line.act), is_tallied_line)
            )
    rows_by_key = {row.key: row for row in session.execute(select(*_COLUMNS))}
    for key, acts in acts_by_report.items():
        is_tallied = any(is_tallied_line for _act, is_tallied_line in acts)
        if key not in rows_by_key and not is_tallied:
            yield Problem("report_missing", {"report": key})
        elif key in rows_by_key and is_tallied:
            yield Problem("report_survives", {"report": key})
    for key, row in rows_by_key.items():
        if not _matches_journal(
            row.state, row.sealed is not None, [act for act, _ in acts_by_report.get(key, [])]
        ):
            yield Problem("report_differs", {"report": key})


def lost_keys(session: Session, store: KeyStore) -> int:
    """Number of keys in use that are missing from the key store."""
    return len(keys_in_use(session) - store.names())


def keys_in_use(session: Session) -> set[str]:
    """Names of the keys with which something is encrypted."""
    stmt = select(Report.key, report_content.CONTACT_ID).where(Report.sealed.is_not(None))
    names = set()
    for key, contact in session.execute(stmt):
        names.add(key)
        if contact is not None:
            names.add(report_content.contact_key_name(key, contact))
    case_ids = session.scalars(select(RetainedReport.incident_id).distinct())
    return names | {report_content.case_key_name(incident) for incident in case_ids}


def _parse_object(private_json: bytes) -> Mapping[str, Any]:
    """The fields of a line; none for a damaged line, which ``journal.verify`` reports."""
    try:
        parsed = json.loads(private_json)
    except ValueError:
        return {}
    return parsed if isinstance(parsed, dict) else {}


def _matches_journal(state: str, has_texts: bool, acts: list[Act]) -> bool:
    if acts.count(Act.REPORT_RECEIVED) != 1:
        return False
    if has_texts == (Act.REPORT_PURGED in acts):
        return False
    decided = [_DECISION_STATES[act] for act in acts if act in _DECISION_STATES]
    ended = ReportState.WITHDRAWN if Act.REPORT_WITHDRAWN in acts else (decided or [None])[-1]
    # Which open state follows cannot be checked: the lines of two ledgers have no common order.
    return state == ended if ended else state in rules.OPEN_STATES
