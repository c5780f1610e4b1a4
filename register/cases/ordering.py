"""In which order the cases that answer some words are listed.

By relevance: first those that say more of the words in their title, outlets or place, then the
newest. It can be told in one sentence, and every index gives the same.
"""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import select
from sqlalchemy.orm import Session

from register.cases import bitset
from register.cases.core_tables import CASE
from register.cases.facet_index import FacetIndex
from register.cases.filters import PAGE_SIZE, HitStrengths
from register.cases.sql_in import is_among


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
    case_numbers = bitset.to_numbers(case_set)
    # Of one day, the higher number comes first: sorting leaves the order that was there.
    case_numbers.reverse()
    case_numbers.sort(key=index.sort_days.__getitem__, reverse=True)
    return case_numbers


def _last_moved_first(session: Session, matches: int, skipped: int) -> list[int]:
    stmt = select(CASE.c.number).where(is_among(CASE.c.number, bitset.to_numbers(matches)))
    stmt = stmt.order_by(CASE.c.moved_at.desc(), CASE.c.number.desc())
    case_numbers = session.scalars(stmt.offset(skipped).limit(PAGE_SIZE))
    return [number for number in case_numbers if number is not None]
