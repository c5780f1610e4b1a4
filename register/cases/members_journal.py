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
from register.cases.core_tables import CASE, ENTRY
from register.errors import NotFound
from register.journal import Act, Entry, Ledger
from register.journal.canonical import GENESIS
from register.journal.verify import line_problems
from register.text import dates

PAGE_SIZE = 50
CONSOLE = 0  # stands for whoever acted from the console, who is no member

# What an address calls each ledger that members read.
LEDGERS: Mapping[str, Ledger] = MappingProxyType(
    {"public": Ledger.PUBLIC, "bureau": Ledger.DESK, "signalements": Ledger.REPORTS}
)
NAMES: Mapping[str, str] = MappingProxyType({led.value: name for name, led in LEDGERS.items()})

# What an address calls each act, by groups, in the order in which a form offers them. The name of
# a group asks for all of its acts.
GROUPS: Mapping[str, Mapping[str, Act]] = MappingProxyType(
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
        "actes-publics": public_ledger.KINDS,
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
KINDS: Mapping[str, Act] = MappingProxyType(
    {kind: act for group in GROUPS.values() for kind, act in group.items()}
)


@dataclass(frozen=True)
class Asked:
    """Which lines. ``kind`` is a name of :data:`GROUPS` or :data:`KINDS`.

    ``member`` is an id, or ``CONSOLE``; ``since`` and ``until`` are civil days in Paris, both
    included; ``book`` is a name of :data:`LEDGERS`.
    """

    member: int | None = None
    kind: str = ""
    number: int | None = None
    dossier: int | None = None
    since: date | None = None
    until: date | None = None
    book: str = ""

    def pairs(self) -> list[tuple[str, str]]:
        """The question as names and values of an address; what is not asked is left out."""
        told = {
            "membre": self.member,
            "acte": self.kind,
            "cas": self.number,
            "dossier": self.dossier,
            "du": self.since,
            "au": self.until,
            "livre": self.book,
        }
        return [(name, str(value)) for name, value in told.items() if value not in (None, "")]

    @property
    def acts(self) -> Sequence[Act]:
        """The acts behind ``kind``; none of them means all."""
        if self.kind in GROUPS:
            return tuple(GROUPS[self.kind].values())
        return (KINDS[self.kind],) if self.kind else ()

    @property
    def ledgers(self) -> Sequence[Ledger]:
        """The ledgers that may hold such lines."""
        wanted = [LEDGERS[self.book]] if self.book else list(LEDGERS.values())
        if self.member == CONSOLE:
            # Nobody acts there from the console: lines without a member are those of reporters.
            wanted = [led for led in wanted if led is not Ledger.REPORTS]
        acts = self.acts
        return [led for led in wanted if not acts or any(act.ledger is led for act in acts)]


@dataclass(frozen=True)
class Line:
    """One line, opened. ``at`` is None where a ledger tells days only; ``title`` and ``state`` are
    those of its case as it now is, the title empty once its texts are destroyed."""

    ledger: str
    seq: int
    at: datetime | None
    day: date
    act: str
    by: int | None
    number: int | None
    dossier: int | None
    title: str
    state: str
    public: Mapping[str, Any] = field(hash=False)
    private: Mapping[str, Any] = field(hash=False)
    digest: str = ""

    @property
    def book(self) -> str:
        """What addresses call its ledger."""
        return NAMES[self.ledger]

    @property
    def reason(self) -> str:
        """The public code of why it was done, or nothing."""
        return self.public.get("reason") or ""

    @property
    def report(self) -> str:
        """The key of the report that it speaks of, or nothing."""
        key = self.private.get("report")
        return key if isinstance(key, str) else ""


# The ledger and number of a line, after which another stretch begins.
Place = tuple[Ledger, int]


@dataclass(frozen=True)
class Stretch:
    """Some lines, newest first; ``older``: after which line the next stretch begins, if any."""

    lines: Sequence[Line]
    older: Place | None


def stretch(
    session: Session,
    viewer: Member,
    asked: Asked,
    after: Place | None = None,
    limit: int = PAGE_SIZE,
) -> Stretch:
    """The newest lines, or those that follow a line, for an active member; else nothing.

    :raises NotFound: ``no_such_line``: ``after`` is none.
    """
    if not viewer.is_active:
        return Stretch([], None)
    key = _key_of(session, *after) if after else None
    rows = sorted(_found(session, asked, key, limit + 1), key=_key, reverse=True)
    kept = rows[:limit]
    last = kept[-1] if len(rows) > limit else None
    return Stretch(told(session, kept), (Ledger(last.ledger), last.seq) if last else None)


# --- which lines ---------------------------------------------------------------------------

# What lines are put in order by: their time, then ledger and number.
Key = tuple[datetime, str, int]

_COLUMNS = select(*ENTRY.columns)


def _key(row: Any) -> Key:
    return row.at, row.ledger, row.seq


def _key_of(session: Session, led: Ledger, seq: int) -> Key:
    named = _COLUMNS.where(ENTRY.c.ledger == led.value, ENTRY.c.seq == seq)
    row = session.execute(named).first()
    if row is None:
        raise NotFound("no_such_line")
    return _key(row)


def _found(session: Session, asked: Asked, after: Key | None, limit: int) -> list[Any]:
    """At least the newest ``limit`` of the lines that are asked for."""
    if asked.number is not None or asked.dossier is not None:
        return _of_case(session, asked, after)
    return [
        row
        for led in asked.ledgers
        for way in _ways(asked, led)
        for row in session.execute(_newest(led, [*way, *_span(asked), *_older(led, after)], limit))
    ]


def _newest(led: Ledger, such: Sequence[ColumnElement[bool]], limit: int) -> Select[Any]:
    lines = _COLUMNS.where(ENTRY.c.ledger == led.value, *such)
    return lines.order_by(ENTRY.c.at.desc(), ENTRY.c.seq.desc()).limit(limit)


def _ways(asked: Asked, led: Ledger) -> Iterator[Sequence[ColumnElement[bool]]]:
    """The ways to a ledger's lines, each of which an index has in their order.

    Act by act where acts or a member are asked for: however few of them there are, and however
    long the ledger is, no other line is read.
    """
    who: list[ColumnElement[bool]] = []
    if asked.member is not None:
        console = asked.member == CONSOLE
        who = [ENTRY.c.member_id.is_(None) if console else ENTRY.c.member_id == asked.member]
    if who or asked.acts:
        acts = [act for act in asked.acts or Act if act.ledger is led]
        yield from ([*who, ENTRY.c.act == act] for act in acts)
    else:
        yield []


def _span(asked: Asked) -> Iterator[ColumnElement[bool]]:
    if asked.since is not None:
        yield ENTRY.c.at >= _midnight(asked.since)
    if asked.until is not None:
        yield ENTRY.c.at < _midnight(asked.until + timedelta(days=1))


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=dates.PARIS)


def _older(led: Ledger, after: Key | None) -> Iterator[ColumnElement[bool]]:
    """The lines of a ledger that come after one in the list."""
    if after is None:
        return
    at, ledger, seq = after
    yield ENTRY.c.at <= at
    if led.value == ledger:
        yield or_(ENTRY.c.at < at, ENTRY.c.seq < seq)
    elif led.value > ledger:
        yield ENTRY.c.at < at


def _of_case(session: Session, asked: Asked, after: Key | None) -> list[Any]:
    """Lines of one case: they are few, so that all are looked up and then chosen from."""
    incident = asked.dossier
    if asked.number is not None:
        # By its number a case is found with what came before it had one.
        incident = session.scalar(select(CASE.c.id).where(CASE.c.number == asked.number))
        if asked.dossier not in (None, incident):
            return []
    rows = session.execute(_COLUMNS.where(ENTRY.c.incident_id == incident))
    return [row for row in rows if _is_asked(row, asked) and (not after or _key(row) < after)]


def _is_asked(row: Any, asked: Asked) -> bool:
    day = dates.paris_day(row.at)
    return (
        row.ledger in asked.ledgers
        and asked.member in (None, row.member_id or CONSOLE)
        and (not asked.acts or row.act in asked.acts)
        and (asked.since is None or day >= asked.since)
        and (asked.until is None or day <= asked.until)
    )


# --- what they say -------------------------------------------------------------------------


def told(session: Session, rows: Sequence[Any]) -> list[Line]:
    """Rows of the journal as lines; whoever asks is an active member, or at the console."""
    wanted = {row.incident_id for row in rows if row.incident_id is not None}
    asked = select(CASE.c.id, CASE.c.number, CASE.c.title, CASE.c.state)
    cases = {row.id: row for row in session.execute(asked.where(CASE.c.id.in_(wanted)))}
    return [_line(row, cases.get(row.incident_id)) for row in rows]


def _line(row: Any, case: Any) -> Line:
    timed = row.ledger != Ledger.REPORTS.value
    return Line(
        ledger=row.ledger,
        seq=row.seq,
        at=row.at if timed else None,
        day=dates.paris_day(row.at),
        act=row.act,
        by=row.member_id,
        number=case.number if case else row.case_number,
        dossier=row.incident_id,
        title=case.title if case else "",
        state=case.state if case else "",
        public=_object(row.public_json),
        private=_object(row.private_json),
        digest=row.digest.hex(),
    )


def _object(data: bytes) -> Mapping[str, Any]:
    """What a line says; one that was tampered with is still shown, and its page says so."""
    try:
        told = json.loads(data)
    except ValueError:
        return {}
    return told if isinstance(told, dict) else {}


@dataclass(frozen=True)
class Opened:
    """One line as it is kept, and what was found when its digests were computed again.

    ``problems``: keys of ``register.journal.verify``, none when the line holds.
    """

    line: Line
    public_json: bytes
    private_json: bytes
    salt: str
    previous: str
    problems: frozenset[str]


def opened(session: Session, viewer: Member, led: Ledger, seq: int) -> Opened:
    """One line of a ledger, for an active member.

    :raises NotFound: ``no_such_line``, also for anybody else.
    """
    wanted = select(Entry).where(Entry.ledger == led.value)
    row = session.scalar(wanted.where(Entry.seq == seq)) if viewer.is_active else None
    if row is None or led not in LEDGERS.values():
        raise NotFound("no_such_line")
    before = session.scalar(wanted.where(Entry.seq == seq - 1))
    previous = before.digest if before else GENESIS
    found = line_problems(row, previous)
    return Opened(
        line=told(session, [row])[0],
        public_json=row.public_json,
        private_json=row.private_json,
        salt=row.private_salt.hex(),
        previous=previous.hex(),
        problems=frozenset(problem.key for problem in found),
    )
