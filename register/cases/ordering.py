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
from register.cases.facet_index import Marks
from register.cases.filters import PAGE_SIZE, Hits
from register.cases.sql_in import among


def stretch(
    session: Session, here: Marks, match: int, order: str, hits: Hits, skipped: int
) -> list[int]:
    """The numbers of one page of a search, in order.

    :param match: the set of all cases of the search.
    :param order: one of :data:`~register.cases.filters.ORDERS`.
    :param skipped: how many cases stand on the pages before.
    """
    if order == "maj":
        return _by_movement(session, match, skipped)
    levels = _levels(here, match, hits) if order == "pertinence" else iter((match,))
    found: list[int] = []
    for level in levels:
        count = level.bit_count()
        if count > skipped:
            found += _newest(here, level)[skipped : skipped + PAGE_SIZE - len(found)]
        skipped = max(0, skipped - count)
        if len(found) == PAGE_SIZE:
            break
    return found


def _levels(here: Marks, match: int, hits: Hits) -> Iterator[int]:
    """The cases of a search by their strength, the strongest first."""
    found: dict[int, list[int]] = {}
    for number, strength in hits.items():
        found.setdefault(strength, []).append(number)
    for strength in sorted(found, reverse=True):
        yield match & here.among(found[strength])


def _newest(here: Marks, level: int) -> list[int]:
    found = bitset.numbers(level)
    # Of one day, the higher number comes first: sorting leaves the order that was there.
    found.reverse()
    found.sort(key=here.days.__getitem__, reverse=True)
    return found


def _by_movement(session: Session, match: int, skipped: int) -> list[int]:
    asked = select(CASE.c.number).where(among(CASE.c.number, bitset.numbers(match)))
    asked = asked.order_by(CASE.c.moved_at.desc(), CASE.c.number.desc())
    found = session.scalars(asked.offset(skipped).limit(PAGE_SIZE))
    return [number for number in found if number is not None]
