"""Lists of public cases: page of a search, cases by number, cases of a commune.

A list quotes title, summary and place. A search also quotes the sentence that it matches, except of
a contested case: a listing that repeats a contested text would publish it again (Crim. 2 nov. 2016,
15-87.163).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, exists, select
from sqlalchemy.orm import Session

from register.cases import core_tables as tables
from register.cases.case_codes import CASE_CODE, IS_PUBLIC_CODE
from register.cases.filters import SummaryPage
from register.cases.selection import Selection


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
    has_reply: bool  # a right of reply is published


CasePage = SummaryPage[CaseSummary]


_HAS_REPLY = exists().where(
    tables.REPLY.c.incident_id == tables.CASE.c.id, tables.REPLY.c.published_at.is_not(None)
)
_SUMMARIES_STMT = select(*tables.case_columns(CaseSummary), _HAS_REPLY.label("has_reply")).where(
    tables.IS_PUBLIC
)
_NUMBERS_STMT = _SUMMARIES_STMT.where(
    tables.CASE.c.number.in_(bindparam("numbers", expanding=True))
)


def load_page(session: Session, selection: Selection) -> CasePage:
    """Page of the cases of a search; undated ones come last."""
    numbers = selection.page_numbers()
    summaries = load_case_summaries(session, numbers)
    cases = [summaries[number] for number in numbers if number in summaries]
    return CasePage(cases, selection.total, selection.query.page)


def load_case_summaries(session: Session, numbers: Sequence[int]) -> dict[int, CaseSummary]:
    """Number → summary, for the public cases among some numbers."""
    if not numbers:
        return {}
    case_rows = session.execute(_NUMBERS_STMT, {"numbers": numbers})
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
    # The statements have the columns in the order of the fields.
    return [CaseSummary(*case_row) for case_row in case_rows]
