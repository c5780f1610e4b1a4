"""How reports are read: by their author's code, and by members from the desk."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, or_, select
from sqlalchemy.orm import Session

from register.cases.deadlines import add_months
from register.cases.models import Incident
from register.cases.models import State as CaseState
from register.errors import NotFound
from register.report_keys import KeyStore
from register.reports import encryption, receipt_codes, rules
from register.reports.encryption import Decision
from register.reports.models import Kept, Kind, Message, Report, State
from register.reports.report_content import Received, Sent
from register.text.fold import fold

PAGE_SIZE = 30
# Reports that are opened to be filtered; the page says that those beyond were not.
OPENED = 5_000


class Tray(StrEnum):
    """Where a report lies on the desk; in review until news come, and again once they are read."""

    NEW = "nouveaux"
    NEWS = "reponses"
    REVIEW = "en-examen"
    WAITING = "en-attente"
    OVERDUE = "en-retard"
    SUSPECT = "douteux"
    ACCEPTED = "retenus"
    DECLINED = "ecartes"
    WITHDRAWN = "retires"
    SPAM = "indesirables"


# What stands in the columns of a row, without what is sealed.
_SHOWN = (
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


def is_open() -> ColumnElement[bool]:
    """The clause of those that can still be decided."""
    return Report.state.in_([state.value for state in rules.OPEN])


def _in(tray: Tray, today: date) -> ColumnElement[bool]:
    clauses: Mapping[Tray, Callable[[], ColumnElement[bool]]] = {
        Tray.NEW: lambda: and_(Report.state == State.RECEIVED, Report.suspect.is_(False)),
        Tray.NEWS: lambda: Report.news.is_(True),
        Tray.REVIEW: lambda: and_(Report.state == State.IN_REVIEW, Report.news.is_(False)),
        Tray.WAITING: lambda: Report.state == State.WAITING,
        Tray.OVERDUE: lambda: and_(
            is_open(), Report.day <= add_months(today, -rules.OVERDUE_MONTHS)
        ),
        Tray.SUSPECT: lambda: and_(is_open(), Report.suspect.is_(True)),
        Tray.ACCEPTED: lambda: Report.state == State.ACCEPTED,
        Tray.DECLINED: lambda: Report.state == State.DECLINED,
        Tray.WITHDRAWN: lambda: Report.state == State.WITHDRAWN,
        Tray.SPAM: lambda: Report.state == State.SPAM,
    }
    return clauses[tray]()


@dataclass(frozen=True)
class Line:
    """A report in a list. ``sent`` is None once its texts are destroyed."""

    key: str
    state: State
    suspect: bool
    news: bool
    day: date
    moved_on: date
    held_by: int | None
    held_until: datetime | None
    reason: str
    purge_on: date | None
    together_by: int | None
    sent: Sent | None

    @property
    def is_open(self) -> bool:
        """Whether it can still be decided."""
        return self.state in rules.OPEN

    def holder(self, at: datetime) -> int | None:
        """Who has it in hand; a claim that ran out is nobody's."""
        return self.held_by if self.held_until is not None and self.held_until > at else None


@dataclass(frozen=True)
class Asked:
    """Which reports. ``tray`` None asks for all that is undecided; ``place`` is ``commune:93032``,
    ``departement:93`` or words of it; ``words`` are looked for in what was sent."""

    tray: Tray | None = None
    place: str = ""
    type: str = ""
    words: str = ""
    mine: int | None = None
    page: int = 1

    @property
    def opens(self) -> bool:
        """Whether what is asked for stands in no column, so that reports have to be opened."""
        return bool(self.place or self.type or self.words)


@dataclass(frozen=True)
class Listing:
    """A page of reports, its number, how many there are, and whether some were not looked at."""

    lines: Sequence[Line]
    total: int
    number: int
    partial: bool = False

    @property
    def pages(self) -> int:
        """How many pages there are."""
        return max(1, -(-self.total // PAGE_SIZE))


@dataclass(frozen=True)
class Said:
    """A message, opened."""

    day: date
    kind: Kind
    text: str

    @property
    def by_reporter(self) -> bool:
        """Whether the one who reported wrote it."""
        return self.kind is not Kind.QUESTION


@dataclass(frozen=True)
class File:
    """A report with everything about it; after the purge, what is left."""

    line: Line
    received: Received | None = None
    contact: str = ""
    messages: Sequence[Said] = field(default_factory=tuple)
    decision: Decision = field(default_factory=Decision)
    case: Any | None = None

    @property
    def is_purged(self) -> bool:
        """Whether its texts are destroyed."""
        return self.received is None

    @property
    def seen(self) -> int:
        """What an act is told, so that it notices a message that came meanwhile."""
        return len(self.messages)

    @property
    def case_stands(self) -> bool:
        """Whether it led to a case that was not given up."""
        return self.case is not None and self.case.state != CaseState.ERASED

    @property
    def public_number(self) -> int | None:
        """The number of its case while that is public."""
        if self.case is None or self.case.state != CaseState.PUBLISHED:
            return None
        return int(self.case.number)


def by_code(session: Session, store: KeyStore, typed: str) -> str | None:
    """The key of the report behind a code; None for an unknown one and for no code alike."""
    receipt = receipt_codes.receipt(
        store.derived(receipt_codes.RECEIPTS), receipt_codes.read(typed)
    )
    return session.scalar(select(Report.key).where(Report.receipt == receipt))


def counts(session: Session, today: date) -> dict[Tray, int]:
    """How many reports lie in each tray, in one pass over the columns in clear."""
    told = session.execute(
        select(*(func.count().filter(_in(tray, today)).label(tray.name) for tray in Tray))
    ).one()
    return {tray: told[number] for number, tray in enumerate(Tray)}


def days(session: Session, keys: Collection[str]) -> dict[str, date]:
    """When those of some reports that are still there came in."""
    if not keys:
        return {}
    rows = session.execute(select(Report.key, Report.day).where(Report.key.in_(keys)))
    return {row.key: row.day for row in rows}


def lines(session: Session, keys: Collection[str]) -> dict[str, Line]:
    """Some reports as their columns in clear tell them; nothing of them is opened."""
    if not keys:
        return {}
    rows = session.execute(select(*_SHOWN).where(Report.key.in_(keys)))
    return {row.key: _line(row, None) for row in rows}


def unread(session: Session) -> int:
    """How many reports nobody has taken up; many of them warn the desk."""
    return (
        session.scalar(
            select(func.count()).select_from(Report).where(Report.state == State.RECEIVED)
        )
        or 0
    )


def count(session: Session, asked: Asked, today: date) -> int:
    """How many reports there are of what columns in clear answer: a tray, and who has them."""
    found = select(func.count()).select_from(Report).where(*_where(asked, today))
    return session.scalar(found) or 0


def listing(session: Session, store: KeyStore, asked: Asked, today: date) -> Listing:
    """A page of reports, the oldest first while undecided, the newest first afterwards."""
    start = (asked.page - 1) * PAGE_SIZE
    if not asked.opens:
        total = count(session, asked, today)
        shown = first(session, store, asked, today, PAGE_SIZE, start)
        return Listing(shown, total, asked.page)
    found, partial = _opened(session, store, asked, today)
    page = found[start : start + PAGE_SIZE]
    closed = lines(session, [key for key, _sent in page])
    told = [replace(closed[key], sent=sent) for key, sent in page]
    return Listing(told, len(found), asked.page, partial)


def first(
    session: Session, store: KeyStore, asked: Asked, today: date, limit: int, start: int = 0
) -> list[Line]:
    """So many reports of what columns in clear answer, in their order; no other is opened."""
    within = _keys(asked, today, limit, start)
    shown = select(*_SHOWN, Report.sealed).where(Report.key.in_(within))
    rows = session.execute(shown.order_by(*_order(asked))).all()
    keys = store.keys(row.key for row in rows if row.sealed is not None)
    return [_line(row, _sent(row, keys)) for row in rows]


def _keys(asked: Asked, today: date, limit: int, start: int = 0) -> Select[str]:
    """The keys of some reports, in their order: an index has all that it takes, and sorting whole
    rows would read everything that is sealed."""
    chosen = select(Report.key).where(*_where(asked, today)).order_by(*_order(asked))
    return chosen.limit(limit).offset(start)


def _opened(
    session: Session, store: KeyStore, asked: Asked, today: date
) -> tuple[Sequence[tuple[str, Sent]], bool]:
    """Those that answer, opened, in their order; and whether some were not looked at."""
    within = _keys(asked, today, OPENED + 1)
    order = session.scalars(within).all()
    rows = session.execute(select(Report.key, Report.sealed).where(Report.key.in_(within))).all()
    keys = store.keys(row.key for row in rows if row.sealed is not None)
    opened = {row.key: _sent(row, keys) for row in rows}
    told = [(key, opened[key]) for key in order[:OPENED]]
    words = fold(asked.words).split()
    found = [(key, sent) for key, sent in told if sent is not None and _answers(sent, asked, words)]
    return found, len(order) > OPENED


def _where(asked: Asked, today: date) -> Iterator[ColumnElement[bool]]:
    if asked.tray is not None:
        yield _in(asked.tray, today)
    else:
        yield or_(is_open(), Report.news.is_(True))
        yield Report.suspect.is_(False)
    if asked.mine is not None:
        yield Report.held_by == asked.mine


def _order(asked: Asked) -> tuple[Any, ...]:
    ended = (Tray.ACCEPTED, Tray.DECLINED, Tray.WITHDRAWN, Tray.SPAM)
    if asked.tray in ended:
        return Report.moved_on.desc(), Report.key
    return Report.day, Report.key


def _line(row: Any, sent: Sent | None) -> Line:
    told = {name: getattr(row, name) for name in _NAMES}
    told["state"] = State(row.state)
    return Line(**told, sent=sent)


_NAMES = tuple(column.key for column in _SHOWN)


def _received(row: Any, keys: Mapping[str, bytes]) -> Received | None:
    key = keys.get(row.key)
    if key is None or row.sealed is None:
        return None
    return encryption.open_sent(key, row.key, row.sealed)


def _sent(row: Any, keys: Mapping[str, bytes]) -> Sent | None:
    received = _received(row, keys)
    return received.sent if received else None


def _answers(sent: Sent, asked: Asked, words: Sequence[str]) -> bool:
    if asked.type and asked.type not in sent.types:
        return False
    if asked.place and not _is_there(sent, asked.place):
        return False
    if not words:
        return True
    text = fold(" ".join([sent.account, sent.place, sent.actor_text, sent.target_text]))
    return all(word in text for word in words)


def _is_there(sent: Sent, place: str) -> bool:
    kind, _, code = sent.place_code.partition(":")
    if place == sent.place_code:
        return True
    if kind == "commune" and place.startswith("departement:"):
        wanted = place.partition(":")[2]
        return code.startswith(wanted)
    return ":" not in place and fold(place) in fold(sent.place)


def one(session: Session, store: KeyStore, key: str) -> File:
    """A report with everything about it.

    :raises NotFound: ``no_such_report``.
    """
    row = session.execute(
        select(*_SHOWN, Report.sealed, Report.contact, Report.decision).where(Report.key == key)
    ).one_or_none()
    if row is None:
        raise NotFound("no_such_report")
    keys = store.keys([key])
    received = _received(row, keys)
    line = _line(row, received.sent if received else None)
    if received is None:
        return File(line)
    own = keys[key]
    decision = encryption.open_decision(own, key, row.decision) if row.decision else Decision()
    return File(
        line,
        received,
        contact=_contact(store, key, row.contact),
        messages=_messages(session, key, own),
        decision=decision,
        case=_case(session, decision.incident),
    )


def _contact(store: KeyStore, report: str, closed: bytes | None) -> str:
    """The contact; nothing where there is none, or its key is gone as it was taken back since."""
    own = store.key(encryption.contact_key(report, closed)) if closed is not None else None
    return encryption.open_contact(own, report, closed) if own and closed is not None else ""


def _messages(session: Session, key: str, own: bytes) -> list[Said]:
    rows = session.scalars(
        select(Message).where(Message.report_key == key).order_by(Message.position)
    )
    return [Said(row.day, *encryption.open_message(own, row.key, row.sealed)) for row in rows]


def _case(session: Session, incident_id: int | None) -> Any | None:
    if incident_id is None:
        return None
    return session.execute(
        select(Incident.id, Incident.number, Incident.state, Incident.title).where(
            Incident.id == incident_id
        )
    ).one_or_none()


def kept_for(session: Session, store: KeyStore, incident_id: int) -> list[Sent]:
    """What a case rests on of reports, for members."""
    asked = select(Kept).where(Kept.incident_id == incident_id).order_by(Kept.key)
    rows = session.scalars(asked).all()
    key = store.key(encryption.case_key(incident_id)) if rows else None
    return [encryption.open_sent(key, row.key, row.sealed).sent for row in rows] if key else []
