"""Order of the results of a search: by relevance, by date, by last change."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import select
from sqlalchemy.orm import Session

from register.cases import facet_index
from register.cases.core_tables import CASE, is_among
from register.cases.facet_index import FacetIndex
from register.cases.filters import PAGE_SIZE, HitStrengths


def page_numbers(
    session: Session, index: FacetIndex, matches: int, order: str, hits: HitStrengths, skipped: int
) -> list[int]:
    """Case numbers of one page of a search, in order.

    :param matches: the set of all cases of the search.
    :param order: one of :data:`~register.cases.filters.ORDERS`.
    :param skipped: number of cases on the pages before.
    """
    if order == "maj":
        stmt = select(CASE.c.number).where(is_among(CASE.c.number, facet_index.to_numbers(matches)))
        stmt = stmt.order_by(CASE.c.moved_at.desc(), CASE.c.number.desc())
        last_moved = session.scalars(stmt.offset(skipped).limit(PAGE_SIZE))
        return [number for number in last_moved if number is not None]
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
    """Sets of the cases of each strength, the strongest first."""
    numbers_by_strength: dict[int, list[int]] = {}
    for number, strength in hits.items():
        numbers_by_strength.setdefault(strength, []).append(number)
    for strength in sorted(numbers_by_strength, reverse=True):
        yield matches & index.intersect(numbers_by_strength[strength])


def _newest_first(index: FacetIndex, case_set: int) -> list[int]:
    case_numbers = facet_index.to_numbers(case_set)
    # The sort is stable: of one day, the higher number stays first.
    case_numbers.reverse()
    case_numbers.sort(key=index.sort_days.__getitem__, reverse=True)
    return case_numbers
