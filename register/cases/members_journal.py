"""The members' journal: who did what, when, from the public ledger, the desk's and the reports'.

Each ledger is its own chain. They are told as one list in the order of their times, the newest
line first: numbers of two ledgers have no order in common, and a clock that was set back shows by
the numbers beside the times.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from types import MappingProxyType
from typing import Any

from sqlalchemy import ColumnElement, Select, or_, select
from sqlalchemy.orm import Session

from register.accounts.models import Member
from register.cases import public_journal as public_ledger
from register.cases.core_tables import CASE, JOURNAL_ENTRY
from register.errors import NotFound
from register.journal import Act, JournalEntry, Ledger
from register.journal.canonical import GENESIS
from register.journal.verify import line_problems
from register.text import dates

PAGE_SIZE = 50
CONSOLE_MEMBER = 0  # stands for whoever acted from the console, who is no member

# What an address calls each ledger that members read.
LEDGERS: Mapping[str, Ledger] = MappingProxyType(
    {"public": Ledger.PUBLIC, "bureau": Ledger.DESK, "signalements": Ledger.REPORTS}
)
LEDGER_NAMES: Mapping[str, str] = MappingProxyType(
    {ledger.value: name for name, ledger in LEDGERS.items()}
)

# What an address calls each act, by groups, in the order in which a form offers them. The name of
# a group asks for all of its acts.
ACT_GROUPS: Mapping[str, Mapping[str, Act]] = MappingProxyType(
    {
        "brouillons": {
            "brouillon": Act.DRAFTED,
            "modification": Act.EDITED,
            "abandon": Act.DISCARDED,
            "brouillon-reuni": Act.DRAFT_MERGED,
        },
        "relecture": {
            "accord": Act.APPROVED,
            "changement-propose": Act.CHANGE_PROPOSED,
            "changement-refuse": Act.CHANGE_REFUSED,
            "destruction": Act.DESTROYED,
            "destruction-annulee": Act.DESTRUCTION_KEPT,
            "invitation": Act.INVITED,
        },
        "actes-publics": public_ledger.PUBLIC_ACTS_BY_KIND,
        "droit-de-reponse": {
            "reponse-recue": Act.REPLY_RECEIVED,
            "reponse-refusee": Act.REPLY_REFUSED,
        },
        "en-main": {"prise": Act.CLAIMED, "rendu": Act.RELEASED, "note": Act.NOTED},
        "signalements": {
            "signalement-recu": Act.REPORT_RECEIVED,
            "signalement-complete": Act.REPORT_ADDED,
            "signalement-retire": Act.REPORT_WITHDRAWN,
            "signalement-ouvert": Act.REPORT_VIEWED,
            "contact-ouvert": Act.REPORT_CONTACT_VIEWED,
            "copie-ouverte": Act.COPY_VIEWED,
            "brouillon-sans-signalement": Act.SOURCE_WITHDRAWN,
            "signalement-pris": Act.REPORT_CLAIMED,
            "signalement-rendu": Act.REPORT_RELEASED,
            "question": Act.REPORT_ASKED,
            "signalement-lu": Act.REPORT_READ,
            "signalement-retenu": Act.REPORT_ACCEPTED,
            "signalement-ecarte": Act.REPORT_DECLINED,
            "indesirable": Act.REPORT_SPAM,
            "indesirables-confirmes": Act.REPORT_SPAM_AGREED,
            "signalement-repris": Act.REPORT_REOPENED,
            "signalement-revenu": Act.REPORT_RETURNED,
            "signalement-detruit": Act.REPORT_PURGED,
        },
        "comptes": {
            "membre-invite": Act.MEMBER_INVITED,
            "invitation-reprise": Act.MEMBER_UNINVITED,
            "membre-ajoute": Act.MEMBER_ADDED,
            "membre-confirme": Act.MEMBER_CONFIRMED,
            "membre-desactive": Act.MEMBER_DISABLED,
            "membre-reactive": Act.MEMBER_ENABLED,
            "membre-role": Act.MEMBER_ROLE,
            "membre-remis": Act.MEMBER_RESET,
            "mot-de-passe": Act.MEMBER_PASSWORD,
            "seconde-preuve": Act.MEMBER_FACTOR,
            "seconde-preuve-retiree": Act.MEMBER_FACTOR_RESET,
        },
        "connexions": {
            "connexion": Act.SIGNED_IN,
            "seances-fermees": Act.SESSIONS_ENDED,
            "navigateurs-oublies": Act.BROWSERS_FORGOTTEN,
            "connexions-manquees": Act.SIGN_INS_FAILED,
        },
        "pages": {"page-modifiee": Act.PAGE_EDITED, "page-retablie": Act.PAGE_RESTORED},
    }
)
ACTS_BY_KIND: Mapping[str, Act] = MappingProxyType(
    {kind: act for group in ACT_GROUPS.values() for kind, act in group.items()}
)


@dataclass(frozen=True)
class MembersJournalQuery:
    """Which lines. ``kind`` is a name of :data:`ACT_GROUPS` or :data:`ACTS_BY_KIND`.

    ``member`` is an id, or ``CONSOLE_MEMBER``; ``since`` and ``until`` are civil days in Paris, both
    included; ``ledger_name`` is a name of :data:`LEDGERS`.
    """

    member: int | None = None
    kind: str = ""
    number: int | None = None
    incident_id: int | None = None
    since: date | None = None
    until: date | None = None
    ledger_name: str = ""

    def pairs(self) -> list[tuple[str, str]]:
        """The question as names and values of an address; what is not asked is left out."""
        parameters = {
            "membre": self.member,
            "acte": self.kind,
            "cas": self.number,
            "dossier": self.incident_id,
            "du": self.since,
            "au": self.until,
            "livre": self.ledger_name,
        }
        return [(name, str(value)) for name, value in parameters.items() if value not in (None, "")]

    @property
    def acts(self) -> Sequence[Act]:
        """The acts behind ``kind``; none of them means all."""
        if self.kind in ACT_GROUPS:
            return tuple(ACT_GROUPS[self.kind].values())
        return (ACTS_BY_KIND[self.kind],) if self.kind else ()

    @property
    def ledgers(self) -> Sequence[Ledger]:
        """The ledgers that may hold such lines."""
        ledgers = [LEDGERS[self.ledger_name]] if self.ledger_name else list(LEDGERS.values())
        if self.member == CONSOLE_MEMBER:
            # Nobody acts there from the console: lines without a member are those of reporters.
            ledgers = [ledger for ledger in ledgers if ledger is not Ledger.REPORTS]
        acts = self.acts
        return [
            ledger for ledger in ledgers if not acts or any(act.ledger is ledger for act in acts)
        ]


@dataclass(frozen=True)
class MembersJournalLine:
    """One line, opened. ``at`` is None where a ledger tells days only; ``title`` and ``state`` are
    those of its case as it now is, the title empty once its texts are destroyed."""

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
        """What addresses call its ledger."""
        return LEDGER_NAMES[self.ledger]

    @property
    def reason(self) -> str:
        """The public code of why it was done, or nothing."""
        return self.public.get("reason") or ""

    @property
    def report(self) -> str:
        """The key of the report that it speaks of, or nothing."""
        report_key = self.private.get("report")
        return report_key if isinstance(report_key, str) else ""


# The ledger and number of a line, after which another stretch begins.
LinePosition = tuple[Ledger, int]


@dataclass(frozen=True)
class MembersJournalPage:
    """Some lines, newest first; ``older``: after which line the next stretch begins, if any."""

    lines: Sequence[MembersJournalLine]
    older: LinePosition | None


def list_lines(
    session: Session,
    viewer: Member,
    journal_query: MembersJournalQuery,
    after: LinePosition | None = None,
    limit: int = PAGE_SIZE,
) -> MembersJournalPage:
    """The newest lines, or those that follow a line, for an active member; else nothing.

    :raises NotFound: ``no_such_line``: ``after`` is none.
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


# --- which lines ---------------------------------------------------------------------------

# What lines are put in order by: their time, then ledger and number.
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
    """At least the newest ``limit`` of the lines that are asked for."""
    if journal_query.number is not None or journal_query.incident_id is not None:
        return _case_rows(session, journal_query, after)
    return [
        line_row
        for ledger in journal_query.ledgers
        for conditions in _index_conditions(journal_query, ledger)
        for line_row in session.execute(
            _newest_stmt(
                ledger,
                [*conditions, *_date_conditions(journal_query), *_after_conditions(ledger, after)],
                limit,
            )
        )
    ]


def _newest_stmt(
    ledger: Ledger, conditions: Sequence[ColumnElement[bool]], limit: int
) -> Select[Any]:
    stmt = _LINES_STMT.where(JOURNAL_ENTRY.c.ledger == ledger.value, *conditions)
    return stmt.order_by(JOURNAL_ENTRY.c.at.desc(), JOURNAL_ENTRY.c.seq.desc()).limit(limit)


def _index_conditions(
    journal_query: MembersJournalQuery, ledger: Ledger
) -> Iterator[Sequence[ColumnElement[bool]]]:
    """The ways to a ledger's lines, each of which an index has in their order.

    Act by act where acts or a member are asked for: however few of them there are, and however
    long the ledger is, no other line is read.
    """
    member_conditions: list[ColumnElement[bool]] = []
    if journal_query.member is not None:
        is_console = journal_query.member == CONSOLE_MEMBER
        member_conditions = [
            JOURNAL_ENTRY.c.member_id.is_(None)
            if is_console
            else JOURNAL_ENTRY.c.member_id == journal_query.member
        ]
    if member_conditions or journal_query.acts:
        acts = [act for act in journal_query.acts or Act if act.ledger is ledger]
        yield from ([*member_conditions, JOURNAL_ENTRY.c.act == act] for act in acts)
    else:
        yield []


def _date_conditions(journal_query: MembersJournalQuery) -> Iterator[ColumnElement[bool]]:
    if journal_query.since is not None:
        yield JOURNAL_ENTRY.c.at >= _midnight(journal_query.since)
    if journal_query.until is not None:
        yield JOURNAL_ENTRY.c.at < _midnight(journal_query.until + timedelta(days=1))


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=dates.PARIS)


def _after_conditions(
    queried_ledger: Ledger, after: SortKey | None
) -> Iterator[ColumnElement[bool]]:
    """The lines of a ledger that come after one in the list."""
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
    """Lines of one case: they are few, so that all are looked up and then chosen from."""
    incident_id = journal_query.incident_id
    if journal_query.number is not None:
        # By its number a case is found with what came before it had one.
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


# --- what they say -------------------------------------------------------------------------


def make_lines(session: Session, line_rows: Sequence[Any]) -> list[MembersJournalLine]:
    """Rows of the journal as lines; whoever asks is an active member, or at the console."""
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
    """What a line says; one that was tampered with is still shown, and its page says so."""
    try:
        parsed = json.loads(json_bytes)
    except ValueError:
        return {}
    return parsed if isinstance(parsed, dict) else {}


@dataclass(frozen=True)
class CheckedLine:
    """One line as it is kept, and what was found when its digests were computed again.

    ``problems``: keys of ``register.journal.verify``, none when the line holds.
    """

    line: MembersJournalLine
    public_json: bytes
    private_json: bytes
    salt: str
    previous: str
    problems: frozenset[str]


def load_checked_line(session: Session, viewer: Member, ledger: Ledger, seq: int) -> CheckedLine:
    """One line of a ledger, for an active member.

    :raises NotFound: ``no_such_line``, also for anybody else.
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
