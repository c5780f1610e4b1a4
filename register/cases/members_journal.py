"""Members' journal: the lines of all three ledgers as one list, newest first.

The order is that of the times: line numbers of two ledgers cannot be compared. A clock that was
set back shows in the numbers next to the times.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, or_, select
from sqlalchemy.orm import Session

from register.accounts.models import Member
from register.cases.core_tables import CASE, JOURNAL_ENTRY
from register.errors import NotFound
from register.journal import Act, Ledger
from register.journal.models import GENESIS
from register.journal.queries import CONSOLE_MEMBER, JournalQuery
from register.journal.verify import line_problems
from register.text import dates

PAGE_SIZE = 50
# Name in URLs of each ledger.
LEDGERS: Mapping[str, Ledger] = {
    "public": Ledger.PUBLIC,
    "bureau": Ledger.DESK,
    "signalements": Ledger.REPORTS,
}
LEDGER_NAMES = {ledger.value: name for name, ledger in LEDGERS.items()}


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
    journal_query: JournalQuery,
    after: LinePosition | None = None,
    limit: int = PAGE_SIZE,
) -> MembersJournalPage:
    """The newest lines, or those after a line; empty unless the viewer is an active member.

    :raises NotFound: ``no_such_line``: ``after`` does not exist.
    """
    if not viewer.is_active:
        return MembersJournalPage([], None)
    after_key = None
    if after is not None:
        after_row = session.execute(_line_stmt(*after)).first()
        if after_row is None:
            raise NotFound("no_such_line")
        after_key = _sort_key(after_row)
    if journal_query.number is None and journal_query.incident_id is None:
        line_rows = _newest_rows(session, journal_query, after_key, limit + 1)
    else:
        line_rows = _case_rows(session, journal_query, after_key)
    line_rows.sort(key=_sort_key, reverse=True)
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
_NEWEST_STMT = _LINES_STMT.order_by(JOURNAL_ENTRY.c.at.desc(), JOURNAL_ENTRY.c.seq.desc())


def _line_stmt(ledger: Ledger, seq: int) -> Select[Any]:
    return _LINES_STMT.where(JOURNAL_ENTRY.c.ledger == ledger.value, JOURNAL_ENTRY.c.seq == seq)


def _sort_key(line_row: Any) -> SortKey:
    return line_row.at, line_row.ledger, line_row.seq


def _ledgers(journal_query: JournalQuery) -> list[Ledger]:
    """Ledgers of a query; in that of the reports, lines without a member are acts of reporters."""
    by_console = journal_query.member == CONSOLE_MEMBER
    return [
        ledger for ledger in journal_query.ledgers if not (by_console and ledger is Ledger.REPORTS)
    ]


def _newest_rows(
    session: Session, journal_query: JournalQuery, after: SortKey | None, limit: int
) -> list[Any]:
    """At least the newest ``limit`` of the matching lines.

    One index answers each statement in order. With acts or a member there is one statement for
    each act, so that no other line is read, however rare the matching lines are.
    """
    stmt = _NEWEST_STMT.where(*journal_query.time_conditions()).limit(limit)
    acts: Sequence[Act] = journal_query.acts
    if journal_query.member is not None:
        acts = acts or list(Act)
        # SQLAlchemy compares with None by IS NULL.
        member_id = None if journal_query.member == CONSOLE_MEMBER else journal_query.member
        stmt = stmt.where(JOURNAL_ENTRY.c.member_id == member_id)
    line_rows: list[Any] = []
    for ledger in _ledgers(journal_query):
        is_after = _after_conditions(ledger, after)
        ledger_stmt = stmt.where(JOURNAL_ENTRY.c.ledger == ledger.value, *is_after)
        if not acts:
            line_rows += session.execute(ledger_stmt)
        for act in acts:
            if act.ledger is ledger:
                line_rows += session.execute(ledger_stmt.where(JOURNAL_ENTRY.c.act == act))
    return line_rows


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


def _case_rows(session: Session, journal_query: JournalQuery, after: SortKey | None) -> list[Any]:
    """Matching lines of one case, most filtered in Python because a case has few lines."""
    incident_id = journal_query.incident_id
    if journal_query.number is not None:
        # Lines from before its publication have the case's id only.
        incident_id = session.scalar(select(CASE.c.id).where(CASE.c.number == journal_query.number))
        # No such number must not select the lines of no case.
        if incident_id is None or journal_query.incident_id not in (None, incident_id):
            return []
    is_of_case = JOURNAL_ENTRY.c.incident_id == incident_id
    stmt = _LINES_STMT.where(is_of_case, *journal_query.time_conditions())
    ledgers = _ledgers(journal_query)
    return [
        line_row
        for line_row in session.execute(stmt)
        if line_row.ledger in ledgers
        and journal_query.member in (None, line_row.member_id or CONSOLE_MEMBER)
        and (not journal_query.acts or line_row.act in journal_query.acts)
        and (after is None or _sort_key(line_row) < after)
    ]


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
    lines = []
    for line_row in line_rows:
        case_row = case_rows.get(line_row.incident_id)
        lines.append(
            MembersJournalLine(
                ledger=line_row.ledger,
                seq=line_row.seq,
                at=line_row.at if line_row.ledger != Ledger.REPORTS.value else None,
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
        )
    return lines


def _parse_object(json_bytes: bytes) -> Mapping[str, Any]:
    """Parsed JSON object; empty for a line that was tampered with, which is still listed."""
    try:
        parsed = json.loads(json_bytes)
    except ValueError:
        return {}
    return parsed if isinstance(parsed, dict) else {}


@dataclass(frozen=True)
class CheckedLine:
    """One line as stored, and the result of its verification.

    ``problems``: keys of ``register.journal.verify``, empty for a valid line.
    """

    line: MembersJournalLine
    stored: Any
    previous: str
    problems: frozenset[str]


def load_checked_line(session: Session, viewer: Member, ledger: Ledger, seq: int) -> CheckedLine:
    """One line of a ledger with its verification, for an active member.

    :raises NotFound: ``no_such_line``; also if the viewer is no active member.
    """
    line_row = session.execute(_line_stmt(ledger, seq)).first() if viewer.is_active else None
    if line_row is None:
        raise NotFound("no_such_line")
    previous_row = session.execute(_line_stmt(ledger, seq - 1)).first()
    previous = previous_row.digest if previous_row else GENESIS
    return CheckedLine(
        line=make_lines(session, [line_row])[0],
        stored=line_row,
        previous=previous.hex(),
        problems=frozenset(problem.key for problem in line_problems(line_row, previous)),
    )


# --- accounts ------------------------------------------------------------------------------

SIGN_INS = (Act.SIGNED_IN, Act.SESSIONS_ENDED, Act.BROWSERS_FORGOTTEN)
# Acts of others on an account, and failed sign-ins.
ACCOUNT_CHANGES = (
    Act.SIGN_INS_FAILED,
    Act.MEMBER_ADDED,
    Act.MEMBER_CONFIRMED,
    Act.MEMBER_RESET,
    Act.MEMBER_PASSWORD_LINK,
    Act.MEMBER_LINK_REVOKED,
    Act.MEMBER_ROLE,
    Act.MEMBER_FACTOR_RESET,
    Act.MEMBER_DISABLED,
    Act.MEMBER_ENABLED,
)
OWN_CHANGES = (Act.MEMBER_PASSWORD, Act.MEMBER_FACTOR, Act.PASSKEY_ADDED, Act.PASSKEY_REMOVED)
_SCAN_LIMIT = 100  # newest lines of one act that are scanned for those of one account


def recent_account_lines(
    session: Session, viewer: Member, since: datetime, limit: int
) -> Sequence[MembersJournalLine]:
    """Lines since a time, newest first; empty unless the viewer is an active member."""
    if not viewer.is_active:
        return []
    actor = JOURNAL_ENTRY.c.member_id
    line_rows: list[Any] = []
    if viewer.is_administrator:
        for act in (*SIGN_INS, *ACCOUNT_CHANGES, *OWN_CHANGES):
            line_rows += _act_rows(session, act, since, limit)
    else:
        for act in (*SIGN_INS, *OWN_CHANGES):
            line_rows += _act_rows(session, act, since, limit, actor == viewer.id)
        for act in (*ACCOUNT_CHANGES, Act.SESSIONS_ENDED):
            by_others = actor.is_distinct_from(viewer.id)
            line_rows += [
                line_row
                for line_row in _act_rows(session, act, since, _SCAN_LIMIT, by_others)
                if json.loads(line_row.private_json).get("member") == viewer.id
            ]
    line_rows.sort(key=lambda line_row: line_row.seq, reverse=True)
    return make_lines(session, line_rows[:limit])


def _act_rows(
    session: Session, act: Act, since: datetime, limit: int, *conditions: ColumnElement[bool]
) -> Sequence[Any]:
    """The newest lines of one act of the desk's ledger."""
    stmt = _NEWEST_STMT.where(
        JOURNAL_ENTRY.c.ledger == Ledger.DESK.value,
        JOURNAL_ENTRY.c.act == act,
        JOURNAL_ENTRY.c.at >= since,
        *conditions,
    )
    return session.execute(stmt.limit(limit)).all()
