"""Lists of public cases: page of a search, cases by number, cases of a commune.

A list quotes title, summary and place, never the account: a listing that repeats a contested text
would publish it again (Crim. 2 nov. 2016, 15-87.163).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, bindparam, select
from sqlalchemy.orm import Session

from register.cases import core_tables as tables
from register.cases import facet_index, facets
from register.cases.case_codes import CASE_CODE, IS_PUBLIC_CODE
from register.cases.facet_index import FacetIndex
from register.cases.filters import PAGE_SIZE, CaseQuery, HitStrengths, SummaryPage
from register.cases.vocabulary import Vocabulary
from register.journal import LedgerPosition


@dataclass(frozen=True)
class CaseSummary(tables.PlacedCase):
    """Case in a list, without account and sources."""

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
    types: tuple[str, ...]


CasePage = SummaryPage[CaseSummary]


_SUMMARIES_STMT = select(*tables.case_columns(CaseSummary)).where(tables.IS_PUBLIC)


def _page_stmt(sort_column: ColumnElement[Any]) -> Select[Any]:
    stmt = _SUMMARIES_STMT.order_by(sort_column.desc(), tables.CASE.c.number.desc())
    return stmt.limit(bindparam("size")).offset(bindparam("skipped"))


_PAGE_STMTS = {
    "date": _page_stmt(tables.CASE.c.sort_day),
    "maj": _page_stmt(tables.CASE.c.moved_at),
}


def query_case_page(
    session: Session,
    query: CaseQuery,
    vocabulary: Vocabulary,
    head: LedgerPosition,
    hits: HitStrengths | None = None,
) -> CasePage:
    """One page of the public cases of a search; undated ones come last.

    :param head: position of the public ledger, read first on the same session.
    :param hits: result of the word search; unused without words.
    :raises ValueError: the search has words and ``hits`` is None.
    """
    index = facet_index.load_index(session, vocabulary, head)
    matches = facets.match_cases(index, query, hits)
    skipped = (query.page - 1) * PAGE_SIZE
    if query.is_bare:
        # The sort index of the database stops at the end of the page.
        stmt = _PAGE_STMTS[query.order]
        case_rows = session.execute(stmt, {"size": PAGE_SIZE, "skipped": skipped}).all()
        cases = _make_summaries(case_rows)
    else:
        numbers = page_numbers(session, index, matches, query.order, hits or {}, skipped)
        summaries = load_case_summaries(session, numbers)
        cases = [summaries[number] for number in numbers if number in summaries]
    return CasePage(cases, matches.bit_count(), query.page)


def load_case_summaries(session: Session, numbers: Sequence[int]) -> dict[int, CaseSummary]:
    """Number → summary, for the public cases among some numbers."""
    if not numbers:
        return {}
    case_rows = session.execute(_SUMMARIES_STMT.where(tables.CASE.c.number.in_(numbers)))
    return {case.number: case for case in _make_summaries(case_rows)}


_COMMUNE_CASES_STMT = (
    _SUMMARIES_STMT.where(
        tables.CASE.c.id.in_(
            select(CASE_CODE.c.incident_id).where(
                CASE_CODE.c.axis == "commune",
                CASE_CODE.c.code == bindparam("commune"),
                IS_PUBLIC_CODE,
            )
        ),
        tables.CASE.c.number != bindparam("except_number"),
    )
    .order_by(tables.CASE.c.sort_day.desc(), tables.CASE.c.number.desc())
    .limit(bindparam("count"))
)


def list_commune_cases(
    session: Session, commune: str, except_number: int, limit: int = 5
) -> Sequence[CaseSummary]:
    """Other public cases of a commune, the newest first."""
    parameters = {"commune": commune, "except_number": except_number, "count": limit}
    return _make_summaries(session.execute(_COMMUNE_CASES_STMT, parameters))


def _make_summaries(case_rows: Iterable[Any]) -> list[CaseSummary]:
    return [CaseSummary(**case_row._mapping) for case_row in case_rows]


def page_numbers(
    session: Session, index: FacetIndex, matches: int, order: str, hits: HitStrengths, skipped: int
) -> list[int]:
    """Case numbers of one page of a search, in order.

    :param matches: the set of all cases of the search.
    :param order: one of :data:`~register.cases.filters.ORDERS`.
    :param skipped: number of cases on the pages before.
    """
    if order == "maj":
        stmt = select(tables.CASE.c.number).where(
            tables.is_among(tables.CASE.c.number, facet_index.to_numbers(matches))
        )
        stmt = stmt.order_by(tables.CASE.c.moved_at.desc(), tables.CASE.c.number.desc())
        last_moved = session.scalars(stmt.offset(skipped).limit(PAGE_SIZE))
        return [number for number in last_moved if number is not None]
    levels: Iterable[int] = (matches,)
    if order == "pertinence":
        numbers_by_strength: dict[int, list[int]] = {}
        for number, strength in hits.items():
            numbers_by_strength.setdefault(strength, []).append(number)
        levels = (
            matches & index.intersect(numbers_by_strength[strength])
            for strength in sorted(numbers_by_strength, reverse=True)
        )
    case_numbers: list[int] = []
    for level in levels:
        count = level.bit_count()
        if count > skipped:
            # Newest first. The sort is stable: of one day, the higher number stays first.
            numbers = facet_index.to_numbers(level)[::-1]
            numbers.sort(key=index.sort_days.__getitem__, reverse=True)
            case_numbers += numbers[skipped : skipped + PAGE_SIZE - len(case_numbers)]
        skipped = max(0, skipped - count)
        if len(case_numbers) == PAGE_SIZE:
            break
    return case_numbers
