"""Members' journal: the lines of all three ledgers as one list, newest first.

The order is that of the times: line numbers of two ledgers cannot be compared. A clock that was
set back shows in the numbers next to the times.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session

from register.accounts.models import Member
from register.cases.core_tables import CASE, JOURNAL_ENTRY
from register.cases.members_journal_query import (
    CONSOLE_MEMBER,
    LEDGER_NAMES,
    LEDGERS,
    MembersJournalQuery,
)
from register.errors import NotFound
from register.journal import Act, JournalEntry, Ledger
from register.journal.canonical import GENESIS
from register.journal.verify import line_problems
from register.text import dates

PAGE_SIZE = 50


@dataclass(frozen=True)
class MembersJournalLine:
    """Line with its parsed content.

    ``at`` is None in the reports' ledger, which has days only. ``title`` and ``state`` are the
    present ones of its case; the title is empty once its texts are destroyed.
    """

    ledger: str
    seq: int
    at: datetime | None
    day: date
    act: str
    by: int | None
    number: int | None
    incident_id: int | None
    title: str
    state: str
    public: Mapping[str, Any] = field(hash=False)
    private: Mapping[str, Any] = field(hash=False)
    digest: str = ""

    @property
    def ledger_name(self) -> str:
        """Name of its ledger in URLs."""
        return LEDGER_NAMES[self.ledger]

    @property
    def reason(self) -> str:
        """Public reason code, or an empty string."""
        return self.public.get("reason") or ""

    @property
    def report(self) -> str:
        """Key of its report, or an empty string."""
        report_key = self.private.get("report")
        return report_key if isinstance(report_key, str) else ""


# Ledger and number of the last line of a page.
LinePosition = tuple[Ledger, int]


@dataclass(frozen=True)
class MembersJournalPage:
    """Lines, newest first; ``older``: the line after which the next page begins, if any."""

    lines: Sequence[MembersJournalLine]
    older: LinePosition | None


def list_lines(
    session: Session,
    viewer: Member,
    journal_query: MembersJournalQuery,
    after: LinePosition | None = None,
    limit: int = PAGE_SIZE,
) -> MembersJournalPage:
    """The newest lines, or those after a line; empty unless the viewer is an active member.

    :raises NotFound: ``no_such_line``: ``after`` does not exist.
    """
    if not viewer.is_active:
        return MembersJournalPage([], None)
    after_key = _load_sort_key(session, *after) if after else None
    line_rows = sorted(
        _newest_rows(session, journal_query, after_key, limit + 1), key=_sort_key, reverse=True
    )
    page_rows = line_rows[:limit]
    last_row = page_rows[-1] if len(line_rows) > limit else None
    return MembersJournalPage(
        make_lines(session, page_rows),
        (Ledger(last_row.ledger), last_row.seq) if last_row else None,
    )


# --- selection -----------------------------------------------------------------------------

# Time, ledger and number: the order of lines.
SortKey = tuple[datetime, str, int]

_LINES_STMT = select(*JOURNAL_ENTRY.columns)


def _sort_key(line_row: Any) -> SortKey:
    return line_row.at, line_row.ledger, line_row.seq


def _load_sort_key(session: Session, ledger: Ledger, seq: int) -> SortKey:
    stmt = _LINES_STMT.where(JOURNAL_ENTRY.c.ledger == ledger.value, JOURNAL_ENTRY.c.seq == seq)
    line_row = session.execute(stmt).first()
    if line_row is None:
        raise NotFound("no_such_line")
    return _sort_key(line_row)


def _newest_rows(
    session: Session, journal_query: MembersJournalQuery, after: SortKey | None, limit: int
) -> list[Any]:
    """At least the newest ``limit`` of the matching lines."""
    if journal_query.number is not None or journal_query.incident_id is not None:
        return _case_rows(session, journal_query, after)
    date_conditions = []
    if journal_query.since is not None:
        date_conditions.append(JOURNAL_ENTRY.c.at >= _midnight(journal_query.since))
    if journal_query.until is not None:
        next_day = journal_query.until + timedelta(days=1)
        date_conditions.append(JOURNAL_ENTRY.c.at < _midnight(next_day))
    newest_first = _LINES_STMT.order_by(JOURNAL_ENTRY.c.at.desc(), JOURNAL_ENTRY.c.seq.desc())
    line_rows: list[Any] = []
    for ledger in journal_query.ledgers:
        stmt = newest_first.where(
            JOURNAL_ENTRY.c.ledger == ledger.value,
            *date_conditions,
            *_after_conditions(ledger, after),
        ).limit(limit)
        for conditions in _index_conditions(journal_query, ledger):
            line_rows += session.execute(stmt.where(*conditions))
    return line_rows


def _index_conditions(
    journal_query: MembersJournalQuery, ledger: Ledger
) -> Iterator[Sequence[ColumnElement[bool]]]:
    """Conditions of the statements on a ledger, each of which one index answers in order.

    With acts or a member there is one statement for each act, so that no other line is read,
    however rare the matching lines are.
    """
    member_conditions: list[ColumnElement[bool]] = []
    if journal_query.member is not None:
        # SQLAlchemy compares with None by IS NULL.
        member_id = journal_query.member if journal_query.member != CONSOLE_MEMBER else None
        member_conditions = [JOURNAL_ENTRY.c.member_id == member_id]
    if member_conditions or journal_query.acts:
        acts = [act for act in journal_query.acts or Act if act.ledger is ledger]
        yield from ([*member_conditions, JOURNAL_ENTRY.c.act == act] for act in acts)
    else:
        yield []


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=dates.PARIS)


def _after_conditions(
    queried_ledger: Ledger, after: SortKey | None
) -> Iterator[ColumnElement[bool]]:
    """Conditions of the lines of a ledger that come after a line of the list."""
    if after is None:
        return
    at, ledger, seq = after
    yield JOURNAL_ENTRY.c.at <= at
    if queried_ledger.value == ledger:
        yield or_(JOURNAL_ENTRY.c.at < at, JOURNAL_ENTRY.c.seq < seq)
    elif queried_ledger.value > ledger:
        yield JOURNAL_ENTRY.c.at < at


def _case_rows(
    session: Session, journal_query: MembersJournalQuery, after: SortKey | None
) -> list[Any]:
    """Matching lines of one case, filtered in Python because a case has few lines."""
    incident_id = journal_query.incident_id
    if journal_query.number is not None:
        # Lines from before its publication have the case's id only.
        incident_id = session.scalar(select(CASE.c.id).where(CASE.c.number == journal_query.number))
        if journal_query.incident_id not in (None, incident_id):
            return []
    line_rows = session.execute(_LINES_STMT.where(JOURNAL_ENTRY.c.incident_id == incident_id))
    return [
        line_row
        for line_row in line_rows
        if _matches_query(line_row, journal_query) and (not after or _sort_key(line_row) < after)
    ]


def _matches_query(line_row: Any, journal_query: MembersJournalQuery) -> bool:
    day = dates.paris_day(line_row.at)
    return (
        line_row.ledger in journal_query.ledgers
        and journal_query.member in (None, line_row.member_id or CONSOLE_MEMBER)
        and (not journal_query.acts or line_row.act in journal_query.acts)
        and (journal_query.since is None or day >= journal_query.since)
        and (journal_query.until is None or day <= journal_query.until)
    )


# --- content -------------------------------------------------------------------------------


def make_lines(session: Session, line_rows: Sequence[Any]) -> list[MembersJournalLine]:
    """Lines of rows of the journal; the caller has checked the viewer."""
    incident_ids = {
        line_row.incident_id for line_row in line_rows if line_row.incident_id is not None
    }
    stmt = select(CASE.c.id, CASE.c.number, CASE.c.title, CASE.c.state)
    case_rows = {
        line_row.id: line_row
        for line_row in session.execute(stmt.where(CASE.c.id.in_(incident_ids)))
    }
    return [_make_line(line_row, case_rows.get(line_row.incident_id)) for line_row in line_rows]


def _make_line(line_row: Any, case_row: Any) -> MembersJournalLine:
    has_time = line_row.ledger != Ledger.REPORTS.value
    return MembersJournalLine(
        ledger=line_row.ledger,
        seq=line_row.seq,
        at=line_row.at if has_time else None,
        day=dates.paris_day(line_row.at),
        act=line_row.act,
        by=line_row.member_id,
        number=case_row.number if case_row else line_row.case_number,
        incident_id=line_row.incident_id,
        title=case_row.title if case_row else "",
        state=case_row.state if case_row else "",
        public=_parse_object(line_row.public_json),
        private=_parse_object(line_row.private_json),
        digest=line_row.digest.hex(),
    )


def _parse_object(json_bytes: bytes) -> Mapping[str, Any]:
    """Parsed JSON object; empty for a line that was tampered with, which is still listed."""
    try:
        parsed = json.loads(json_bytes)
    except ValueError:
        return {}
    return parsed if isinstance(parsed, dict) else {}


@dataclass(frozen=True)
class CheckedLine:
    """Stored bytes of one line, and the result of its verification.

    ``problems``: keys of ``register.journal.verify``, empty for a valid line.
    """

    line: MembersJournalLine
    public_json: bytes
    private_json: bytes
    salt: str
    previous: str
    problems: frozenset[str]


def load_checked_line(session: Session, viewer: Member, ledger: Ledger, seq: int) -> CheckedLine:
    """One line of a ledger with its verification, for an active member.

    :raises NotFound: ``no_such_line``; also if the viewer is no active member.
    """
    stmt = select(JournalEntry).where(JournalEntry.ledger == ledger.value)
    line_row = session.scalar(stmt.where(JournalEntry.seq == seq)) if viewer.is_active else None
    if line_row is None or ledger not in LEDGERS.values():
        raise NotFound("no_such_line")
    previous_line = session.scalar(stmt.where(JournalEntry.seq == seq - 1))
    previous = previous_line.digest if previous_line else GENESIS
    line_faults = line_problems(line_row, previous)
    return CheckedLine(
        line=make_lines(session, [line_row])[0],
        public_json=line_row.public_json,
        private_json=line_row.private_json,
        salt=line_row.private_salt.hex(),
        previous=previous.hex(),
        problems=frozenset(problem.key for problem in line_faults),
    )
