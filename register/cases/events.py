"""The public events as pages, feeds and the public log read them: from the public ledger alone.

Once a case is withdrawn, merged or erased, its earlier events are gone and the last one remains.

An event belongs to a search when its case answers the search now. Those that take something back
belong to it as well when the case once answered it: whoever was shown a case has to learn that it
went. They are told whatever words were searched for, since words do not outlive a case.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, exists, func, or_, select
from sqlalchemy.orm import Session

from register.cases.core_tables import CASE, ENTRY, FORMER
from register.cases.filters import FILTERS, Hits, Query, clause
from register.cases.models import FollowUp, State
from register.cases.queries import Listed, listed
from register.cases.sql_in import among
from register.cases.vocabulary import Book
from register.errors import NotFound
from register.journal import Act, Ledger

# What may still be told of a case that is no longer shown.
LAST_WORDS = {
    State.WITHDRAWN: Act.WITHDRAWN,
    State.MERGED: Act.MERGED,
    State.ERASED: Act.ERASED,
}
TAKING_BACK = (Act.WITHDRAWN, Act.REDACTED, Act.MERGED, Act.ERASED)

RECENT = 50  # events in the document that readers subscribe to
ARCHIVE = 100  # at most, in one archive document
# An archive ends with an event whose random name begins below this: one in thirty-two. The place
# of a cut depends on no count, so that what is added or withdrawn seldom moves one.
_CUT = "08"
_FEW = 1_000  # cases


@dataclass(frozen=True)
class Wanted:
    """Which events: those of a search, of one case, of some acts, within a span of time.

    ``whole`` also asks for what happened to the register itself, which has no case. ``hits`` are
    the cases that answer the words of the search, found beforehand.
    """

    query: Query = field(default_factory=Query)
    case: int | None = None
    acts: tuple[str, ...] = ()
    since: datetime | None = None
    until: datetime | None = None
    whole: bool = False
    hits: Hits | None = field(default=None, hash=False)


@dataclass(frozen=True)
class Row:
    """A line of the public ledger that readers may be told of, and where its case stands."""

    seq: int
    name: str
    act: str
    at: datetime
    number: int | None
    public_json: bytes
    private_json: bytes
    incident_id: int | None
    state: str | None
    revision_id: int | None
    merged_into: int | None

    @property
    def reason(self) -> str:
        """The public code of why it was done, or nothing."""
        return json.loads(self.public_json)["reason"] or ""

    @property
    def private(self) -> Mapping[str, Any]:
        """What the line tells of fragments by their ids; never shown."""
        told: Mapping[str, Any] = json.loads(self.private_json)
        return told

    @property
    def is_public(self) -> bool:
        """Whether the case's texts may be told beside the event."""
        return self.state == State.PUBLISHED


@dataclass(frozen=True)
class Stretch:
    """Some events, newest first. ``older``: the name after which the next stretch goes on."""

    rows: Sequence[Row]
    older: str | None


@dataclass(frozen=True)
class Event:
    """One public event. ``title`` and ``case`` are None for a case that is no longer shown."""

    act: str
    at: datetime
    number: int
    title: str | None
    case: Listed | None


# --- which events --------------------------------------------------------------------------

_PUBLIC = CASE.c.state == State.PUBLISHED
_later = ENTRY.alias("later")
# A case withdrawn twice is told of once, by the last line.
_LAST = and_(
    or_(*(and_(CASE.c.state == state, ENTRY.c.act == act) for state, act in LAST_WORDS.items())),
    ~exists().where(
        _later.c.ledger == Ledger.PUBLIC.value,
        _later.c.case_number == ENTRY.c.case_number,
        _later.c.act == ENTRY.c.act,
        _later.c.seq > ENTRY.c.seq,
    ),
)
_before = ENTRY.alias("before")
_same = ENTRY.alias("same")
_TAKES = ENTRY.c.act.in_(TAKING_BACK)
_COLUMNS = select(
    ENTRY.c.seq,
    ENTRY.c.event,
    ENTRY.c.act,
    ENTRY.c.at,
    ENTRY.c.case_number,
    ENTRY.c.public_json,
    ENTRY.c.private_json,
    CASE.c.id,
    CASE.c.state,
    CASE.c.revision_id,
    CASE.c.merged_into,
).where(ENTRY.c.ledger == Ledger.PUBLIC.value)
_OF_CASES = _COLUMNS.join(CASE, CASE.c.number == ENTRY.c.case_number)
_OF_ALL = _COLUMNS.outerjoin(CASE, CASE.c.number == ENTRY.c.case_number)

Clause = ColumnElement[bool]


@dataclass(frozen=True)
class Way:
    """One way in which an event may be wanted. Each is a statement of its own.

    Joined by "or", no database would use an index. ``few``: its cases are few beside the ledger,
    so that they are looked up first and their lines put in order; otherwise the ledger is read
    from its end until there are enough. A planner that has to guess takes the wrong one of the
    two, and reads a hundred thousand lines for the three of a village.
    """

    clause: Clause
    few: bool = False


def _ways(session: Session, wanted: Wanted, book: Book) -> Iterator[Way]:
    """The ways in which an event may belong to a search."""
    codes, texts = [], []
    for name, values in wanted.query.values.items():
        now = clause(wanted.query, name, book, wanted.hits)
        had = FILTERS[name].had
        if had is None:
            texts.append(now)
        else:
            codes.append((now, had(values, book)))
    if not codes and not texts:
        yield Way(or_(_PUBLIC, _LAST))
        return
    present = [now for now, _had in codes]
    yield Way(and_(_PUBLIC, *present, *texts), few=_are_few(session, [*present, *texts]))
    if texts:
        yield Way(and_(_PUBLIC, _taken_back(session), *present), few=True)
    if codes:
        yield Way(_once(codes, texts), few=True)
    else:
        yield Way(and_(_of_acts(TAKING_BACK), _LAST), few=True)


def _of_acts(acts: Iterable[Act]) -> Clause:
    """Lines of some rare acts, looked up before anything else."""
    found = select(_same.c.seq).where(
        _same.c.ledger == Ledger.PUBLIC.value, _same.c.act.in_(list(acts))
    )
    return ENTRY.c.seq.in_(found)


def _taken_back(session: Session) -> Clause:
    """Lines that took something back from a case that is public all the same.

    They are looked up apart: no database knows how few of them there are, and beside a common type
    it would begin with all cases of the type.
    """
    asked = select(ENTRY.c.seq).join(CASE, CASE.c.number == ENTRY.c.case_number)
    return among(ENTRY.c.seq, session.scalars(asked.where(_PUBLIC, _of_acts(TAKING_BACK))).all())


def _are_few(session: Session, chosen: Sequence[Clause]) -> bool:
    """Whether a search has few cases; looked at no further than it takes to say so."""
    some = select(CASE.c.id).where(_PUBLIC, *chosen).limit(_FEW + 1).subquery()
    return (session.scalar(select(func.count()).select_from(some)) or 0) <= _FEW


def _once(codes: Sequence[tuple[Clause, Clause]], texts: Sequence[Clause]) -> Clause:
    """Events of the cases that once had the codes: what took them back, or changed one of them."""
    candidates = select(FORMER.c.incident_id).where(or_(*(had for _now, had in codes)))
    # By the event itself, as a correction that moves a case to another commune.
    changed = or_(*(_had(had, FORMER.c.seq == ENTRY.c.seq) for _now, had in codes))
    # Still had then; what takes a case back is told wherever the case was shown before.
    then = or_(FORMER.c.seq >= ENTRY.c.seq, _TAKES)
    return and_(
        CASE.c.id.in_(candidates),
        or_(_PUBLIC, _LAST),
        or_(_TAKES, changed),
        *(or_(and_(_PUBLIC, now), _had(had, then)) for now, had in codes),
        *(or_(_TAKES, and_(_PUBLIC, text)) for text in texts),
    )


def _had(codes: Clause, when: Clause) -> Clause:
    return exists().where(FORMER.c.incident_id == CASE.c.id, codes, when)


def rows(
    session: Session, wanted: Wanted, book: Book, *, before: int | None = None, limit: int
) -> list[Row]:
    """The newest public events that are wanted, newest first.

    :param before: only those older than this line of the public ledger.
    """
    found: dict[int, Any] = {}
    for way in _wanted(session, wanted, book):
        asked = (_OF_ALL if wanted.whole else _OF_CASES).where(way.clause)
        if before is not None:
            asked = asked.where(ENTRY.c.seq < before)
        # A sum is in no index, so that no index is read for its order's sake.
        order = ENTRY.c.seq + 0 if way.few else ENTRY.c.seq
        for row in session.execute(asked.order_by(order.desc()).limit(limit)):
            found[row.seq] = row
    return [_row(found[seq]) for seq in sorted(found, reverse=True)[:limit]]


def _wanted(session: Session, wanted: Wanted, book: Book) -> Iterator[Way]:
    """The ways in which an event may be wanted."""
    told = or_(_PUBLIC, _LAST)
    if wanted.whole:
        named = list(_narrowed(ENTRY, wanted))
        yield Way(and_(or_(told, ENTRY.c.case_number.is_(None)), *named))
        if named:
            # Whoever was told of a case by one of its lines is told that it went.
            yield Way(and_(_of_acts(LAST_WORDS.values()), _LAST, _earlier(wanted)), few=True)
    elif wanted.case is not None:
        yield Way(and_(told, ENTRY.c.case_number == wanted.case), few=True)
        # The feed of a case that was joined to this one leads here.
        yield Way(and_(_LAST, CASE.c.merged_into == wanted.case), few=True)
    else:
        yield from _ways(session, wanted, book)


def _narrowed(lines: Any, wanted: Wanted) -> Iterator[Clause]:
    if wanted.acts:
        yield lines.c.act.in_(wanted.acts)
    if wanted.since is not None:
        yield lines.c.at >= wanted.since
    if wanted.until is not None:
        yield lines.c.at < wanted.until


def _earlier(wanted: Wanted) -> Clause:
    return exists().where(
        _before.c.ledger == Ledger.PUBLIC.value,
        _before.c.case_number == ENTRY.c.case_number,
        _before.c.seq < ENTRY.c.seq,
        *_narrowed(_before, wanted),
    )


def _row(found: Any) -> Row:
    return Row(
        seq=found.seq,
        name=found.event,
        act=found.act,
        at=found.at,
        number=found.case_number,
        public_json=found.public_json,
        private_json=found.private_json,
        incident_id=found.id,
        state=found.state,
        revision_id=found.revision_id,
        merged_into=found.merged_into,
    )


# --- one after the other -------------------------------------------------------------------


def stretch(session: Session, wanted: Wanted, book: Book, after: str | None = None) -> Stretch:
    """The events of one feed document, by RFC 5005 §4: the newest, or an archive.

    :param after: the name of the event that the newer document ended with.
    :raises NotFound: ``no_such_page``: no public event has that name.
    """
    if after is None:
        found = rows(session, wanted, book, limit=RECENT + 1)
        kept = found[:RECENT]
    else:
        before = _seq(session, after)
        found = rows(session, wanted, book, before=before, limit=ARCHIVE + 1)
        kept = found[: _until_cut(found)]
    return Stretch(kept, kept[-1].name if len(found) > len(kept) else None)


def _until_cut(found: Sequence[Row]) -> int:
    for place, row in enumerate(found[:ARCHIVE], start=1):
        if row.name < _CUT:
            return place
    return ARCHIVE


def _seq(session: Session, name: str) -> int:
    seq = session.scalar(
        select(ENTRY.c.seq).where(ENTRY.c.event == name, ENTRY.c.ledger == Ledger.PUBLIC.value)
    )
    if seq is None:
        raise NotFound("no_such_page")
    return int(seq)


def latest(session: Session, book: Book, limit: int = 6) -> Sequence[Event]:
    """The newest public events as the home page lists them, newest first."""
    found = rows(session, Wanted(), book, limit=limit)
    cases = listed(session, [row.number for row in found if row.number is not None])
    fragments = {row.seq: row.private["follow_up"] for row in found if row.act == Act.FOLLOWED_UP}
    titles = _titles(session, fragments.values())
    events = []
    for row in found:
        case = cases.get(row.number or 0)
        title = case.title if case else None
        if case and row.seq in fragments:
            title = titles.get(fragments[row.seq], title)
        events.append(Event(row.act, row.at, row.number or 0, title, case))
    return events


def _titles(session: Session, ids: Collection[int]) -> dict[int, str]:
    if not ids:
        return {}
    found = session.execute(select(FollowUp.id, FollowUp.title).where(FollowUp.id.in_(ids)))
    return dict(found.all())
