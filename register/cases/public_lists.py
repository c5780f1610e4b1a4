"""Lists of public cases: a page of a search, the cases behind some numbers, those nearby.

A list quotes title, summary and place, never the account: a listing that repeats a contested text
would publish it again (Crim. 2 nov. 2016, 15-87.163).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, bindparam, exists, select
from sqlalchemy.orm import Session

from register.cases import facet_index, facets
from register.cases.core_tables import (
    CASE,
    CASE_TYPE,
    COMMUNE,
    COMMUNE_CODE,
    PLACE,
    PLACE_NAME_COLUMNS,
    PROCEEDING,
    is_among,
    join_places,
)
from register.cases.facet_index import FacetIndex
from register.cases.filters import PAGE_SIZE, CaseQuery, HitStrengths, count_pages
from register.cases.models import CaseState
from register.cases.vocabulary import Vocabulary
from register.journal import LedgerPosition


@dataclass(frozen=True)
class CaseSummary:
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
class CasePage:
    """One page of a list and the size of the whole."""

    cases: Sequence[CaseSummary]
    total: int
    number: int

    @property
    def pages(self) -> int:
        """How many pages there are; an empty list has one."""
        return count_pages(self.total, PAGE_SIZE)


_APPEALED = exists().where(
    PROCEEDING.c.incident_id == CASE.c.id,
    PROCEEDING.c.appeal == "oui",
    PROCEEDING.c.outcome == CASE.c.outcome,
)
_SUMMARIES_STMT = join_places(
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
        *PLACE_NAME_COLUMNS,
    ).where(CASE.c.state == CaseState.PUBLISHED)
)


def _page_stmt(sort_column: ColumnElement[Any]) -> Select[Any]:
    stmt = _SUMMARIES_STMT.order_by(sort_column.desc(), CASE.c.number.desc())
    return stmt.limit(bindparam("size")).offset(bindparam("skipped"))


_PAGE_STMTS = {"date": _page_stmt(CASE.c.sort_day), "maj": _page_stmt(CASE.c.moved_at)}


def query_case_page(
    session: Session,
    query: CaseQuery,
    vocabulary: Vocabulary,
    head: LedgerPosition,
    hits: HitStrengths | None = None,
) -> CasePage:
    """One page of the public cases of a search; undated ones come last.

    :param head: where the public ledger stands, read first on the same session.
    :param hits: the cases that answer the words; no matter without words.
    :raises ValueError: there are words, and nobody looked for them.
    """
    index = facet_index.load_index(session, vocabulary, head)
    matches = facets.match_cases(session, index, query, vocabulary, hits)
    skipped = (query.page - 1) * PAGE_SIZE
    if query.is_bare:
        # The database has all cases in order, and reads no further than the page.
        stmt = _PAGE_STMTS[query.order]
        case_rows = session.execute(stmt, {"size": PAGE_SIZE, "skipped": skipped}).all()
        cases = _make_summaries(session, case_rows)
    else:
        numbers = page_numbers(session, index, matches, query.order, hits or {}, skipped)
        summaries = load_case_summaries(session, numbers)
        cases = [summaries[number] for number in numbers if number in summaries]
    return CasePage(cases, matches.bit_count(), query.page)


def load_case_summaries(session: Session, numbers: Sequence[int]) -> dict[int, CaseSummary]:
    """The public ones among some case numbers, as a list shows them."""
    if not numbers:
        return {}
    case_rows = session.execute(_SUMMARIES_STMT.where(CASE.c.number.in_(numbers))).all()
    return {case.number: case for case in _make_summaries(session, case_rows)}


_COMMUNE_CASES_STMT = (
    _SUMMARIES_STMT.where(
        CASE.c.id.in_(
            select(PLACE.c.incident_id).where(
                PLACE.c.code.in_(
                    select(COMMUNE_CODE.c.code).where(
                        COMMUNE_CODE.c.current_code == bindparam("commune")
                    )
                )
            )
        ),
        CASE.c.number != bindparam("beside"),
    )
    .order_by(CASE.c.sort_day.desc(), CASE.c.number.desc())
    .limit(bindparam("count"))
)


def list_commune_cases(
    session: Session, commune: str, except_number: int, limit: int = 5
) -> Sequence[CaseSummary]:
    """Other public cases of a commune, the newest first."""
    parameters = {"commune": commune, "beside": except_number, "count": limit}
    return _make_summaries(session, session.execute(_COMMUNE_CASES_STMT, parameters).all())


def _make_summaries(session: Session, case_rows: Sequence[Any]) -> list[CaseSummary]:
    types = _load_types(session, [case_row.id for case_row in case_rows])
    summaries = []
    for case_row in case_rows:
        # The columns bear the names of Listed, and the id is not shown.
        columns = {
            column_name: value
            for column_name, value in case_row._mapping.items()
            if column_name != "id"
        }
        summaries.append(CaseSummary(**columns, types=tuple(types.get(case_row.id, ()))))
    return summaries


_TYPES_STMT = (
    select(CASE_TYPE.c.incident_id, CASE_TYPE.c.code)
    .where(CASE_TYPE.c.incident_id.in_(bindparam("ids", expanding=True)))
    .order_by(CASE_TYPE.c.incident_id, CASE_TYPE.c.position)
)


def _load_types(session: Session, ids: Sequence[int]) -> dict[int, list[str]]:
    if not ids:
        return {}
    types_by_case: dict[int, list[str]] = {}
    for incident_id, code in session.execute(_TYPES_STMT, {"ids": ids}):
        types_by_case.setdefault(incident_id, []).append(code)
    return types_by_case


def page_numbers(
    session: Session, index: FacetIndex, matches: int, order: str, hits: HitStrengths, skipped: int
) -> list[int]:
    """The numbers of one page of a search, in order.

    :param matches: the set of all cases of the search.
    :param order: one of :data:`~register.cases.filters.ORDERS`.
    :param skipped: how many cases stand on the pages before.
    """
    if order == "maj":
        return _last_moved_first(session, matches, skipped)
    levels = _strength_levels(index, matches, hits) if order == "pertinence" else iter((matches,))
    case_numbers: list[int] = []
    for level in levels:
        count = level.bit_count()
        if count > skipped:
            case_numbers += _newest_first(index, level)[
                skipped : skipped + PAGE_SIZE - len(case_numbers)
            ]
        skipped = max(0, skipped - count)
        if len(case_numbers) == PAGE_SIZE:
            break
    return case_numbers


def _strength_levels(index: FacetIndex, matches: int, hits: HitStrengths) -> Iterator[int]:
    """The cases of a search by their strength, the strongest first."""
    numbers_by_strength: dict[int, list[int]] = {}
    for number, strength in hits.items():
        numbers_by_strength.setdefault(strength, []).append(number)
    for strength in sorted(numbers_by_strength, reverse=True):
        yield matches & index.intersect(numbers_by_strength[strength])


def _newest_first(index: FacetIndex, case_set: int) -> list[int]:
    case_numbers = facet_index.to_numbers(case_set)
    # Of one day, the higher number comes first: sorting leaves the order that was there.
    case_numbers.reverse()
    case_numbers.sort(key=index.sort_days.__getitem__, reverse=True)
    return case_numbers


def _last_moved_first(session: Session, matches: int, skipped: int) -> list[int]:
    stmt = select(CASE.c.number).where(is_among(CASE.c.number, facet_index.to_numbers(matches)))
    stmt = stmt.order_by(CASE.c.moved_at.desc(), CASE.c.number.desc())
    case_numbers = session.scalars(stmt.offset(skipped).limit(PAGE_SIZE))
    return [number for number in case_numbers if number is not None]
