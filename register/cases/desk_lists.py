"""The desk's lists: every case but erased ones, for active members only.

A list asks first which cases it shows, then what it shows of those twenty: what it costs does not
grow with the texts of the others. Newest change first: a change makes a revision, and revisions
are numbered in their order.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, and_, bindparam, func, or_, select
from sqlalchemy.orm import Session

from register.accounts.models import Member
from register.cases import filters, todo_clauses
from register.cases.core_tables import CASE, KIND, REVISION
from register.cases.filters import PAGE_SIZE, Query, pages_of
from register.cases.models import State
from register.cases.place_joins import NAMES, with_places
from register.cases.sql_in import among
from register.cases.todo_clauses import Kind, Moment

Clause = ColumnElement[bool]

# An erased case has nothing left to work on; its journal lines tell of it.
LISTED = (State.DRAFT, State.PUBLISHED, State.WITHDRAWN, State.MERGED)


class Holding(StrEnum):
    """Who has a case in hand, as a filter; a claim that ran out is nobody's."""

    ANY = ""
    MINE = "moi"
    TAKEN = "pris"
    FREE = "libre"


@dataclass(frozen=True)
class DeskRow:
    """A case as the desk counts it out: no text but its title."""

    id: int
    number: int | None
    state: str
    title: str
    created_at: datetime


@dataclass(frozen=True)
class OnDesk:
    """A case as a list of the desk shows it: no account, no source.

    ``changed_at`` and ``changed_by`` are of the current revision. ``held_by`` is None when nobody
    has the case now.
    """

    id: int
    number: int | None
    state: str
    title: str
    summary: str
    date: str
    outcome: str
    restriction: str
    merged_into: int | None
    moved_at: datetime | None
    changed_at: datetime
    changed_by: int
    held_by: int | None
    held_until: datetime | None
    country: str
    place_label: str
    language: str
    commune_name: str | None
    departement_name: str | None
    region_name: str | None
    types: tuple[str, ...] = ()


@dataclass(frozen=True)
class Said:
    """The cases that answer the words of a search: public ones by number, the others by id."""

    numbers: Collection[int] = ()
    ids: Collection[int] = ()


@dataclass(frozen=True)
class Asked:
    """What a list is asked for; ``query`` holds the filters that the public list has as well."""

    query: Query = field(default_factory=Query)
    state: State | None = None
    holding: Holding = Holding.ANY
    waiting: Kind | None = None
    page: int = 1

    def at(self, page: int) -> Asked:
        """The same list at another page."""
        return replace(self, page=page)


@dataclass(frozen=True)
class DeskPage:
    """One page of a list and the size of the whole."""

    cases: Sequence[OnDesk]
    total: int
    number: int

    @property
    def pages(self) -> int:
        """How many pages there are; an empty list has one."""
        return pages_of(self.total, PAGE_SIZE)


def desk(
    session: Session, viewer: Member, state: State = State.DRAFT, after: int = 0, limit: int = 100
) -> Sequence[DeskRow]:
    """Cases in one state for an active member, oldest first; for anybody else, nothing.

    :param after: the last id already seen.
    """
    if not viewer.is_active:
        return []
    rows = session.execute(
        select(CASE.c.id, CASE.c.number, CASE.c.state, CASE.c.title, CASE.c.created_at)
        .where(CASE.c.state == state, CASE.c.id > after)
        .order_by(CASE.c.id)
        .limit(limit)
    )
    return [DeskRow(*row) for row in rows]


def listing(
    session: Session,
    viewer: Member,
    asked: Asked,
    moment: Moment,
    said: Said | None = None,
) -> DeskPage:
    """One page of the desk's cases, newest change first.

    :param said: the cases that answer the words; no matter without words.
    :raises ValueError: there are words, and nobody looked for them.
    """
    if not viewer.is_active:
        return DeskPage([], 0, asked.page)
    chosen = clauses(viewer, asked, moment)
    if asked.query.words:
        chosen.append(_saying(said))
    total = session.scalar(select(func.count()).select_from(CASE).where(*chosen)) or 0
    ids = session.scalars(
        select(CASE.c.id)
        .where(*chosen)
        .order_by(CASE.c.revision_id.desc())
        .limit(PAGE_SIZE)
        .offset((asked.page - 1) * PAGE_SIZE)
    ).all()
    shown = rows(session, viewer, ids, moment.at)
    return DeskPage([shown[one] for one in ids if one in shown], total, asked.page)


def clauses(viewer: Member, asked: Asked, moment: Moment) -> list[Clause]:
    """What the cases of a list satisfy, but for the words."""
    states = (asked.state,) if asked.state else LISTED
    chosen: list[Clause] = [CASE.c.state.in_(states)]
    chosen += [
        filters.clause(asked.query, name, moment.book)
        for name in asked.query.values
        if name != filters.WORDS
    ]
    if asked.holding:
        chosen.append(_held(asked.holding, viewer, moment.at))
    if asked.waiting:
        chosen.append(todo_clauses.clause(asked.waiting, viewer, moment))
    return chosen


def counts(session: Session, viewer: Member) -> Mapping[str, int]:
    """How many cases are in each state that lists show."""
    if not viewer.is_active:
        return {}
    asked = select(CASE.c.state, func.count()).where(CASE.c.state.in_(LISTED))
    return dict(session.execute(asked.group_by(CASE.c.state)).all())


def rows(
    session: Session, viewer: Member, ids: Sequence[int], at: datetime
) -> Mapping[int, OnDesk]:
    """Some cases as lists show them, by id; those with no text left are not among them."""
    if not ids or not viewer.is_active:
        return {}
    found = session.execute(_ROWS, {"ids": ids}).all()
    kinds: dict[int, list[str]] = {}
    for incident_id, code in session.execute(_TYPES, {"ids": ids}):
        kinds.setdefault(incident_id, []).append(code)
    return {row.id: _shown(row, kinds.get(row.id, ()), at) for row in found}


def waits(
    session: Session, viewer: Member, ids: Sequence[int], moment: Moment, kinds: Sequence[Kind]
) -> Mapping[int, Sequence[Kind]]:
    """What each of some cases waits for, among some kinds."""
    found: dict[int, list[Kind]] = {}
    for kind in kinds if ids else ():
        asked = select(CASE.c.id).where(
            CASE.c.id.in_(ids), todo_clauses.clause(kind, viewer, moment)
        )
        for one in session.scalars(asked):
            found.setdefault(one, []).append(kind)
    return found


def _shown(row: Any, kinds: Sequence[str], at: datetime) -> OnDesk:
    told = dict(row._mapping)
    if row.held_until is None or row.held_until <= at:
        told |= {"held_by": None, "held_until": None}
    return OnDesk(**told, types=tuple(kinds))


def _held(holding: Holding, viewer: Member, at: datetime) -> Clause:
    if holding is Holding.FREE:
        return or_(CASE.c.held_until.is_(None), CASE.c.held_until <= at)
    if holding is Holding.MINE:
        return and_(CASE.c.held_by == viewer.id, CASE.c.held_until > at)
    return CASE.c.held_until > at


def _saying(said: Said | None) -> Clause:
    if said is None:
        raise ValueError("words are looked for before a list is asked for, and handed in as said")
    public = and_(CASE.c.state == State.PUBLISHED, among(CASE.c.number, said.numbers))
    return or_(public, among(CASE.c.id, said.ids))


_OF_CASE = {spec.name for spec in fields(OnDesk)} & set(CASE.c.keys())
_ROWS = with_places(
    select(
        *(CASE.c[name] for name in sorted(_OF_CASE)),
        REVISION.c.made_at.label("changed_at"),
        REVISION.c.made_by.label("changed_by"),
        *NAMES,
    )
    .join(REVISION, REVISION.c.id == CASE.c.revision_id)
    .where(CASE.c.id.in_(bindparam("ids", expanding=True)))
)
_TYPES = (
    select(KIND.c.incident_id, KIND.c.code)
    .where(KIND.c.incident_id.in_(bindparam("ids", expanding=True)))
    .order_by(KIND.c.incident_id, KIND.c.position)
)
