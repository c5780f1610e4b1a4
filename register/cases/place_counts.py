"""What the cases of a search are: how many of each type, and of each year."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy.orm import Session

from register.cases import bitset, facet_index, facets
from register.cases.filters import Query
from register.cases.vocabulary import Book
from register.journal import Position


@dataclass(frozen=True)
class Profile:
    """Code of a type and year → number of cases, of at least one; how many have no date.

    A case of three types is counted in each. A count is the size of the list that has the type or
    the year as one more filter.
    """

    types: Mapping[str, int]
    years: Mapping[str, int]
    undated: int


def of(session: Session, query: Query, book: Book, head: Position, territory: str = "") -> Profile:
    """The profile of a search without words that asks neither for types nor for years.

    :param head: where the public ledger stands, read first on the same session.
    :param territory: see :func:`~register.cases.facet_index.at`.
    """
    here = facet_index.at(session, book, head, territory)
    chosen = facets.match(session, here, query, book)
    told = bitset.flags(chosen, here.top)

    def counted(facet: str) -> dict[str, int]:
        counts = {
            value: bitset.count(cases, chosen, told) for value, cases in here.facets[facet].items()
        }
        return {value: count for value, count in counts.items() if count}

    years = counted("annee")
    # A date lies within one year, so that what is in none has no date.
    return Profile(counted("type"), years, chosen.bit_count() - sum(years.values()))
