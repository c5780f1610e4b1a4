"""Verification of reports and their keys against the journal."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from register.journal import Act
from register.journal.verify import Problem, private_lines
from register.reports.models import OPEN_STATES, DestroyedFile, Report, ReportState

# The state after each decision; None reopens the report. All are lines of the desk ledger, and so
# have one order. A withdrawn report stays withdrawn, whatever came before.
_DECISION_STATES: dict[Act, ReportState | None] = {
    Act.REPORT_ACCEPTED: ReportState.ACCEPTED,
    Act.REPORT_DECLINED: ReportState.DECLINED,
    Act.REPORT_SPAM: ReportState.SPAM,
    Act.REPORT_REOPENED: None,
}
_NO_MARKS = (False, False)
_ACTS = [act for act in Act if act.value.startswith("report_")]


def problems(session: Session) -> Iterator[Problem]:
    """Reports without a line, lines without their report, states that differ from the journal."""
    acts_by_report: dict[str, list[Act]] = defaultdict(list)
    # Danger mark and term; none without a line.
    marks_by_report: dict[str, tuple[bool, bool]] = {}
    tallied = set()
    for line, private in private_lines(session, _ACTS):
        key = private.get("report")
        if key is not None:
            acts_by_report[key].append(Act(line.act))
            if line.act == Act.REPORT_URGENCY:
                marks_by_report[key] = bool(private.get("danger")), bool(private.get("term"))
            if private.get("counted"):
                tallied.add(key)
    columns = (Report.key, Report.state, Report.purge_on, Report.danger_on, Report.term_on)
    rows = session.execute(select(*columns, Report.sealed.is_not(None).label("has_texts")))
    reports = {row.key: row for row in rows}
    for key in acts_by_report:
        if key not in reports and key not in tallied:
            yield Problem("report_missing", {"report": key})
        elif key in reports and key in tallied:
            yield Problem("report_survives", {"report": key})
    destroyed_files = Counter(session.scalars(select(DestroyedFile.report_key)))
    for key, row in reports.items():
        journal_marks = [marks_by_report.get(key, _NO_MARKS)]
        if row.state == ReportState.ACCEPTED or not row.has_texts:
            # The draft that was made of it took them over, or they went with its texts.
            journal_marks.append(_NO_MARKS)
        acts = acts_by_report.get(key, [])
        matches = _matches_journal(row, acts)
        if row.has_texts and acts.count(Act.REPORT_FILE_REMOVED) != destroyed_files[key]:
            matches = False
        marks = (row.danger_on is not None, row.term_on is not None)
        if not matches or marks not in journal_marks:
            yield Problem("report_differs", {"report": key})


def _matches_journal(row: Any, acts: list[Act]) -> bool:
    """Whether a row, with its state, texts and day of destruction, agrees with the journal."""
    is_purged = Act.REPORT_PURGED in acts or Act.REPORT_DESTROYED in acts
    if acts.count(Act.REPORT_RECEIVED) != 1 or row.has_texts == is_purged:
        return False
    # The texts of an accepted report have no day while its case is a draft.
    if row.purge_on is None and row.state not in OPEN_STATES | {ReportState.ACCEPTED}:
        return False
    decided = [_DECISION_STATES[act] for act in acts if act in _DECISION_STATES]
    ended = ReportState.WITHDRAWN if Act.REPORT_WITHDRAWN in acts else (decided or [None])[-1]
    # Which open state follows cannot be checked: the lines of two ledgers have no common order.
    return bool(row.state == ended if ended else row.state in OPEN_STATES)
