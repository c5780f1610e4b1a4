"""THE ONLY WAY to read a case. What a viewer may not see is not there.

Public reads start from :func:`published`; a draft and a missing case look the same. A list quotes
title, summary and place, never the account: a listing that repeats a contested text would publish
it again (Crim. 2 nov. 2016, 15-87.163).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, bindparam, exists, func, select
from sqlalchemy.orm import Session

from register.errors import Gone, Moved, NotFound
from register.incidents.content import Snapshot, opened
from register.incidents.filters import PAGE_SIZE, Query, clauses
from register.incidents.models import (
    Scope,
    State,
)
from register.incidents.tables import (
    CASE,
    CODE,
    COMMUNE,
    DEPARTEMENT,
    ENTRY,
    KIND,
    LINK,
    PLACE,
    PROCEEDING,
    REGION,
    REVISION,
)
from register.incidents.vocabulary import Book
from register.journal import Act, Ledger, Position
from register.members.models import Member

NUMBER_LIMIT = 10**9

# Acts whose revision was shown to the public, so that a citation may pin it.
SHOWN = frozenset(
    {Act.PUBLISHED, Act.FOLLOWED_UP, Act.REPLIED, Act.CORRECTED, Act.REDACTED, Act.RESTORED}
)


@dataclass(frozen=True)
class Listed:
    """A case as a list shows it: no account, no source."""

    number: int
    title: str
    summary: str
    date: str
    evidence: str
    contested: bool
    outcome: str
    appealed: bool
    country: str
    place_label: str
    moved_at: datetime
    commune: str | None
    commune_name: str | None
    departement_name: str | None
    region_name: str | None
    types: tuple[str, ...]


@dataclass(frozen=True)
class Page:
    """One page of a list and the size of the whole."""

    cases: Sequence[Listed]
    total: int
    number: int

    @property
    def pages(self) -> int:
        """How many pages there are; an empty list has one."""
        return max(1, -(-self.total // PAGE_SIZE))


@dataclass(frozen=True)
class Case:
    """A public case as its page shows it: the current snapshot and what stands around it."""

    number: int
    first_published_at: datetime
    moved_at: datetime
    version: int
    current: bool
    version_at: datetime
    commitment: str
    snapshot: Snapshot


@dataclass(frozen=True)
class Tombstone:
    """What is left of a case that is no longer shown."""

    number: int
    act: str
    at: datetime
    reason: str


def published(numbers: Iterable[int] | None = None) -> Select[Any]:
    """The ids of the public cases, or of those among ``numbers`` that are public."""
    query = select(CASE.c.id).where(CASE.c.state == State.PUBLISHED)
    return query if numbers is None else query.where(CASE.c.number.in_(list(numbers)))


_APPEALED = exists().where(
    PROCEEDING.c.incident_id == CASE.c.id,
    PROCEEDING.c.appeal == "oui",
    PROCEEDING.c.outcome == CASE.c.outcome,
)
_ROWS = (
    select(
        CASE.c.id,
        CASE.c.number,
        CASE.c.title,
        CASE.c.summary,
        CASE.c.date,
        CASE.c.evidence,
        CASE.c.contested,
        CASE.c.outcome,
        _APPEALED.label("appealed"),
        CASE.c.country,
        CASE.c.place_label,
        CASE.c.moved_at,
        COMMUNE.c.code.label("commune"),
        COMMUNE.c.name.label("commune_name"),
        DEPARTEMENT.c.name.label("departement_name"),
        REGION.c.name.label("region_name"),
    )
    .outerjoin(
        PLACE,
        (PLACE.c.incident_id == CASE.c.id) & (PLACE.c.scope == Scope.AUTHORITY.value),
    )
    .outerjoin(CODE, CODE.c.code == PLACE.c.code)
    .outerjoin(COMMUNE, COMMUNE.c.code == CODE.c.current_code)
    .outerjoin(
        DEPARTEMENT,
        DEPARTEMENT.c.code == func.coalesce(COMMUNE.c.departement_code, CASE.c.departement),
    )
    .outerjoin(REGION, REGION.c.code == CASE.c.region)
    .where(CASE.c.state == State.PUBLISHED)
)


def _ordered(first: ColumnElement[Any]) -> Select[Any]:
    ordered = _ROWS.order_by(first.desc(), CASE.c.number.desc())
    return ordered.limit(bindparam("size")).offset(bindparam("skipped"))


_IN_ORDER = {"date": _ordered(CASE.c.sort_day), "maj": _ordered(CASE.c.moved_at)}


def listing(session: Session, query: Query, book: Book, head: Position) -> Page:
    """One page of the public cases of a search; undated ones come last.

    :param head: where the public ledger stands, read first on the same session.
    """
    chosen = list(clauses(query, book))
    total = _total(session, query, chosen, head)
    asked = _IN_ORDER[query.order].where(*chosen) if chosen else _IN_ORDER[query.order]
    told = {"size": PAGE_SIZE, "skipped": (query.page - 1) * PAGE_SIZE}
    rows = session.execute(asked, told).all()
    return Page(_listed(session, rows), total, query.page)


def listed(session: Session, numbers: Sequence[int]) -> dict[int, Listed]:
    """The public ones among some case numbers, as a list shows them."""
    if not numbers:
        return {}
    rows = session.execute(_ROWS.where(CASE.c.number.in_(numbers))).all()
    return {case.number: case for case in _listed(session, rows)}


_NEAR = (
    _ROWS.where(
        CASE.c.id.in_(
            select(PLACE.c.incident_id).where(
                PLACE.c.code.in_(
                    select(CODE.c.code).where(CODE.c.current_code == bindparam("commune"))
                )
            )
        ),
        CASE.c.number != bindparam("beside"),
    )
    .order_by(CASE.c.sort_day.desc(), CASE.c.number.desc())
    .limit(bindparam("count"))
)


def near(session: Session, commune: str, beside: int, limit: int = 5) -> Sequence[Listed]:
    """Other public cases of a commune, the newest first."""
    told = {"commune": commune, "beside": beside, "count": limit}
    return _listed(session, session.execute(_NEAR, told).all())


_totals: dict[tuple[str, str], int] = {}
_TOTALS_KEPT = 512


def _total(session: Session, query: Query, chosen: Sequence[Any], head: Position) -> int:
    """How many cases a search has: counted once for each position of the public ledger.

    Counting is the one part of a list that grows with the register; the answer cannot change
    while the public ledger stands still.
    """
    key = (head.digest, query.at(1).by("date").text())
    total = _totals.get(key)
    if total is None:
        count = select(func.count()).select_from(CASE)
        count = count.where(CASE.c.state == State.PUBLISHED, *chosen)
        total = session.scalar(count) or 0
        if len(_totals) >= _TOTALS_KEPT:
            _totals.clear()
        _totals[key] = total
    return total


def _listed(session: Session, rows: Sequence[Any]) -> list[Listed]:
    types = _types(session, [row.id for row in rows])
    shown = []
    for row in rows:
        # The columns bear the names of Listed, and the id is not shown.
        told = {name: value for name, value in row._mapping.items() if name != "id"}
        shown.append(Listed(**told, types=tuple(types.get(row.id, ()))))
    return shown


_TYPES = (
    select(KIND.c.incident_id, KIND.c.code)
    .where(KIND.c.incident_id.in_(bindparam("ids", expanding=True)))
    .order_by(KIND.c.incident_id, KIND.c.position)
)


def _types(session: Session, ids: Sequence[int]) -> dict[int, list[str]]:
    if not ids:
        return {}
    found: dict[int, list[str]] = {}
    for incident_id, code in session.execute(_TYPES, {"ids": ids}):
        found.setdefault(incident_id, []).append(code)
    return found


# Statements are put together once: building one costs more than its answer.
_ONE = (
    select(
        CASE.c.state,
        CASE.c.merged_into,
        CASE.c.first_published_at,
        CASE.c.moved_at,
        CASE.c.revision_id,
        REVISION.c.content,
        REVISION.c.html,
    )
    .outerjoin(REVISION, REVISION.c.id == CASE.c.revision_id)
    .where(CASE.c.number == bindparam("number"))
)
_EVENTS = (
    select(ENTRY.c.seq, ENTRY.c.at, ENTRY.c.revision_id, ENTRY.c.public_json)
    .where(
        ENTRY.c.ledger == Ledger.PUBLIC.value,
        ENTRY.c.case_number == bindparam("number"),
        ENTRY.c.act.in_(SHOWN),
    )
    .order_by(ENTRY.c.seq.desc())
    .limit(1)
)
_EVENT = _EVENTS.where(ENTRY.c.seq == bindparam("version"))


def one(session: Session, number: int, version: int | None = None) -> Case:
    """A public case by its number, as it reads now or as a public event left it.

    :param version: the number of a public event on this case.
    :raises NotFound: no such case, or none that the public knows of.
    :raises Moved: merged into another.
    :raises Gone: withdrawn or erased, with its :class:`Tombstone`; or a version destroyed since.
    """
    if number > NUMBER_LIMIT:
        raise NotFound("no_such_case")
    row = session.execute(_ONE, {"number": number}).first()
    if row is None:
        raise NotFound("no_such_case")
    if row.state == State.MERGED:
        raise Moved("case_merged", number=row.merged_into)
    if row.state != State.PUBLISHED:
        raise Gone("case_gone", tombstone=tombstone(session, number))
    event = _version(session, number, version)
    current = event.revision_id == row.revision_id
    content, html = (row.content, row.html) if current else _pinned(session, event.revision_id)
    return Case(
        number=number,
        first_published_at=row.first_published_at,
        moved_at=row.moved_at,
        version=event.seq,
        current=current,
        version_at=event.at,
        commitment=json.loads(event.public_json)["content"],
        snapshot=opened(content, html),
    )


def _version(session: Session, number: int, version: int | None) -> Any:
    told = {"number": number}
    if version is None:
        event = session.execute(_EVENTS, told).first()
    else:
        event = session.execute(_EVENT, {**told, "version": min(version, NUMBER_LIMIT)}).first()
    # A redaction made while the case was withdrawn commits to nothing that readers ever saw.
    if event is None or json.loads(event.public_json)["content"] is None:
        raise NotFound("no_such_version")
    return event


def _pinned(session: Session, revision_id: int) -> tuple[bytes, bytes | None]:
    row = session.execute(
        select(REVISION.c.content, REVISION.c.html).where(REVISION.c.id == revision_id)
    ).one()
    if row.content is None:
        raise Gone("version_destroyed")
    return row.content, row.html


def tombstone(session: Session, number: int) -> Tombstone:
    """When and why a case went; only what the public ledger says."""
    last = session.execute(
        select(ENTRY.c.act, ENTRY.c.at, ENTRY.c.public_json)
        .where(
            ENTRY.c.ledger == Ledger.PUBLIC.value,
            ENTRY.c.case_number == number,
            ENTRY.c.act.in_((Act.WITHDRAWN, Act.ERASED)),
        )
        .order_by(ENTRY.c.seq.desc())
        .limit(1)
    ).one()
    return Tombstone(number, last.act, last.at, json.loads(last.public_json)["reason"] or "")


_CITING = (
    select(CASE.c.number, LINK.c.kind, CASE.c.title)
    .join(LINK, LINK.c.incident_id == CASE.c.id)
    .where(LINK.c.number == bindparam("number"), CASE.c.state == State.PUBLISHED)
    .order_by(CASE.c.number)
    .limit(40)
)


def cited_by(session: Session, number: int) -> Sequence[tuple[int, str, str]]:
    """Public cases that link to this one: number, kind of the link, title."""
    rows = session.execute(_CITING, {"number": number})
    return [(other or 0, kind, title) for other, kind, title in rows]


@dataclass(frozen=True)
class DeskRow:
    """A case as the desk lists it."""

    id: int
    number: int | None
    state: str
    title: str
    created_at: datetime


def desk(
    session: Session, viewer: Member, state: State = State.DRAFT, after: int = 0, limit: int = 100
) -> Sequence[DeskRow]:
    """Cases in one state for an active member, oldest first; for anybody else, nothing.

    :param after: the last id already seen.
    """
    if not viewer.is_active:
        return []
    rows = session.execute(
        select(
            CASE.c.id,
            CASE.c.number,
            CASE.c.state,
            CASE.c.title,
            CASE.c.created_at,
        )
        .where(CASE.c.state == state, CASE.c.id > after)
        .order_by(CASE.c.id)
        .limit(limit)
    )
    return [DeskRow(*row) for row in rows]
