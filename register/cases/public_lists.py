"""Lists of public cases: a page of a search, the cases behind some numbers, those nearby.

A list quotes title, summary and place, never the account: a listing that repeats a contested text
would publish it again (Crim. 2 nov. 2016, 15-87.163).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, bindparam, exists, select
from sqlalchemy.orm import Session

from register.cases import facet_index, facets, ordering
from register.cases.core_tables import CASE, CODE, COMMUNE, KIND, PLACE, PROCEEDING
from register.cases.filters import PAGE_SIZE, Hits, Query, pages_of
from register.cases.models import State
from register.cases.place_joins import NAMES, with_places
from register.cases.vocabulary import Book
from register.journal import Position


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
    language: str
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
        return pages_of(self.total, PAGE_SIZE)


_APPEALED = exists().where(
    PROCEEDING.c.incident_id == CASE.c.id,
    PROCEEDING.c.appeal == "oui",
    PROCEEDING.c.outcome == CASE.c.outcome,
)
_ROWS = with_places(
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
        CASE.c.language,
        CASE.c.moved_at,
        COMMUNE.c.code.label("commune"),
        *NAMES,
    ).where(CASE.c.state == State.PUBLISHED)
)


def _ordered(first: ColumnElement[Any]) -> Select[Any]:
    ordered = _ROWS.order_by(first.desc(), CASE.c.number.desc())
    return ordered.limit(bindparam("size")).offset(bindparam("skipped"))


_IN_ORDER = {"date": _ordered(CASE.c.sort_day), "maj": _ordered(CASE.c.moved_at)}


def listing(
    session: Session, query: Query, book: Book, head: Position, hits: Hits | None = None
) -> Page:
    """One page of the public cases of a search; undated ones come last.

    :param head: where the public ledger stands, read first on the same session.
    :param hits: the cases that answer the words; no matter without words.
    :raises ValueError: there are words, and nobody looked for them.
    """
    here = facet_index.at(session, book, head)
    match = facets.match(session, here, query, book, hits)
    skipped = (query.page - 1) * PAGE_SIZE
    if query.is_bare:
        # The database has all cases in order, and reads no further than the page.
        asked = _IN_ORDER[query.order]
        rows = session.execute(asked, {"size": PAGE_SIZE, "skipped": skipped}).all()
        cases = _listed(session, rows)
    else:
        numbers = ordering.stretch(session, here, match, query.order, hits or {}, skipped)
        shown = listed(session, numbers)
        cases = [shown[number] for number in numbers if number in shown]
    return Page(cases, match.bit_count(), query.page)


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
